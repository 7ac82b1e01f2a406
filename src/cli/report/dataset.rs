use std::path::Path;

use crate::dataset::{Dataset, Held};
use crate::record::Moment;
use crate::render::Time;
use crate::render::report::Read;
use crate::rollup::{Intake, Summary};

use super::{Counted, Period, Report};
use crate::cli::{CliError, Status};

/// The widest bucket, in microseconds: so much before a moment its bucket may begin.
const DAY: i64 = 86_400_000_000;

impl Report {
    /// Takes what a dataset holds.
    pub(super) fn count_dataset(&self, folder: &Path) -> Result<Option<Counted>, CliError> {
        let rules = self.common.rules()?;
        let dataset = Dataset::new(folder);
        let site = self.common.look_around();
        let asked = self.period(self.common.zone());
        let end = asked.until.unwrap_or(Moment(i64::MAX));
        let start = Moment(asked.start().0.saturating_sub(2 * DAY));
        let mut held = dataset.rows(&(start..end), &rules.classes())?;
        if let Some(host) = self.common.asked_host() {
            held.rows.retain(|row| row.host == host);
        }
        let period = match self.common.has_zone() {
            true => asked,
            false => self.period(held.zone().unwrap_or(asked.zone)),
        };
        let period = whole_buckets(period, held.bucket_seconds * 1_000_000);
        let first = period.start();
        held.rows.retain(|row| row.bucket >= first);
        let since = period.since.unwrap_or(first);
        let behind = held.rows.partition_point(|row| row.bucket < since);
        let rows = held.rows.split_off(behind);
        let summary = Summary::new(&rows, Intake::default());
        let is_current = self.is_current(&held, &period, folder);
        let read = Read::Dataset {
            path: folder.display().to_string(),
            rows: rows.len() as u64,
            events: summary.total.events(),
            last_run: held
                .last_run
                .map(|run| Time(Moment(run.timestamp_micros()))),
        };
        Ok(Some(Counted {
            known: held.buckets.map(|(first, _)| first),
            rows,
            before: held.rows,
            summary,
            leaders: None,
            period,
            bucket_seconds: held.bucket_seconds,
            site,
            read,
            status: Status::Done.but(is_current),
        }))
    }

    /// Whether a run has added to the dataset since the period began: without one, a quiet period is none that
    /// is known.
    fn is_current(&self, held: &Held, period: &Period, folder: &Path) -> bool {
        let run = held.last_run.map(|run| Moment(run.timestamp_micros()));
        let (Some(run), Some(since)) = (run, period.since) else {
            return true;
        };
        if run < since {
            crate::cli::say(format_args!(
                "{}: the last run was at {} ({}); nothing of the time asked for is known",
                folder.display(),
                period.zone.local(run).format("%Y-%m-%d %H:%M:%S"),
                period.zone
            ));
        }
        run >= since
    }
}

/// From where the first bucket begins up to where the last one ends.
fn whole_buckets(period: Period, width: i64) -> Period {
    let floor = |moment: Moment| moment.0.div_euclid(width) * width;
    Period {
        since: period.since.map(|since| Moment(floor(since))),
        until: period
            .until
            .map(|until| Moment(floor(Moment(until.0 - 1)) + width)),
        ..period
    }
}
