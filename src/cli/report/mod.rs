mod dataset;
mod logs;
mod sums;

use std::io::Write;
use std::path::PathBuf;

use chrono::Utc;
use clap::{ArgGroup, Args, ValueEnum};

use crate::record::{Moment, Zone};
use crate::render::report::{Document, Markdown, Read, Sources, Terminal, html, json};
use crate::render::{Site, plural};
use crate::rollup::{Change, Incident, Leaders, Span, Summary};
use crate::source::Privacy;

use super::args::{Bucketed, Common};
use super::incidents::Incidents;
use super::look::Look;
use super::output::Out;
use super::{CliError, Status};

/// What failed, where, when, why, and what to do.
///
/// Of logs, or of a dataset that aggregate has written. With --since the time from then on is compared with the
/// time of the same length before it, and with the seven before: --since 24h with yesterday and with the week.
///
/// Exit status: 0 done; 1 done, but something was left out, and standard error says what; 2 no result; 3 more
/// failures than --fail-over allows.
#[derive(Debug, Args)]
#[command(mut_arg("logs", |logs| logs.required(false)))]
#[command(mut_args(|arg| match arg.get_id().as_str() {
    // These are about how logs are read and counted; a dataset is counted already.
    "bucket" | "mmap" | "no_mmap" => arg.conflicts_with("dataset"),
    _ => arg,
}))]
#[command(group(ArgGroup::new("input").required(true).args(["logs", "dataset"])))]
pub(super) struct Report {
    #[command(flatten)]
    common: Common,

    /// Report of a dataset instead of logs: the folder, or the URL in a bucket, that aggregate --out has made.
    ///
    /// --since and --until take in the buckets that they fall into. --host leaves out what other machines
    /// have logged. Requests and clients are not kept in a dataset.
    #[arg(long, value_name = "DIR", help_heading = "Input")]
    dataset: Option<PathBuf>,

    #[command(flatten)]
    bucketed: Bucketed,

    /// How the report is written.
    #[arg(long, value_enum, default_value_t, help_heading = "Output")]
    format: Format,

    #[command(flatten)]
    look: Look,

    #[command(flatten)]
    out: Out,

    /// Write nothing if nothing failed and all could be read.
    #[arg(long, help_heading = "Output")]
    quiet_if_clean: bool,

    /// End with exit status 3 if there are more failures than this.
    #[arg(long, value_name = "N", help_heading = "Output")]
    fail_over: Option<u64>,

    #[command(flatten)]
    incidents: Incidents,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Format {
    /// For the eyes, 80 columns; -v shows everything.
    #[default]
    Terminal,
    /// One page for browsers: no network, no other file.
    Html,
    /// For a chat or an issue.
    Markdown,
    /// For programs; report.schema.json says what is in it.
    Json,
}

/// What was counted, whatever it was counted from.
struct Counted {
    /// From when on there is data.
    known: Option<Moment>,
    /// When the first record of the logs was written, if it is they that were read.
    begins: Option<Moment>,
    /// Up to when everything is known, if that can be told: logs end with a record, however quiet it was since.
    ends: Option<Moment>,
    summary: Summary,
    incidents: Vec<Incident>,
    change: Option<Change>,
    leaders: Option<Leaders>,
    period: Period,
    bucket_seconds: i64,
    site: Site,
    read: Read,
    /// Who may read the report.
    privacy: Privacy,
    status: Status,
}

impl Counted {
    /// From when on everything of the period is known, if that can be told.
    fn known_from(&self) -> Option<Moment> {
        match (self.period.since, self.known) {
            (Some(since), Some(known)) if known <= since => Some(since),
            _ => self.begins,
        }
    }
}

/// The time that was asked for.
#[derive(Debug, Clone)]
struct Period {
    zone: Zone,
    since: Option<Moment>,
    until: Option<Moment>,
    /// Nothing later is known.
    now: Moment,
    /// How long it is, before it was widened to whole buckets.
    seconds: i64,
}

impl Period {
    /// What is compared with the time before it; that must have a beginning. The part of a day that is over is
    /// compared with the same part of other days.
    fn span(&self) -> Option<Span> {
        let time = self.since?..self.until?.min(self.now);
        let is_time = time.start < time.end && self.seconds > 0;
        is_time.then(|| Span::new(time, self.seconds, self.zone))
    }

    /// From when on data is needed.
    fn start(&self) -> Moment {
        let span = self.span().map(|span| span.start());
        span.or(self.since).unwrap_or(Moment(i64::MIN))
    }
}

impl Report {
    pub(super) fn run(&self) -> Result<Status, CliError> {
        let counted = match &self.dataset {
            Some(folder) => self.count_dataset(folder)?,
            None => self.count_logs()?,
        };
        let Some(mut counted) = counted else {
            return Ok(Status::NoResult);
        };
        let (from, until) = (counted.known_from(), counted.ends);
        for incident in &mut counted.incidents {
            incident.settle(from, until, &self.incidents.thresholds());
        }
        let failures = counted.summary.total.failed;
        let is_clean = failures == 0 && counted.status == Status::Done;
        if !(is_clean && self.quiet_if_clean) {
            self.write(&counted)?;
        }
        match self.fail_over {
            Some(most) if failures > most => {
                let failures = plural(failures, "failure");
                self.common
                    .remark(format_args!("{failures}, and --fail-over {most}"));
                Ok(Status::Reached)
            }
            _ => Ok(counted.status),
        }
    }

    fn write(&self, counted: &Counted) -> Result<(), CliError> {
        let sources = Sources {
            summary: &counted.summary,
            incidents: &counted.incidents,
            leaders: counted.leaders.as_ref(),
            change: counted.change.as_ref(),
            since: counted.period.since,
            until: counted.period.until,
            bucket_seconds: counted.bucket_seconds,
            zone: counted.period.zone,
            site: &counted.site,
        };
        let document = Document::new(&sources, counted.read.clone());
        let text = match self.format {
            Format::Terminal => Terminal {
                document: &document,
                style: self.look.style(&self.out, self.common.is_verbose()),
            }
            .to_string(),
            Format::Markdown => Markdown(&document).to_string(),
            Format::Html => html(&document),
            Format::Json => json(&document),
        };
        let mut output = self.out.open(counted.privacy)?;
        let written = output.write_all(text.as_bytes());
        written.map_err(|source| self.out.failed(source))?;
        output.finish()
    }

    /// The time that was asked for. What begins ends now, unless told otherwise.
    fn period(&self, zone: Zone) -> Result<Period, CliError> {
        let now = Utc::now();
        let (since, until) = self.common.asked(zone, now)?;
        let now = Moment(now.timestamp_micros());
        let until = until.or(since.map(|since| now.max(since)));
        let seconds = since
            .zip(until)
            .map(|(since, until)| until.0.saturating_sub(since.0));
        Ok(Period {
            zone,
            since,
            until,
            now,
            seconds: seconds.unwrap_or(0) / 1_000_000,
        })
    }
}
