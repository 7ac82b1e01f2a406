use std::collections::BTreeMap;
use std::ops::Range;

use rayon::prelude::*;

use crate::record::Moment;
use crate::rollup::other::{MOST_POOLS, OTHER};
use crate::rollup::{Minutes, Row};

use super::burst::{self, Burst};
use super::by_pool::by_pool;
use super::counts::Count;
use super::gathered::Gathered;
use super::series::Series;
use super::{Bursts, MINUTE, Thresholds};

/// Of so many pools is told when they failed; all others are taken together.
const MOST: usize = 4 * MOST_POOLS;

/// The failures of each pool in each minute: all that it takes to find when incidents were.
#[derive(Debug, Clone, Default)]
pub struct Failures {
    pools: BTreeMap<String, Series>,
    seen: Option<(Moment, Moment)>,
}

impl Failures {
    /// Counts rows.
    pub fn add(&mut self, rows: &[Row]) {
        rows.iter()
            .for_each(|row| self.see(row.first_seen, row.last_seen));
        let mut rows = by_pool(rows);
        let mut names: Vec<&str> = rows.keys().copied().collect();
        names.sort_unstable();
        for name in names {
            if self.name(name) != name {
                let others = rows.remove(name).into_iter().flatten();
                others.for_each(|row| self.count(OTHER, row.bucket, &row.minutes));
            } else if !self.pools.contains_key(name) {
                self.pools.insert(name.to_owned(), Series::default());
            }
        }
        self.pools.par_iter_mut().for_each(|(name, series)| {
            let rows = rows.get(&**name).into_iter().flatten();
            rows.for_each(|row| series.add(row.bucket, &row.minutes));
        });
    }

    /// What a pool is counted as.
    fn name<'n>(&self, pool: &'n str) -> &'n str {
        match self.pools.len() < MOST || self.pools.contains_key(pool) {
            true => pool,
            false => OTHER,
        }
    }

    /// Takes notice of data from these moments, failures or not: it tells from when on nothing failed.
    pub fn see(&mut self, first: Moment, last: Moment) {
        let (begin, end) = self.seen.unwrap_or((first, last));
        self.seen = Some((begin.min(first), end.max(last)));
    }

    /// Counts failures of a pool in the minutes of a bucket.
    pub fn count(&mut self, pool: &str, bucket: Moment, minutes: &Minutes) {
        let pool = self.name(pool);
        let series = match self.pools.get_mut(pool) {
            Some(series) => series,
            None => self.pools.entry(pool.to_owned()).or_default(),
        };
        series.add(bucket, minutes);
    }

    /// When each pool failed much more than usual, but for the time before `since`: that only tells what is usual.
    pub fn bursts(self, thresholds: &Thresholds, since: Option<Moment>) -> Bursts {
        let minute = |moment: Moment| moment.0.div_euclid(MINUTE);
        let since = since.map_or(i64::MIN, minute);
        let data = self
            .seen
            .map_or(0..0, |(first, last)| minute(first)..minute(last) + 1);
        let is_full = self.pools.len() >= MOST;
        let named = is_full.then(|| self.pools.keys().cloned().collect());
        let pools = self.pools.into_par_iter().map(|(pool, series)| {
            let counts = series.into_counts();
            let bursts = burst::bursts(&counts, &data, thresholds);
            let found: Vec<(Gathered, Vec<Gathered>)> = bursts
                .into_iter()
                .filter_map(|burst| burst.since(since))
                .map(|burst| with_inner(&burst, &counts))
                .collect();
            (pool, found)
        });
        let pools = pools.filter(|(_, found)| !found.is_empty()).collect();
        let data = data.start.max(since)..data.end;
        Bursts::new(pools, named, data, thresholds.gap_minutes)
    }
}

fn with_inner(burst: &Burst, counts: &[Count]) -> (Gathered, Vec<Gathered>) {
    let new = |minutes: &Range<i64>, inner: &[Range<i64>]| {
        Gathered::new(minutes.clone(), inner.to_vec(), counts)
    };
    let inner = burst.inner.iter().map(|minutes| new(minutes, &[]));
    (new(&burst.minutes, &burst.inner), inner.collect())
}
