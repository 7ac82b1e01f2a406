use crate::record::Moment;
use crate::rollup::Minutes;
use crate::rollup::stored::{Stored, Storing};

use super::MINUTE;
use super::counts::{Count, counts_of};

/// The failures of a pool in each minute that has any, in few bytes: a pool may fail for months, and there are many.
#[derive(Debug, Clone, Default)]
pub(super) struct Series {
    /// How many minutes after the one before, and how many failures.
    stored: Storing,
    /// The minute that was stored last.
    last: i64,
    /// The first minute of the bucket at hand, and its failures: most rows are of the bucket of the row before.
    begin: i64,
    at_hand: Vec<u32>,
}

impl Series {
    /// Counts failures in the minutes of a bucket.
    pub(super) fn add(&mut self, bucket: Moment, minutes: &Minutes) {
        let begin = bucket.0.div_euclid(MINUTE);
        if begin != self.begin {
            self.settle();
            self.begin = begin;
        }
        let length = minutes.length();
        if length > self.at_hand.len() {
            self.at_hand.resize(length, 0);
        }
        for (minute, events) in counts_of(bucket, minutes) {
            let count = &mut self.at_hand[(minute - begin) as usize];
            *count = count.saturating_add(events as u32);
        }
    }

    /// Stores the bucket that is at hand.
    fn settle(&mut self) {
        for (minute, &failures) in (self.begin..).zip(&self.at_hand) {
            if failures > 0 {
                self.stored.number((minute.wrapping_sub(self.last)) as u64);
                self.stored.number(failures.into());
                self.last = minute;
            }
        }
        self.at_hand.clear();
    }

    /// The minutes that have failures, in order.
    pub(super) fn into_counts(mut self) -> Vec<Count> {
        self.settle();
        let mut counts: Vec<Count> = Vec::new();
        let mut stored = Stored::new(self.stored.bytes());
        let mut last = 0_i64;
        while let (Some(minutes), Some(failures)) = (stored.number(), stored.number()) {
            last = last.wrapping_add(minutes as i64);
            counts.push((last, failures));
        }
        // One run's buckets are in order, and the next run's may lie before them.
        if !counts.is_sorted_by_key(|count| count.0) {
            counts.sort_by_key(|count| count.0);
        }
        counts.dedup_by(|again, count| {
            let is_same = again.0 == count.0;
            if is_same {
                count.1 += again.1;
            }
            is_same
        });
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_add_up_in_whatever_order_buckets_come() {
        let minutes = |counts: &[u32]| Minutes::from_list(counts.iter().copied());
        let hour = |number: i64| Moment(number * 60 * MINUTE);
        let mut series = Series::default();
        series.add(hour(2), &minutes(&[0, 3, 1]));
        series.add(hour(2), &minutes(&[5]));
        series.add(hour(3), &minutes(&[0, 0, 0, 0, 7_000]));
        series.add(hour(-1), &minutes(&[1]));
        series.add(hour(2), &minutes(&[0, 0, 0, 2]));
        series.add(hour(2), &minutes(&[0, 1]));
        let counts = series.into_counts();
        let expected = [
            (-60, 1),
            (120, 5),
            (121, 4),
            (122, 1),
            (123, 2),
            (184, 7_000),
        ];
        assert_eq!(counts, expected);
        assert_eq!(Series::default().into_counts(), []);
    }
}
