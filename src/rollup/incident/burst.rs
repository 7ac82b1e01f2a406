//! Bursts in one pool's failures per minute.
//!
//! A burst begins as a cumulative sum (E. S. Page, "Continuous inspection schemes", 1954) says: what exceeds the
//! allowance of each minute is added up, what stays below it is taken off, and where the sum reaches a
//! threshold, a burst has begun when it last was zero. So ten failures in one minute are a burst, and so is one
//! failure a minute that goes on for twenty; chance is not. It is over after a pause, or where the sum is back at
//! zero.

use std::cell::Cell;
use std::ops::Range;

use super::Thresholds;

/// A minute, counted from 1970-01-01 00:00 UTC, and its failures. Minutes without any are left out.
pub(super) type Count = (i64, u64);

/// A burst.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Burst {
    pub(super) minutes: Range<i64>,
    /// Those that stand out within a long one, in their order.
    pub(super) inner: Vec<Range<i64>>,
}

/// So many failures a minute are let pass in any case.
const ALLOWANCE: f64 = 0.5;

/// So many minutes of the past tell what is usual, and not fewer than these.
const WEEK: i64 = 7 * DAY;
const DAY: i64 = 24 * HOUR;
const ENOUGH: i64 = 6 * HOUR;
const HOUR: i64 = 60;

/// A burst that goes on for so many minutes is looked into for bursts within it.
const LONG: i64 = 2 * HOUR;

/// The bursts in `counts`, which are sorted, of data that begins and ends with these minutes.
///
/// What is usual is the upper quartile of the hours before, a week at most: as much as in the busy hours of each
/// day, but not what was there for less than a quarter of the time. It stays what it was as long as a burst goes on.
///
/// On the first day little is known. So a burst that began there must stand out from what came after it as well,
/// and in a long one, that may be what is usual, others are found that stand out from its own median.
pub(super) fn bursts(counts: &[Count], data: &Range<i64>, thresholds: &Thresholds) -> Vec<Burst> {
    let hours = Hours::new(counts);
    let known = Cell::new((i64::MIN, 0.0));
    let usual = |minute: i64| {
        let (hour, _) = known.get();
        let end = self::hour(minute) * HOUR;
        if hour != end {
            let usual = hours.usual(data.start.max(end - WEEK)..end);
            known.set((end, usual.unwrap_or(0.0)));
        }
        known.get().1
    };
    let mut found = Vec::new();
    for outer in find(counts, usual, thresholds) {
        let is_early = outer.start < data.start + DAY;
        let after = outer.end..data.end.min(outer.end + WEEK);
        match hours.usual(after).filter(|_| is_early) {
            Some(after) => found.extend(find(within(counts, &outer), |_| after, thresholds)),
            None => found.push(outer),
        }
    }
    let with_inner = |minutes: Range<i64>| {
        let mut inner = Vec::new();
        if minutes.end - minutes.start >= LONG {
            let inside = within(counts, &minutes);
            let median = median_of_all(inside, minutes.end - minutes.start);
            inner = find(inside, |_| median, thresholds);
            inner.retain(|inner| *inner != minutes);
        }
        Burst { minutes, inner }
    };
    found.into_iter().map(with_inner).collect()
}

/// The counts of these minutes, or hours.
pub(super) fn within<'a>(counts: &'a [Count], minutes: &Range<i64>) -> &'a [Count] {
    let from = counts.partition_point(|count| count.0 < minutes.start);
    let to = counts.partition_point(|count| count.0 < minutes.end);
    &counts[from..to]
}

fn find(counts: &[Count], usual: impl Fn(i64) -> f64, thresholds: &Thresholds) -> Vec<Range<i64>> {
    let mut found = Vec::new();
    let mut sum = 0.0;
    let mut start = 0;
    let mut before = i64::MIN;
    let mut at = 0;
    while let Some(&(minute, failures)) = counts.get(at) {
        let allowance = (thresholds.factor * usual(minute)).max(ALLOWANCE);
        let quiet = minute.saturating_sub(before).saturating_sub(1);
        sum -= allowance * quiet as f64;
        if sum <= 0.0 {
            sum = 0.0;
            start = at;
        }
        before = minute;
        sum += failures as f64 - allowance;
        at += 1;
        if sum >= thresholds.failures as f64 {
            let end = end(counts, at - 1, sum, allowance, thresholds.gap_minutes);
            let burst = trimmed(&counts[start..end], allowance);
            let (first, last) = (start + burst.start, start + burst.end - 1);
            found.push(counts[first].0..counts[last].0 + 1);
            // What was cut off may be another one.
            (sum, before, at) = (0.0, counts[last].0, last + 1);
        }
    }
    found
}

/// The place behind the last minute of a burst that is going on at `at`, where its sum is `sum`.
fn end(counts: &[Count], at: usize, mut sum: f64, allowance: f64, gap: i64) -> usize {
    let mut last = at;
    for (place, pair) in counts.windows(2).enumerate().skip(at) {
        let ((before, _), (minute, failures)) = (pair[0], pair[1]);
        sum += failures as f64 - allowance * (minute - before) as f64;
        if sum <= 0.0 || minute - counts[last].0 > gap {
            break;
        }
        if failures as f64 > allowance {
            last = place + 1;
        }
    }
    last + 1
}

/// The part of a burst that stands out most from a quarter of its usual height: what was there shortly before by
/// chance, and what trickles in after it, are not the burst. Told are the places in `counts`.
///
/// Where it fails in some minutes only, again and again, half of its mean is less than that; so it stays whole.
fn trimmed(counts: &[Count], allowance: f64) -> Range<usize> {
    let mut heights: Vec<u64> = counts.iter().map(|count| count.1).collect();
    heights.sort_unstable();
    let minutes = counts[counts.len() - 1].0 - counts[0].0 + 1;
    let mean = heights.iter().sum::<u64>() as f64 / minutes as f64;
    let quarter = heights[heights.len() / 2] as f64 / 4.0;
    let level = quarter.min(mean / 2.0).max(allowance);
    let mut best = (f64::MIN, 0..counts.len());
    let (mut sum, mut start) = (0.0, 0);
    for (at, &(minute, failures)) in counts.iter().enumerate() {
        let quiet = at
            .checked_sub(1)
            .map_or(0, |before| minute - counts[before].0 - 1);
        sum -= level * quiet as f64;
        if sum <= 0.0 {
            (sum, start) = (0.0, at);
        }
        sum += failures as f64 - level;
        if sum > best.0 {
            best = (sum, start..at + 1);
        }
    }
    best.1
}

/// The failures of each hour that has any, counted from 1970-01-01 00:00 UTC.
struct Hours(Vec<Count>);

impl Hours {
    fn new(counts: &[Count]) -> Self {
        let hours = counts.chunk_by(|one, other| hour(one.0) == hour(other.0));
        let sum = |counts: &[Count]| {
            let failures = counts.iter().map(|count| count.1).sum();
            (hour(counts[0].0), failures)
        };
        Self(hours.map(sum).collect())
    }

    /// How many failures a minute has as a rule in the full hours of this time, if there are enough of them.
    fn usual(&self, minutes: Range<i64>) -> Option<f64> {
        let hours = hour(minutes.start + HOUR - 1)..hour(minutes.end);
        let all = hours.end - hours.start;
        if all * HOUR < ENOUGH {
            return None;
        }
        let mut heights: Vec<u64> = within(&self.0, &hours).iter().map(|one| one.1).collect();
        heights.sort_unstable();
        let silent = all as usize - heights.len();
        let quartile = (all as usize * 3 / 4).checked_sub(silent);
        Some(quartile.map_or(0.0, |place| heights[place] as f64 / HOUR as f64))
    }
}

fn hour(minute: i64) -> i64 {
    minute.div_euclid(HOUR)
}

/// The median of `minutes` minutes, those without failures included.
fn median_of_all(counts: &[Count], minutes: i64) -> f64 {
    let mut heights: Vec<u64> = counts.iter().map(|count| count.1).collect();
    heights.sort_unstable();
    let middle = (minutes / 2) as usize;
    let silent = minutes as usize - heights.len();
    middle
        .checked_sub(silent)
        .map_or(0.0, |place| heights[place] as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(counts: &[Count]) -> Vec<(i64, i64)> {
        let found = bursts(counts, &(0..20_000), &Thresholds::default());
        let outer = found.iter().map(|burst| &burst.minutes);
        let inner = found.iter().flat_map(|burst| &burst.inner);
        outer
            .chain(inner)
            .map(|minutes| (minutes.start, minutes.end))
            .collect()
    }

    /// So many failures in each of these minutes.
    fn level(minutes: Range<i64>, failures: u64) -> Vec<Count> {
        minutes.map(|minute| (minute, failures)).collect()
    }

    fn add(to: &mut Vec<Count>, more: Vec<Count>) {
        for (minute, failures) in more {
            match to.binary_search_by_key(&minute, |count| count.0) {
                Ok(at) => to[at].1 += failures,
                Err(at) => to.insert(at, (minute, failures)),
            }
        }
    }

    #[test]
    fn a_burst_is_found_to_the_minute() {
        assert_eq!(found(&level(500..547, 30)), [(500, 547)]);
        // In one minute, and slowly.
        assert_eq!(found(&[(7, 12)]), [(7, 8)]);
        assert_eq!(found(&level(100..160, 1)), [(100, 160)]);
        assert_eq!(found(&level(100..110, 1)), []);
    }

    #[test]
    fn what_was_shortly_before_or_after_is_not_the_burst() {
        let mut counts = level(500..547, 30);
        add(
            &mut counts,
            vec![(494, 2), (497, 1), (499, 3), (548, 2), (552, 1)],
        );
        assert_eq!(found(&counts), [(500, 547)]);
    }

    #[test]
    fn a_pause_of_ten_minutes_is_bridged_and_a_longer_one_not() {
        let mut counts = level(500..520, 30);
        add(&mut counts, level(529..540, 30));
        assert_eq!(found(&counts), [(500, 540)]);
        add(&mut counts, level(560..570, 30));
        assert_eq!(found(&counts), [(500, 540), (560, 570)]);
        // A minute with a few, long after, is no part of it.
        add(&mut counts, vec![(579, 8)]);
        assert_eq!(found(&counts), [(500, 540), (560, 570)]);
    }

    #[test]
    fn a_pool_that_fails_again_and_again_has_one_burst() {
        // In one minute of five, and in one of ten with few failures.
        let every = |minutes: i64, failures: u64| -> Vec<Count> {
            (0..24).map(|at| (3_000 + at * minutes, failures)).collect()
        };
        assert_eq!(found(&every(5, 30)), [(3_000, 3_116)]);
        assert_eq!(found(&every(10, 6)), [(3_000, 3_231)]);
    }

    #[test]
    fn a_small_burst_before_a_large_one_is_not_lost_in_it() {
        // What happens now and then joins them, as far as pauses are concerned.
        let mut counts: Vec<Count> = (0..30).map(|at| (3_000 + at * 9, 1)).collect();
        add(&mut counts, level(3_000..3_004, 12));
        add(&mut counts, level(3_270..3_300, 200));
        assert_eq!(found(&counts), [(3_000, 3_004), (3_270, 3_300)]);
    }

    #[test]
    fn what_is_usual_is_no_burst_and_three_times_it_is() {
        // A quiet day first, then two failures a minute, day and night.
        let mut counts = vec![(0, 1)];
        add(&mut counts, level(1_440..10_000, 2));
        let usual = found(&counts);
        // When it began, it was not usual yet.
        assert_eq!(usual, [(1_440, 10_000)]);
        add(&mut counts, level(8_000..8_030, 20));
        assert_eq!(found(&counts), [(1_440, 10_000), (8_000, 8_030)]);
    }

    #[test]
    fn noise_that_was_always_there_is_no_burst() {
        // More than one failure in two minutes, with pauses now and then.
        let noise: Vec<Count> = (0..10_000)
            .filter(|number| number % 400 > 15)
            .map(|number| (number * 2, if number % 17 == 0 { 3 } else { 1 }))
            .collect();
        assert_eq!(found(&noise), []);
        let mut counts = noise;
        add(&mut counts, level(4_321..4_333, 15));
        add(&mut counts, level(100..130, 15));
        assert_eq!(found(&counts), [(100, 130), (4_321, 4_333)]);
    }

    #[test]
    fn an_outage_is_not_usual_until_it_was_there_for_a_quarter_of_the_time() {
        let mut counts = vec![(0, 1)];
        add(&mut counts, level(4_000..4_800, 25));
        add(&mut counts, level(4_900..4_940, 25));
        assert_eq!(found(&counts), [(4_000, 4_800), (4_900, 4_940)]);
    }
}
