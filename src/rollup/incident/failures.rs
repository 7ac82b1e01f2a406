use std::collections::BTreeMap;
use std::ops::Range;

use rayon::prelude::*;

use crate::record::Moment;
use crate::rollup::{Minutes, Row};

use super::burst::{self, Burst};
use super::by_pool::by_pool;
use super::counts::{Count, counts_of};
use super::gathered::Gathered;
use super::{Bursts, MINUTE, Thresholds};

/// The failures in each minute of an hour, counted from 1970-01-01 00:00 UTC.
type Hours = BTreeMap<i64, Box<[u32; HOUR]>>;

/// Minutes.
const HOUR: usize = 60;

/// The failures of each pool in each minute: all that it takes to find when incidents were.
#[derive(Debug, Clone, Default)]
pub struct Failures {
    pools: BTreeMap<String, Hours>,
    seen: Option<(Moment, Moment)>,
}

impl Failures {
    /// Counts rows.
    pub fn add(&mut self, rows: &[Row]) {
        rows.iter()
            .for_each(|row| self.see(row.first_seen, row.last_seen));
        let rows = by_pool(rows);
        for pool in rows.keys() {
            self.pools.entry((*pool).to_owned()).or_default();
        }
        self.pools.par_iter_mut().for_each(|(name, hours)| {
            let rows = rows.get(&**name).into_iter().flatten();
            rows.for_each(|row| count(hours, row.bucket, &row.minutes));
        });
    }

    /// Takes notice of data from these moments, failures or not: it tells from when on nothing failed.
    pub fn see(&mut self, first: Moment, last: Moment) {
        let (begin, end) = self.seen.unwrap_or((first, last));
        self.seen = Some((begin.min(first), end.max(last)));
    }

    /// Counts failures of a pool in the minutes of a bucket.
    pub fn count(&mut self, pool: &str, bucket: Moment, minutes: &Minutes) {
        let hours = match self.pools.get_mut(pool) {
            Some(hours) => hours,
            None => self.pools.entry(pool.to_owned()).or_default(),
        };
        count(hours, bucket, minutes);
    }

    /// When each pool failed much more than usual, but for the time before `since`: that only tells what is usual.
    pub fn bursts(self, thresholds: &Thresholds, since: Option<Moment>) -> Bursts {
        let minute = |moment: Moment| moment.0.div_euclid(MINUTE);
        let since = since.map_or(i64::MIN, minute);
        let data = self
            .seen
            .map_or(0..0, |(first, last)| minute(first)..minute(last) + 1);
        let pools = self.pools.into_par_iter().map(|(pool, hours)| {
            let counts = counts(hours);
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
        Bursts::new(pools, data, thresholds.gap_minutes)
    }
}

fn count(hours: &mut Hours, bucket: Moment, minutes: &Minutes) {
    let mut at_hand: Option<(i64, &mut [u32; HOUR])> = None;
    for (minute, events) in counts_of(bucket, minutes) {
        let (hour, place) = (
            minute.div_euclid(HOUR as i64),
            minute.rem_euclid(HOUR as i64),
        );
        let counts = match at_hand.take() {
            Some((known, counts)) if known == hour => counts,
            _ => &mut **hours.entry(hour).or_insert_with(|| Box::new([0; HOUR])),
        };
        let count = &mut counts[place as usize];
        *count = count.saturating_add(events as u32);
        at_hand = Some((hour, counts));
    }
}

/// The minutes that have failures.
fn counts(hours: Hours) -> Vec<Count> {
    let mut all = Vec::new();
    for (hour, counts) in hours {
        let minutes = hour * HOUR as i64..;
        let counts = minutes.zip(counts.map(u64::from));
        all.extend(counts.filter(|count| count.1 > 0));
    }
    all
}

fn with_inner(burst: &Burst, counts: &[Count]) -> (Gathered, Vec<Gathered>) {
    let new = |minutes: &Range<i64>, inner: &[Range<i64>]| {
        Gathered::new(minutes.clone(), inner.to_vec(), counts)
    };
    let inner = burst.inner.iter().map(|minutes| new(minutes, &[]));
    (new(&burst.minutes, &burst.inner), inner.collect())
}
