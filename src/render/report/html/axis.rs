use std::ops::Range;

use chrono::{Datelike, NaiveDateTime, Timelike};

use crate::record::{Moment, Zone};
use crate::render::Time;

use super::super::Bucket;
use super::super::clock::{Clock, duration};
use super::ticks::{Tick, ticks};

/// More columns would be narrower than four pixels.
const COLUMNS: usize = 240;

/// Time from left to right, as all charts of a page have it: columns of one width, each some buckets.
#[derive(Debug)]
pub(super) struct Axis {
    pub columns: Vec<Column>,
    /// How wide a column is, where no clocks are changed.
    seconds: i64,
    pub ticks: Vec<Tick>,
}

#[derive(Debug, Clone)]
pub(super) struct Column {
    pub start: Moment,
    pub end: Moment,
    /// Their places in the timeline.
    buckets: Range<usize>,
}

impl Axis {
    pub(super) fn new(timeline: &[Bucket], bucket_seconds: i64, zone: Zone) -> Self {
        let starts: Vec<Moment> = timeline.iter().map(|bucket| bucket.bucket.0).collect();
        let (columns, seconds) = columns(&starts, bucket_seconds, zone);
        let mut axis = Self {
            columns,
            seconds,
            ticks: Vec::new(),
        };
        axis.ticks = ticks(&axis, zone);
        axis
    }

    /// Where a moment is, 0 to 1.
    pub(super) fn position(&self, moment: Moment) -> f64 {
        let after = self
            .columns
            .partition_point(|column| column.start <= moment);
        let Some(at) = after.checked_sub(1) else {
            return 0.0;
        };
        let column = &self.columns[at];
        let length = (column.end.0 - column.start.0) as f64;
        let within = (moment.0 - column.start.0) as f64 / length;
        (at as f64 + within.min(1.0)) / self.columns.len() as f64
    }

    /// The sums of each column.
    pub(super) fn sums(&self, by_bucket: &[u64]) -> Vec<u64> {
        let sum = |column: &Column| {
            by_bucket
                .get(column.buckets.clone())
                .unwrap_or_default()
                .iter()
                .sum()
        };
        self.columns.iter().map(sum).collect()
    }

    /// What a column is: `an hour`, `a day`, `15 min`.
    pub(super) fn cell(&self) -> String {
        match self.seconds {
            60 => "a minute".to_owned(),
            3_600 => "an hour".to_owned(),
            86_400 => "a day".to_owned(),
            604_800 => "a week".to_owned(),
            seconds => duration(seconds),
        }
    }

    /// Whether marks tell times of day.
    pub(super) fn has_times(&self) -> bool {
        self.ticks.iter().any(|tick| tick.time.is_some())
    }

    /// When each column begins.
    pub(super) fn starts(&self, clock: Clock) -> Vec<String> {
        let start = |column: &Column| clock.minute(Time(column.start));
        self.columns.iter().map(start).collect()
    }

    pub(super) fn start(&self) -> Option<Moment> {
        self.columns.first().map(|column| column.start)
    }

    pub(super) fn end(&self) -> Option<Moment> {
        self.columns.last().map(|column| column.end)
    }
}

/// Of the widths that clocks and calendars have, the smallest that leaves few enough columns.
fn columns(starts: &[Moment], bucket_seconds: i64, zone: Zone) -> (Vec<Column>, i64) {
    let mut seconds = bucket_seconds;
    let minutes = [1, 2, 5, 10, 15, 30, 60, 180, 360, 720].map(Width::Minutes);
    let days = [1, 2, 7, 14, 28, 91, 364, 3640].map(Width::Days);
    let mut columns = together(starts, bucket_seconds, |at, _| at as i64, zone);
    for width in minutes.into_iter().chain(days) {
        if columns.len() <= COLUMNS {
            break;
        }
        if width.seconds() >= bucket_seconds {
            seconds = width.seconds();
            columns = together(starts, bucket_seconds, |_, local| width.number(local), zone);
        }
    }
    (columns, seconds)
}

/// Neighbours of one number become one column: so an hour that clocks repeat is part of the column beside it.
fn together(
    starts: &[Moment],
    bucket_seconds: i64,
    number: impl Fn(usize, NaiveDateTime) -> i64,
    zone: Zone,
) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    let mut last = None;
    for (at, &start) in starts.iter().enumerate() {
        let end = Moment(start.0 + bucket_seconds * 1_000_000);
        let number = number(at, zone.local(start));
        match columns.last_mut() {
            Some(column) if last == Some(number) => {
                column.end = end;
                column.buckets.end = at + 1;
            }
            _ => columns.push(Column {
                start,
                end,
                buckets: at..at + 1,
            }),
        }
        last = Some(number);
    }
    columns
}

#[derive(Clone, Copy)]
enum Width {
    Minutes(i64),
    Days(i64),
}

impl Width {
    fn seconds(self) -> i64 {
        match self {
            Self::Minutes(minutes) => minutes * 60,
            Self::Days(days) => days * 86_400,
        }
    }

    /// A number that all local times of one column share. Weeks begin on Monday.
    fn number(self, local: NaiveDateTime) -> i64 {
        let day = i64::from(local.num_days_from_ce()) - 1;
        match self {
            Self::Minutes(minutes) => {
                (day * 1440 + i64::from(local.num_seconds_from_midnight() / 60)).div_euclid(minutes)
            }
            Self::Days(days) => day.div_euclid(days),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(start: &str, buckets: usize, bucket_seconds: i64, zone: &str) -> Axis {
        let start: NaiveDateTime = start.parse().unwrap();
        let start = start.and_utc().timestamp();
        let bucket = |at: usize| Bucket {
            bucket: Time(Moment((start + at as i64 * bucket_seconds) * 1_000_000)),
            failures: 1,
            classes: Vec::new(),
        };
        let timeline: Vec<Bucket> = (0..buckets).map(bucket).collect();
        Axis::new(&timeline, bucket_seconds, zone.parse().unwrap())
    }

    #[test]
    fn no_bucket_is_lost_or_doubled_and_columns_are_few_enough() {
        for (buckets, seconds) in [
            (0, 3600),
            (1, 3600),
            (168, 3600),
            (241, 3600),
            (1000, 3600),
            (1000, 60),
            (999, 420),
            (1000, 86_400),
        ] {
            let axis = axis("2026-03-01T05:00:00", buckets, seconds, "Europe/Berlin");
            let counts = vec![1; buckets];
            assert_eq!(axis.sums(&counts).iter().sum::<u64>(), buckets as u64);
            assert!(axis.columns.len() <= COLUMNS);
            assert!(
                axis.columns.len() >= buckets.min(20),
                "{buckets} × {seconds}"
            );
            assert!(
                axis.ticks.len() <= 12,
                "{buckets} × {seconds}: {:?}",
                axis.ticks
            );
            assert_eq!(axis.ticks.is_empty(), buckets == 0);
        }
    }

    #[test]
    fn days_are_those_of_the_zone_also_where_clocks_are_changed() {
        // 2026-10-25 has 25 hours in Berlin.
        let axis = axis("2026-09-30T22:00:00", 1_000, 3_600, "Europe/Berlin");
        assert_eq!(axis.cell(), "6 h");
        let at: Vec<i64> = axis
            .columns
            .iter()
            .map(|column| (column.end.0 - column.start.0) / 3_600_000_000)
            .collect();
        assert_eq!(at.iter().filter(|&&hours| hours == 7).count(), 1);
        let days = axis.columns.iter().filter(|column| {
            let zone: Zone = "Europe/Berlin".parse().unwrap();
            zone.local(column.start).num_seconds_from_midnight() == 0
        });
        assert_eq!(days.count(), 42);
    }

    #[test]
    fn a_moment_is_where_its_column_is() {
        let axis = axis("2026-11-16T00:00:00", 10, 3_600, "UTC");
        let start = axis.columns[0].start.0;
        let position = |hours: f64| axis.position(Moment(start + (hours * 3.6e9) as i64));
        assert!((position(0.0) - 0.0).abs() < 1e-9);
        assert!((position(2.5) - 0.25).abs() < 1e-9);
        assert!((position(10.0) - 1.0).abs() < 1e-9);
        assert!((position(99.0) - 1.0).abs() < 1e-9);
        assert!((position(-1.0) - 0.0).abs() < 1e-9);
    }
}
