use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::rollup;
use crate::taxonomy::{Class, Kind};

use super::gather::failed;

const CHANGES: usize = 50;

/// What changed against the same length of time before.
#[derive(Debug, Clone, Serialize)]
pub struct Change {
    /// How long the period is.
    pub seconds: i64,
    /// How many periods before it are known, up to seven.
    pub periods: usize,
    /// All failures.
    pub total: Delta,
    /// Pools that failed in this period or in the one before, those that changed most first, fifty at most.
    pub pools: Vec<PoolDelta>,
    /// What failed in this period and in none of those before, fifty at most.
    pub new: Vec<PoolClass>,
}

/// Failures now and before.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Delta {
    /// In this period.
    pub failures: u64,
    /// In the one before.
    pub before: u64,
    /// The median of those before, seven at most.
    pub usual: f64,
}

/// A pool's failures now and before.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PoolDelta {
    /// The pool.
    pub pool: String,
    /// Its failures.
    #[serde(flatten)]
    pub delta: Delta,
}

/// A class of a pool.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PoolClass {
    /// The pool.
    pub pool: String,
    /// The class.
    pub class: Class,
    /// How many events.
    pub events: u64,
}

impl Change {
    /// What rows say of the times before, against what they say of the pools now.
    pub(super) fn new(change: &rollup::Change, pools: &[rollup::Pool]) -> Self {
        let earlier = &change.earlier;
        let delta = |failures: u64, of: &dyn Fn(&rollup::Earlier) -> u64| Delta {
            failures,
            before: earlier.first().map_or(0, of),
            usual: median(earlier.iter().map(of).collect()),
        };
        let now: BTreeMap<&str, u64> = failed(pools)
            .map(|pool| (pool.name.as_str(), pool.tally.failed))
            .collect();
        let before = earlier
            .first()
            .into_iter()
            .flat_map(|before| before.pools.keys());
        let names: BTreeSet<&str> = now
            .keys()
            .copied()
            .chain(before.map(String::as_str))
            .collect();
        let mut deltas: Vec<PoolDelta> = names
            .into_iter()
            .map(|pool| PoolDelta {
                pool: pool.to_owned(),
                delta: delta(now.get(pool).copied().unwrap_or(0), &|earlier| {
                    earlier.pools.get(pool).copied().unwrap_or(0)
                }),
            })
            .collect();
        deltas
            .sort_by_key(|PoolDelta { delta, .. }| Reverse(delta.failures.abs_diff(delta.before)));
        deltas.truncate(CHANGES);
        let is_new = |pool: &str, class: Class| {
            let key = (pool.to_owned(), class);
            !earlier.iter().any(|earlier| earlier.classes.contains(&key))
        };
        let mut new: Vec<PoolClass> = Vec::new();
        for pool in failed(pools) {
            let classes = pool.classes.iter();
            let failures = classes.filter(|(class, _)| class.kind() == Kind::Failed);
            new.extend(
                failures
                    .filter(|&&(class, _)| is_new(&pool.name, class))
                    .map(|&(class, events)| PoolClass {
                        pool: pool.name.clone(),
                        class,
                        events,
                    }),
            );
        }
        new.sort_by_key(|new| Reverse(new.events));
        new.truncate(CHANGES);
        Self {
            seconds: change.span.seconds,
            periods: earlier.len(),
            total: delta(now.values().sum(), &rollup::Earlier::failures),
            pools: deltas,
            new,
        }
    }
}

fn median(mut counts: Vec<u64>) -> f64 {
    counts.sort_unstable();
    let middle = counts.len() / 2;
    match (counts.len() % 2, counts.as_slice()) {
        (_, []) => 0.0,
        (1, counts) => counts[middle] as f64,
        (_, counts) => (counts[middle - 1] + counts[middle]) as f64 / 2.0,
    }
}
