use std::path::PathBuf;

use chrono::Utc;
use clap::Args;

use crate::dataset::Dataset;
use crate::record::Moment;
use crate::render::{bytes, plural};
use crate::scan::Span;

use super::signals::Watch;
use super::{CliError, Status, say};

/// Merge the files of a dataset into one for each month, and drop what is old.
///
/// Rows that have everything but their counts in common become one. What was counted stays known: no log
/// is read again. It may be killed, and may run while others read the dataset or add to it: readers find
/// all old files or all new ones. One that listed the old files and opens them only later gets an error,
/// never a wrong result.
#[derive(Debug, Args)]
pub(super) struct Compact {
    /// The folder of the dataset, or its URL in a bucket.
    #[arg(long, value_name = "DIR", help_heading = "Input")]
    dataset: PathBuf,

    /// Drop buckets that begin longer ago than this: 400d, 52w.
    ///
    /// From then on nothing older is added either, so an old log that is still around does no harm.
    #[arg(long, value_name = "SPAN", help_heading = "Filter")]
    keep: Option<Span>,

    /// How long to wait for another run on the same dataset to end.
    #[arg(
        long,
        value_name = "SPAN",
        default_value = "10m",
        help_heading = "Work"
    )]
    wait: Span,

    /// Say nothing but errors.
    #[arg(long, short, help_heading = "Words")]
    quiet: bool,
}

impl Compact {
    pub(super) fn run(&self) -> Result<Status, CliError> {
        let kept_since = self
            .keep
            .map(|keep| Moment((Utc::now() - keep.0).timestamp_micros()));
        let dataset = Dataset::at(&self.dataset)?;
        let watch = Watch::begin();
        let done = dataset.compact(kept_since, self.wait.0, super::aggregate::say_waiting);
        drop(watch);
        let done = done?;
        if !self.quiet {
            say(format_args!(
                "{} of {} became {} of {}",
                plural(done.files_before, "file"),
                bytes(done.bytes_before),
                plural(done.files_after, "file"),
                bytes(done.bytes_after),
            ));
            if done.events_dropped > 0 {
                let events = plural(done.events_dropped, "event");
                say(format_args!("dropped {events} that were older"));
            }
        }
        Ok(Status::Done)
    }
}
