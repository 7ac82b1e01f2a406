use std::path::Path;

use crate::dataset::{Dataset, Held};
use crate::record::Moment;
use crate::render::Time;
use crate::render::report::Read;
use crate::rollup::{Intake, Summary};

use super::{Counted, Period, Report};
use crate::cli::{CliError, Status};

impl Report {
    /// Takes what a dataset holds.
    pub(super) fn count_dataset(&self, folder: &Path) -> Result<Option<Counted>, CliError> {
        let rules = self.common.rules()?;
        let site = self.common.look_around();
        let held = Dataset::new(folder).open()?;
        let zone = match self.common.has_zone() {
            true => self.common.zone(),
            false => held.zone().unwrap_or(self.common.zone()),
        };
        let period = whole_buckets(self.period(zone)?, held.bucket_seconds * 1_000_000);
        let first = period.start();
        let end = period.until.unwrap_or(Moment(i64::MAX));
        let mut before = held.rows(&(first..end), &rules.classes())?;
        if let Some(host) = self.common.asked_host() {
            before.retain(|row| row.host == host);
        }
        let since = period.since.unwrap_or(first);
        let behind = before.partition_point(|row| row.bucket < since);
        let rows = before.split_off(behind);
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
            known: held.known_since,
            rows,
            before,
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
