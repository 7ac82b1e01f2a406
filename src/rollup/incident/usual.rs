use std::ops::Range;

use super::counts::{Count, within};

/// Minutes.
pub(super) const HOUR: i64 = 60;
pub(super) const DAY: i64 = 24 * HOUR;

/// Hours: so many tell what is usual, and not fewer than these.
const A_WEEK: i64 = 7 * A_DAY;
const A_DAY: i64 = 24;
const ENOUGH: usize = 6;

/// With so many days before it is known what is there every day.
const DAYS_KNOWN: i64 = 3;

/// What is usual for a pool, told by the full hours of its data.
pub(super) struct Hours {
    /// The failures of each hour that has any, counted from 1970-01-01 00:00 UTC.
    counts: Vec<Count>,
    data: Range<i64>,
}

impl Hours {
    /// Of data that begins and ends with these minutes.
    pub(super) fn new(counts: &[Count], data: &Range<i64>) -> Self {
        let hour = |count: &Count| count.0.div_euclid(HOUR);
        let hours = counts.chunk_by(|one, other| hour(one) == hour(other));
        let sum = |counts: &[Count]| (hour(&counts[0]), counts.iter().map(|count| count.1).sum());
        Self {
            counts: hours.map(sum).collect(),
            data: (data.start + HOUR - 1).div_euclid(HOUR)..data.end.div_euclid(HOUR),
        }
    }

    /// How many failures a minute were usual before an hour, if enough is known: as many as in the busy hours (the upper
    /// quartile) of most days of the week before, so what is there for a quarter of each day is usual, and what was there
    /// on three days is not.
    ///
    /// As long as fewer days are known, a burst that was found is not usual; and one of a day and longer never is.
    pub(super) fn before(&self, hour: i64, bursts: &[Range<i64>]) -> Option<f64> {
        let first = self.data.start.max(hour - A_WEEK);
        let is_short = hour - first < DAYS_KNOWN * A_DAY;
        let is_out = |hour: i64| {
            let next = bursts.partition_point(|burst| burst.end <= hour * HOUR);
            let burst = bursts.get(next);
            let burst = burst.filter(|burst| burst.start < (hour + 1) * HOUR);
            burst.is_some_and(|burst| is_short || burst.end - burst.start >= DAY)
        };
        if is_short {
            return self.quartile(first..hour, is_out);
        }
        let days = (0..A_WEEK / A_DAY).map(|day| hour - day * A_DAY);
        let days = days.map(|end| first.max(end - A_DAY)..end);
        let mut days: Vec<f64> = days.filter_map(|day| self.quartile(day, is_out)).collect();
        days.sort_unstable_by(f64::total_cmp);
        let middle = days.len().checked_sub(1)? / 2;
        Some(days[middle])
    }

    /// How many failures a minute were usual in the week after a minute, if enough is known.
    pub(super) fn after(&self, minute: i64) -> Option<f64> {
        let first = (minute + HOUR - 1).div_euclid(HOUR);
        self.quartile(first..self.data.end.min(first + A_WEEK), |_| false)
    }

    /// The upper quartile of these hours but for those that are left out, as failures a minute.
    fn quartile(&self, hours: Range<i64>, is_out: impl Fn(i64) -> bool) -> Option<f64> {
        let length = usize::try_from(hours.end - hours.start).ok()?;
        let with_any = within(&self.counts, &hours);
        let counted = with_any.iter().filter(|count| !is_out(count.0));
        let mut heights: Vec<u64> = counted.map(|count| count.1).collect();
        let silent = length - with_any.len();
        let all = silent + heights.len();
        if all < ENOUGH {
            return None;
        }
        heights.sort_unstable();
        let place = (all * 3 / 4).checked_sub(silent);
        Some(place.map_or(0.0, |place| heights[place] as f64 / HOUR as f64))
    }
}
