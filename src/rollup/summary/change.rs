use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use chrono::TimeDelta;

use crate::record::{Moment, Zone};
use crate::taxonomy::{Class, Kind};

use super::Row;
use crate::rollup::minutes::MINUTE;

/// A time, and those before it with which it is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The time itself.
    pub time: Range<Moment>,
    /// How far apart they are, in seconds; as clocks on a wall say it, a day is 86,400.
    pub seconds: i64,
    /// Those before, the latest first.
    pub earlier: Vec<Range<Moment>>,
}

impl Span {
    /// With so many before it a time is compared: a day with the week before.
    pub const PERIODS: u32 = 7;

    /// A time of which `seconds` were asked for, in clocks of `zone`. Whole days are compared with the same hours of
    /// the days before, in summer time or not; other lengths with as much time before. Where buckets have made a time
    /// much longer than what was asked for, its own length counts, so that it is not compared with itself.
    pub fn new(time: Range<Moment>, seconds: i64, zone: Zone) -> Self {
        let length = time.end.0.saturating_sub(time.start.0) / 1_000_000;
        let days = match days(seconds) {
            Some(days) if length > days * DAY + 2 * HOUR => {
                Some(length.saturating_add(DAY - 1) / DAY)
            }
            None => days(seconds.max(length)),
            asked => asked,
        };
        let is_days = days.is_some();
        let seconds = days.map_or(seconds.max(length), |days| days * DAY);
        let before = |moment: Moment, period: u32| {
            let shift = seconds.saturating_mul(i64::from(period));
            let local = TimeDelta::try_seconds(shift)
                .and_then(|shift| zone.local(moment).checked_sub_signed(shift));
            match local {
                Some(local) if is_days => zone.moment(local),
                _ => Moment(moment.0.saturating_sub(shift.saturating_mul(1_000_000))),
            }
        };
        let earlier = (1..=Self::PERIODS)
            .map(|period| before(time.start, period)..before(time.end, period))
            .collect();
        Self {
            time,
            seconds,
            earlier,
        }
    }

    /// From where on data is needed.
    pub fn start(&self) -> Moment {
        let earlier = self.earlier.iter().map(|time| time.start);
        earlier.min().unwrap_or(self.time.start)
    }
}

/// What failed in one of the earlier times.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Earlier {
    /// The failures of each pool.
    pub pools: BTreeMap<String, u64>,
    /// What failed.
    pub classes: BTreeSet<(String, Class)>,
}

/// A time compared with those before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The time itself.
    pub span: Span,
    /// The earlier times of which everything is known, the latest first.
    pub earlier: Vec<Earlier>,
}

/// Seconds.
const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// How many days that is, if it is whole ones; the clocks may have been put back or forward.
fn days(seconds: i64) -> Option<i64> {
    let days = seconds.saturating_add(DAY / 2) / DAY;
    (days > 0 && (seconds - days * DAY).abs() <= HOUR).then_some(days)
}

impl Change {
    /// Of no row yet. `known` is from when on there is data.
    pub fn new(span: Span, known: Option<Moment>) -> Self {
        let is_known = |time: &&Range<Moment>| known.is_some_and(|known| known <= time.start);
        let known = span.earlier.iter().filter(is_known).count();
        Self {
            span,
            earlier: vec![Earlier::default(); known],
        }
    }

    /// Adds what a row says of the times before.
    pub fn add(&mut self, row: &Row) {
        if row.class.kind() != Kind::Failed {
            return;
        }
        for (minute, events) in row.minutes.counts() {
            let moment = Moment(row.bucket.0 + i64::from(minute) * MINUTE);
            let around = self.span.earlier.iter().zip(&mut self.earlier);
            for (_, earlier) in around.filter(|(time, _)| time.contains(&moment)) {
                *earlier.pools.entry(row.pool.to_string()).or_default() += u64::from(events);
                earlier.classes.insert((row.pool.to_string(), row.class));
            }
        }
    }
}

impl Earlier {
    /// All failures.
    pub fn failures(&self) -> u64 {
        self.pools.values().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The times before one, as clocks show them.
    fn before(since: &str, until: &str, seconds: i64) -> Vec<String> {
        let zone: Zone = "Europe/Berlin".parse().unwrap();
        let moment = |text: &str| zone.moment(format!("{text}:00").parse().unwrap());
        let span = Span::new(moment(since)..moment(until), seconds, zone);
        assert_eq!(span.start(), span.earlier[6].start);
        let shown = |moment: Moment| zone.local(moment).format("%m-%dT%H:%M").to_string();
        let shown = |time: &Range<Moment>| format!("{} {}", shown(time.start), shown(time.end));
        span.earlier.iter().map(shown).collect()
    }

    #[test]
    fn days_are_compared_with_days_though_clocks_are_put_back() {
        // The 25th has 25 hours.
        let days = before("2026-10-25T00:00", "2026-10-26T00:00", 25 * 3_600);
        assert_eq!(days[0], "10-24T00:00 10-25T00:00");
        assert_eq!(days[6], "10-18T00:00 10-19T00:00");
        let days = before("2026-10-26T07:00", "2026-10-27T08:00", 24 * 3_600);
        assert_eq!(days[0], "10-25T07:00 10-26T08:00");
        assert_eq!(days[1], "10-24T07:00 10-25T08:00");
        let weeks = before("2026-10-20T00:00", "2026-10-27T00:00", 169 * 3_600);
        assert_eq!(weeks[0], "10-13T00:00 10-20T00:00");
    }

    #[test]
    fn a_time_that_buckets_have_made_longer_is_not_compared_with_itself() {
        // An hour was asked for, and a bucket is a day.
        let days = before("2026-10-20T00:00", "2026-10-21T00:00", 3_600);
        assert_eq!(days[0], "10-19T00:00 10-20T00:00");
        // A day, of two days' buckets.
        let days = before("2026-10-20T00:00", "2026-10-22T00:00", 24 * 3_600);
        assert_eq!(days[0], "10-18T00:00 10-20T00:00");
        // An hour and a half, of buckets of an hour.
        let hours = before("2026-10-20T06:00", "2026-10-20T08:00", 5_400);
        assert_eq!(hours[0], "10-20T04:00 10-20T06:00");
    }

    #[test]
    fn other_lengths_are_compared_with_as_much_time_before() {
        let hours = before("2026-10-25T06:00", "2026-10-25T08:00", 2 * 3_600);
        assert_eq!(hours[0], "10-25T04:00 10-25T06:00");
        // Clocks show 02:00 twice.
        assert_eq!(hours[2], "10-25T01:00 10-25T02:00");
    }
}
