use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use rayon::prelude::*;

use crate::record::Moment;
use crate::rollup::Row;
use crate::rollup::examples::is_chosen;
use crate::rollup::other::OTHER;
use crate::taxonomy::Class;

use super::by_pool::by_pool;
use super::counts::{Count, counts_of};
use super::gathered::Gathered;
use super::{Incident, MINUTE};

/// When each pool failed much more than usual. What happened then is gathered from the rows, which may be read once
/// more for that, the days in question alone.
#[derive(Debug)]
pub struct Bursts {
    pools: BTreeMap<String, Pool>,
    /// The pools that are told apart, if not all are.
    named: Option<BTreeSet<String>>,
    /// The minutes from which there is data.
    data: Range<i64>,
    gap_minutes: i64,
}

/// The bursts of a pool, each with those within it.
#[derive(Debug)]
struct Pool {
    bursts: Vec<(Gathered, Vec<Gathered>)>,
    /// How many of them are over.
    over: usize,
    /// The bucket that is at hand, and its examples.
    bucket: Moment,
    examples: BTreeMap<Class, String>,
    /// Those that have failures in it.
    touched: Range<usize>,
    /// The minutes of the row that is at hand.
    minutes: Vec<Count>,
}

/// Minutes of the widest bucket there is.
const WIDEST: i64 = 24 * 60;

impl Bursts {
    pub(super) fn new(
        pools: BTreeMap<String, Vec<(Gathered, Vec<Gathered>)>>,
        named: Option<BTreeSet<String>>,
        data: Range<i64>,
        gap_minutes: i64,
    ) -> Self {
        let pools = pools.into_iter().map(|(name, bursts)| {
            let pool = Pool {
                bursts,
                over: 0,
                bucket: Moment(i64::MIN),
                examples: BTreeMap::new(),
                touched: 0..0,
                minutes: Vec::new(),
            };
            (name, pool)
        });
        Self {
            pools: pools.collect(),
            named,
            data,
            gap_minutes,
        }
    }

    /// Whether rows of buckets that begin in this time may tell of any.
    pub fn may_be_in(&self, buckets: &Range<Moment>) -> bool {
        let minute = |moment: Moment| moment.0.div_euclid(MINUTE);
        let minutes = minute(buckets.start)..minute(buckets.end).saturating_add(WIDEST);
        let mut pools = self.pools.values();
        pools.any(|pool| !pool.near(&minutes).is_empty())
    }

    /// Whether a row of this pool may tell of any, of events from `first` to `last`; if not, it need not be added, but
    /// for its example.
    pub fn may_be_told_by(&self, pool: &str, first: Moment, last: Moment) -> bool {
        let minute = |moment: Moment| moment.0.div_euclid(MINUTE);
        let pool = self.pools.get(self.name(pool));
        pool.is_some_and(|pool| !pool.near(&(minute(first)..minute(last) + 1)).is_empty())
    }

    /// Gathers what rows tell. They come in the order of their buckets, each once.
    pub fn add<'r>(&mut self, rows: impl IntoIterator<Item = &'r Row>) {
        let mut rows = by_pool(rows);
        if self.named.is_some() {
            let mut of_others = rows.remove(OTHER).unwrap_or_default();
            let others = rows.iter().filter(|(pool, _)| self.name(pool) == OTHER);
            others.for_each(|(_, rows)| of_others.extend(rows));
            of_others.sort_by_key(|row| row.bucket);
            rows.insert(OTHER, of_others);
        }
        self.pools.par_iter_mut().for_each(|(name, pool)| {
            let rows = rows.get(&**name).into_iter().flatten();
            rows.for_each(|row| pool.add(row));
        });
    }

    /// What a pool is counted as.
    fn name<'n>(&self, pool: &'n str) -> &'n str {
        match &self.named {
            Some(named) if !named.contains(pool) => OTHER,
            _ => pool,
        }
    }

    /// All that was gathered, by its start.
    pub fn incidents(self) -> Vec<Incident> {
        let mut incidents = Vec::new();
        for (name, mut pool) in self.pools {
            pool.end_bucket();
            let all = pool
                .bursts
                .into_iter()
                .flat_map(|(outer, inner)| std::iter::once(outer).chain(inner));
            let gap = self.gap_minutes;
            incidents.extend(all.filter_map(|one| one.incident(&name, &self.data, gap)));
        }
        incidents.sort_by(|one, other| {
            let key = |incident: &Incident| (incident.started, std::cmp::Reverse(incident.ended));
            key(one)
                .cmp(&key(other))
                .then_with(|| one.pool.cmp(&other.pool))
        });
        incidents
    }
}

impl Pool {
    /// The places of the bursts that overlap these minutes.
    fn near(&self, minutes: &Range<i64>) -> Range<usize> {
        let bursts = &self.bursts;
        let from = bursts.partition_point(|(burst, _)| burst.minutes.end <= minutes.start);
        let to = bursts.partition_point(|(burst, _)| burst.minutes.start < minutes.end);
        from..to.max(from)
    }

    fn add(&mut self, row: &Row) {
        if row.bucket != self.bucket {
            self.end_bucket();
            self.bucket = row.bucket;
            self.settle();
        }
        if let Some(example) = &row.example {
            match self.examples.get_mut(&row.class) {
                Some(kept) if is_chosen(example, kept) => kept.clone_from(example),
                Some(_) => {}
                None => {
                    self.examples.insert(row.class, example.clone());
                }
            }
        }
        let minute = |moment: Moment| moment.0.div_euclid(MINUTE);
        let near = self.near(&(minute(row.first_seen)..minute(row.last_seen) + 1));
        if near.is_empty() {
            return;
        }
        self.minutes.clear();
        self.minutes.extend(counts_of(row.bucket, &row.minutes));
        for at in near {
            let (outer, inner) = &mut self.bursts[at];
            let all = std::iter::once(outer).chain(inner);
            // Each of them is to be asked.
            if all.fold(false, |any, one| one.add(row, &self.minutes) | any) {
                self.touched = match self.touched.is_empty() {
                    true => at..at + 1,
                    false => self.touched.start.min(at)..self.touched.end.max(at + 1),
                };
            }
        }
    }

    /// What ended before the bucket at hand is over.
    fn settle(&mut self) {
        let minute = self.bucket.0.div_euclid(MINUTE);
        while let Some((outer, inner)) = self.bursts.get_mut(self.over)
            && outer.minutes.end <= minute
        {
            let all = std::iter::once(outer).chain(inner);
            all.for_each(Gathered::settle);
            self.over += 1;
        }
        // A long one may go on while those within it are over.
        if let Some((_, inner)) = self.bursts.get_mut(self.over) {
            let inner = inner.iter_mut();
            let over = inner.take_while(|inner| inner.minutes.end <= minute);
            over.for_each(Gathered::settle);
        }
    }

    /// What is at hand is whole: an example counts in whichever row of its bucket it stands.
    fn end_bucket(&mut self) {
        let touched = std::mem::take(&mut self.touched);
        for (outer, inner) in &mut self.bursts[touched] {
            let all = std::iter::once(outer).chain(inner);
            all.for_each(|one| one.end_bucket(&self.examples));
        }
        self.examples.clear();
    }
}
