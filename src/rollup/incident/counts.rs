use std::ops::Range;

use crate::record::Moment;
use crate::rollup::Minutes;

use super::MINUTE;

/// A minute, counted from 1970-01-01 00:00 UTC, and its failures. Minutes without any are left out.
pub(super) type Count = (i64, u64);

/// The counts of these minutes, or hours.
pub(super) fn within<'a>(counts: &'a [Count], minutes: &Range<i64>) -> &'a [Count] {
    let from = counts.partition_point(|count| count.0 < minutes.start);
    let to = counts.partition_point(|count| count.0 < minutes.end);
    &counts[from..to]
}

/// The minutes of a bucket that have events.
pub(super) fn counts_of(bucket: Moment, minutes: &Minutes) -> impl Iterator<Item = Count> {
    let begin = bucket.0.div_euclid(MINUTE);
    let counts = minutes.counts();
    counts.map(move |(minute, events)| (begin + i64::from(minute), events.into()))
}
