use std::path::Path;

use crate::dataset::Dataset;
use crate::record::Moment;
use crate::render::Time;
use crate::render::report::Read;
use crate::rollup::{Change, Intake, Row, Source};

use super::sums::Sums;
use super::{Counted, Period, Report};
use crate::cli::stored::{self, Stored};
use crate::cli::{CliError, Status, say};

impl Report {
    /// Takes what a dataset holds.
    pub(super) fn count_dataset(&self, folder: &Path) -> Result<Option<Counted>, CliError> {
        let rules = self.common.rules()?;
        let site = self.common.look_around();
        let held = Dataset::at(folder)?.open()?;
        let zone = self.common.asked_zone().or(held.zone()).unwrap_or_default();
        let period = whole_buckets(self.period(zone)?, held.bucket_seconds * 1_000_000);
        let last_run = held.last_run.map(|run| Moment(run.timestamp_micros()));
        let period = as_far_as_known(period, last_run);
        let first = period.start();
        let end = period.until.unwrap_or(Moment(i64::MAX));
        let since = period.since.unwrap_or(first);
        let span = period.span();
        let change = span.map(|span| Change::new(span, held.known_since));
        let known = rules.classes();
        let rows = |times| Stored {
            held: &held,
            times,
            known: &known,
            host: self.common.asked_host(),
        };
        let all = rows(vec![first..end]).with_few_names()?;
        let mut sums = Sums::new(change);
        let mut rows_of_period: u64 = 0;
        let add = |rows: &[Row]| {
            let (before, rows) = rows.split_at(rows.partition_point(|row| row.bucket < since));
            sums.add_before(before);
            sums.add(rows);
            rows_of_period += rows.len() as u64;
        };
        all.each(add).map_err(stored::failed)?;
        let mut bursts = sums.bursts(&self.incidents.thresholds(), period.since);
        let days = held.days(&(since..end));
        let days = days.filter(|day| bursts.may_be_in(day)).collect();
        let told = all.like_these(rows(days));
        told.each(|rows| bursts.add(rows)).map_err(stored::failed)?;
        let summary = sums.summing.finish(Intake::default());
        let is_current = is_current(last_run, &period, folder);
        let read = Read::Dataset {
            path: folder.display().to_string(),
            rows: rows_of_period,
            events: summary.total.events(),
            last_run: last_run.map(Time),
        };
        Ok(Some(Counted {
            known: held.known_since,
            begins: None,
            ends: Some(end.min(period.now)),
            summary,
            incidents: bursts.incidents(),
            change: sums.change,
            leaders: None,
            period,
            bucket_seconds: held.bucket_seconds,
            site,
            read,
            privacy: held.privacy(),
            status: Status::Done.but(is_current),
        }))
    }
}

/// Whether a run has looked after the dataset since the period began: without one, a quiet period is none that is
/// known.
fn is_current(last_run: Option<Moment>, period: &Period, folder: &Path) -> bool {
    let (Some(run), Some(since)) = (last_run, period.since) else {
        return true;
    };
    if run < since {
        say(format_args!(
            "{}: the last run was at {} ({}); nothing of the time asked for is known",
            folder.display(),
            period.zone.local(run).format("%Y-%m-%d %H:%M:%S"),
            period.zone
        ));
    }
    run >= since
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

/// What was logged after the last run is not known: a morning is not compared with the mornings of other days. Datasets
/// count by the minute.
fn as_far_as_known(period: Period, last_run: Option<Moment>) -> Period {
    let now = last_run.map_or(period.now, |run| run.min(period.now));
    Period {
        now: Moment(now.0.div_euclid(MINUTE) * MINUTE),
        ..period
    }
}

/// Microseconds.
const MINUTE: i64 = 60_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_that_is_known_in_part_is_compared_with_that_part_of_other_days() {
        let moment = |text: &str| {
            let time: chrono::DateTime<chrono::Utc> = text.parse().unwrap();
            Moment(time.timestamp_micros())
        };
        let now = moment("2026-11-20T07:00:00.5Z");
        let period = || Period {
            zone: "UTC".parse().unwrap(),
            since: Some(moment("2026-11-19T07:00:00Z")),
            until: Some(moment("2026-11-20T08:00:00Z")),
            now,
            seconds: 86_400,
        };
        let compared = |last_run: Option<&str>| {
            let span = as_far_as_known(period(), last_run.map(moment)).span()?;
            Some((span.time.end, span.earlier[0].clone()))
        };
        let from = moment("2026-11-18T07:00:00Z");
        assert_eq!(
            compared(Some("2026-11-20T01:30:07Z")),
            Some((
                moment("2026-11-20T01:30:00Z"),
                from..moment("2026-11-19T01:30:00Z")
            ))
        );
        let whole = Some((
            moment("2026-11-20T07:00:00Z"),
            from..moment("2026-11-19T07:00:00Z"),
        ));
        assert_eq!(compared(None), whole);
        assert_eq!(compared(Some("2026-11-21T01:30:00Z")), whole);
        // Nothing of the day is known.
        assert_eq!(compared(Some("2026-11-19T01:30:00Z")), None);
    }
}
