use std::collections::BTreeMap;
use std::ops::Range;

use crate::record::Moment;
use crate::rollup::{Minutes, Row};
use crate::taxonomy::Kind;

use super::burst::{self, Burst};
use super::counts::{Count, counts_of};
use super::gathered::Gathered;
use super::{Bursts, MINUTE, Thresholds};

/// The failures of each pool in each minute: all that it takes to find when incidents were.
#[derive(Debug, Clone, Default)]
pub struct Failures {
    pools: BTreeMap<String, BTreeMap<i64, u64>>,
    seen: Option<(Moment, Moment)>,
}

impl Failures {
    /// Counts a row.
    pub fn add(&mut self, row: &Row) {
        self.see(row.first_seen, row.last_seen);
        if row.class.kind() == Kind::Failed {
            self.count(&row.pool, row.bucket, &row.minutes);
        }
    }

    /// Takes notice of data from these moments, failures or not: it tells from when on nothing failed.
    pub fn see(&mut self, first: Moment, last: Moment) {
        let (begin, end) = self.seen.unwrap_or((first, last));
        self.seen = Some((begin.min(first), end.max(last)));
    }

    /// Counts failures of a pool in the minutes of a bucket.
    pub fn count(&mut self, pool: &str, bucket: Moment, minutes: &Minutes) {
        if !self.pools.contains_key(pool) {
            self.pools.insert(pool.to_owned(), BTreeMap::new());
        }
        if let Some(counts) = self.pools.get_mut(pool) {
            for (minute, events) in counts_of(bucket, minutes) {
                *counts.entry(minute).or_default() += events;
            }
        }
    }

    /// When each pool failed much more than usual, but for the time before `since`: that only tells what is usual.
    pub fn bursts(self, thresholds: &Thresholds, since: Option<Moment>) -> Bursts {
        let minute = |moment: Moment| moment.0.div_euclid(MINUTE);
        let since = since.map_or(i64::MIN, minute);
        let data = self
            .seen
            .map_or(0..0, |(first, last)| minute(first)..minute(last) + 1);
        let mut pools = BTreeMap::new();
        for (pool, counts) in self.pools {
            let counts: Vec<Count> = counts.into_iter().collect();
            let bursts = burst::bursts(&counts, &data, thresholds);
            let found: Vec<(Gathered, Vec<Gathered>)> = bursts
                .into_iter()
                .filter_map(|burst| burst.since(since))
                .map(|burst| with_inner(&burst, &counts))
                .collect();
            if !found.is_empty() {
                pools.insert(pool, found);
            }
        }
        let data = data.start.max(since)..data.end;
        Bursts::new(pools, data, thresholds.gap_minutes)
    }
}

fn with_inner(burst: &Burst, counts: &[Count]) -> (Gathered, Vec<Gathered>) {
    let new = |minutes: &Range<i64>, inner: &[Range<i64>]| {
        Gathered::new(minutes.clone(), inner.to_vec(), counts)
    };
    let inner = burst.inner.iter().map(|minutes| new(minutes, &[]));
    (new(&burst.minutes, &burst.inner), inner.collect())
}
