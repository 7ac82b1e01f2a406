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
use super::counts::{Count, within};
use super::usual::{DAY, HOUR, Hours};

/// A burst.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Burst {
    pub(super) minutes: Range<i64>,
    /// Those that stand out within a long one, in their order.
    pub(super) inner: Vec<Range<i64>>,
}

impl Burst {
    /// The part of it that is not before a minute.
    pub(super) fn since(self, minute: i64) -> Option<Self> {
        let rest = |minutes: Range<i64>| {
            let rest = minutes.start.max(minute)..minutes.end;
            (!rest.is_empty()).then_some(rest)
        };
        Some(Self {
            minutes: rest(self.minutes)?,
            inner: self.inner.into_iter().filter_map(rest).collect(),
        })
    }
}

/// So many failures a minute are let pass in any case.
const ALLOWANCE: f64 = 0.5;

/// A burst that goes on for so many minutes is looked into for bursts within it.
const LONG: i64 = 2 * HOUR;

/// The bursts in `counts`, which are sorted, of data that begins and ends with these minutes.
///
/// A burst stands out from what is [usual](Hours::before) before it, which stays what it was as long as the burst
/// goes on. On the first day little is known. So one that began there must stand out from what came after it as
/// well, and in a long one, that may be what is usual, others are found that stand out from its own median.
pub(super) fn bursts(counts: &[Count], data: &Range<i64>, thresholds: &Thresholds) -> Vec<Burst> {
    let hours = Hours::new(counts, data);
    let mut found: Vec<Range<i64>> = Vec::new();
    let mut at = 0;
    loop {
        let known = Cell::new((i64::MIN, 0.0));
        let usual = |minute: i64| {
            let hour = minute.div_euclid(HOUR);
            if known.get().0 != hour {
                known.set((hour, hours.before(hour, &found).unwrap_or(0.0)));
            }
            known.get().1
        };
        let Some(places) = next(counts, at, &usual, thresholds) else {
            break;
        };
        at = places.end;
        let outer = minutes(&counts[places]);
        let is_early = outer.start < data.start + DAY;
        match hours.after(outer.end).filter(|_| is_early) {
            Some(after) => found.extend(find(within(counts, &outer), |_| after, thresholds)),
            None => found.push(outer),
        }
    }
    let with_inner = |outer: Range<i64>| {
        let mut inner = Vec::new();
        if outer.end - outer.start >= LONG {
            let inside = within(counts, &outer);
            let median = median_of_all(inside, outer.end - outer.start);
            inner = find(inside, |_| median, thresholds);
            inner.retain(|inner| *inner != outer);
        }
        Burst {
            minutes: outer,
            inner,
        }
    };
    found.into_iter().map(with_inner).collect()
}

fn find(counts: &[Count], usual: impl Fn(i64) -> f64, thresholds: &Thresholds) -> Vec<Range<i64>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(places) = next(counts, at, &usual, thresholds) {
        at = places.end;
        found.push(minutes(&counts[places]));
    }
    found
}

/// From the first of these minutes to the last.
fn minutes(counts: &[Count]) -> Range<i64> {
    counts[0].0..counts[counts.len() - 1].0 + 1
}

/// The places of the first burst from a place on. What is cut off behind it may be another one.
fn next(
    counts: &[Count],
    from: usize,
    usual: &impl Fn(i64) -> f64,
    thresholds: &Thresholds,
) -> Option<Range<usize>> {
    let mut sum = 0.0;
    let mut start = from;
    let mut before = i64::MIN;
    for (at, &(minute, failures)) in counts.iter().enumerate().skip(from) {
        let allowance = (thresholds.factor * usual(minute)).max(ALLOWANCE);
        let quiet = minute.saturating_sub(before).saturating_sub(1);
        sum -= allowance * quiet as f64;
        if sum <= 0.0 {
            (sum, start) = (0.0, at);
        }
        before = minute;
        sum += failures as f64 - allowance;
        if sum >= thresholds.failures as f64 {
            let end = end(counts, at, sum, allowance, thresholds.gap_minutes);
            let burst = trimmed(&counts[start..end], allowance);
            return Some(start + burst.start..start + burst.end);
        }
    }
    None
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

/// A burst without what was there shortly before by chance, and what trickles in after it. Told are the places in
/// `counts`.
///
/// That is less than what is let pass, or than a quarter of the height: at the beginning that of the first hour, at
/// the end that of the last one, for it may begin in the night and be ten times as high by day.
fn trimmed(counts: &[Count], allowance: f64) -> Range<usize> {
    let places = strongest(counts, allowance);
    let core = &counts[places.clone()];
    let Range { start, end } = minutes(core);
    let first = within(core, &(start..start + HOUR));
    let last = within(core, &(end - HOUR..end));
    let start = places.start + strongest(first, level(first).max(allowance)).start;
    let behind = last.len() - strongest(last, level(last).max(allowance)).end;
    match places.end - behind {
        end if start < end => start..end,
        _ => places,
    }
}

/// A quarter of the height. Where it fails in some minutes only, again and again, half of the mean is less than that,
/// so that pauses do not make many bursts of one.
fn level(counts: &[Count]) -> f64 {
    let mut heights: Vec<u64> = counts.iter().map(|count| count.1).collect();
    heights.sort_unstable();
    let minutes = minutes(counts);
    let mean = heights.iter().sum::<u64>() as f64 / (minutes.end - minutes.start) as f64;
    (heights[heights.len() / 2] as f64 / 4.0).min(mean / 2.0)
}

/// The part that stands out most from so many failures in each minute.
fn strongest(counts: &[Count], level: f64) -> Range<usize> {
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
    fn a_long_outage_does_not_hide_the_next_one() {
        let found = |counts: &[Count], end: i64| -> Vec<Range<i64>> {
            let found = bursts(counts, &(0..end), &Thresholds::default());
            found.into_iter().map(|burst| burst.minutes).collect()
        };
        // On one day, and after three.
        let mut counts = level(180..600, 30);
        add(&mut counts, level(840..900, 30));
        assert_eq!(found(&counts, 1_440), [180..600, 840..900]);
        let mut counts = level(600..5_000, 30);
        add(&mut counts, level(6_500..6_620, 30));
        assert_eq!(found(&counts, 7_000), [600..5_000, 6_500..6_620]);
    }

    #[test]
    fn what_is_there_on_most_days_is_usual() {
        // Half of each day.
        let mut counts: Vec<Count> = Vec::new();
        for day in 0..13 {
            add(
                &mut counts,
                level(day * 1_440 + 480..day * 1_440 + 1_200, 4),
            );
        }
        let starts: Vec<i64> = found(&counts).iter().map(|burst| burst.0 / 1_440).collect();
        assert!(starts.iter().all(|day| *day < 4), "{starts:?}");
    }

    #[test]
    fn an_outage_that_grows_begins_where_it_began() {
        let mut counts = level(3_000..3_480, 3);
        add(&mut counts, level(3_480..4_200, 33));
        assert_eq!(found(&counts)[0], (3_000, 4_200));
        let mut counts = level(3_000..3_480, 33);
        add(&mut counts, level(3_480..4_200, 3));
        assert_eq!(found(&counts)[0], (3_000, 4_200));
    }

    #[test]
    fn an_outage_is_not_usual_until_it_was_there_for_a_quarter_of_the_time() {
        let mut counts = vec![(0, 1)];
        add(&mut counts, level(4_000..4_800, 25));
        add(&mut counts, level(4_900..4_940, 25));
        assert_eq!(found(&counts), [(4_000, 4_800), (4_900, 4_940)]);
    }
}
