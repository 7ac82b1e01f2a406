use std::collections::BTreeMap;

use crate::record::Moment;
use crate::render::Time;
use crate::rollup::Summary;
use crate::taxonomy::Class;

use super::document::{Bucket, ClassCount};
use super::sources::Sources;

/// The period, cut into parts that are equally wide.
pub(super) struct Timeline {
    /// Microseconds.
    start: i64,
    width: i64,
    parts: usize,
}

/// Microseconds.
const DAY: i64 = 86_400_000_000;

/// A record with an odd time must not make a million parts.
const MOST: i64 = 1_000;

/// How wide parts may be, in seconds, if there would be too many buckets; the last one may double.
const WIDTHS: [i64; 14] = [
    120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800,
    2_419_200,
];

impl Timeline {
    /// From where the period begins, or the first event, up to its end, or the last event.
    pub(super) fn new(sources: &Sources<'_>) -> Self {
        let span = sources.summary.span;
        let bucket = (sources.bucket_seconds * 1_000_000).max(1);
        let start = sources.since.or(span.map(|(first, _)| first));
        let end = sources.until.or(span.map(|(_, last)| Moment(last.0 + 1)));
        let (start, end) = match (start, end) {
            (Some(start), Some(end)) => (start.0, end.0.max(start.0)),
            _ => (0, 0),
        };
        let parts = |width: i64| match end - start {
            0 => 0,
            _ => (end - 1).div_euclid(width) - start.div_euclid(width) + 1,
        };
        let fits = |width: &i64| width % bucket == 0 && *width > bucket;
        let wider = WIDTHS
            .map(|seconds| seconds * 1_000_000)
            .into_iter()
            .filter(fits);
        let widest = std::iter::successors(Some(DAY * 28), |width| width.checked_mul(2));
        let width = std::iter::once(bucket)
            .chain(wider)
            .chain(widest)
            .find(|&width| parts(width) <= MOST)
            .unwrap_or(i64::MAX / 2);
        Self {
            start: start.div_euclid(width) * width,
            width,
            parts: parts(width) as usize,
        }
    }

    pub(super) fn seconds(&self) -> i64 {
        self.width / 1_000_000
    }

    /// The place of what begins at this moment, unless it lies outside.
    fn place(&self, moment: Moment) -> Option<usize> {
        let place = usize::try_from((moment.0 - self.start).div_euclid(self.width)).ok()?;
        (place < self.parts).then_some(place)
    }

    /// How many in each part.
    pub(super) fn counts(&self, buckets: &BTreeMap<Moment, u64>) -> Vec<u64> {
        let mut counts = vec![0; self.parts];
        for (&bucket, events) in buckets {
            if let Some(place) = self.place(bucket) {
                counts[place] += events;
            }
        }
        counts
    }

    pub(super) fn buckets(&self, summary: &Summary) -> Vec<Bucket> {
        let mut parts: Vec<BTreeMap<Class, u64>> = vec![BTreeMap::new(); self.parts];
        for (&bucket, classes) in &summary.buckets {
            if let Some(place) = self.place(bucket) {
                for (&class, events) in classes {
                    *parts[place].entry(class).or_default() += events;
                }
            }
        }
        let order: Vec<Class> = summary.classes.iter().map(|&(class, _)| class).collect();
        parts
            .into_iter()
            .enumerate()
            .map(|(place, classes)| Bucket {
                bucket: Time(Moment(self.start + place as i64 * self.width)),
                failures: classes.values().sum(),
                classes: order
                    .iter()
                    .filter_map(|class| Some(ClassCount::new(*class, *classes.get(class)?)))
                    .collect(),
            })
            .collect()
    }
}
