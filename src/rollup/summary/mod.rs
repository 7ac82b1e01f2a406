mod change;
mod gist;
mod pool;

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::record::Moment;
use crate::taxonomy::{Class, Kind};

use super::{Intake, Row};
use pool::Gathered;

pub use change::{Change, Earlier, Span};
pub use gist::Gist;
pub use pool::Pool;

/// What a report shows.
#[derive(Debug, Clone)]
pub struct Summary {
    /// All events.
    pub total: Tally,
    /// How many of them have lost the name of their pool, peer or server, because there were too many of these.
    pub others: u64,
    /// How many clients saw failures.
    pub clients: u64,
    /// The failures by the status that their clients were sent.
    pub statuses: BTreeMap<Option<u16>, u64>,
    /// The pools, most failures first.
    pub pools: Vec<Pool>,
    /// The classes, failures first, the commonest first.
    pub classes: Vec<(Class, u64)>,
    /// The servers for which upstreams failed, the worst first.
    pub servers: Vec<(String, u64)>,
    /// The failures of each bucket that has any, by class.
    pub buckets: BTreeMap<Moment, BTreeMap<Class, u64>>,
    /// The first and the last event.
    pub span: Option<(Moment, Moment)>,
    /// What was read, if it was read from logs.
    pub intake: Intake,
}

/// Events by what they say about the upstream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Failed attempts.
    pub failed: u64,
    /// Works, but degraded.
    pub degraded: u64,
    /// The clients' doing.
    pub client: u64,
}

impl Tally {
    fn add(&mut self, kind: Kind, events: u64) {
        match kind {
            Kind::Failed => self.failed += events,
            Kind::Degraded => self.degraded += events,
            Kind::Client => self.client += events,
        }
    }

    /// All of them.
    pub fn events(&self) -> u64 {
        self.failed + self.degraded + self.client
    }
}

impl Summary {
    /// Sums up rows.
    pub fn new(rows: &[Row], intake: Intake) -> Self {
        let mut sum = Summing::new();
        rows.iter().for_each(|row| sum.add(row));
        sum.finish(intake)
    }
}

/// A summary that is being made, row by row: there may be more rows than fit into memory.
#[derive(Debug)]
pub struct Summing {
    all: Gathered,
    pools: BTreeMap<String, Gathered>,
    buckets: BTreeMap<Moment, BTreeMap<Class, u64>>,
    others: u64,
}

impl Default for Summing {
    fn default() -> Self {
        Self::new()
    }
}

impl Summing {
    /// Of no row yet.
    pub fn new() -> Self {
        Self {
            all: Gathered::default(),
            pools: BTreeMap::new(),
            buckets: BTreeMap::new(),
            others: 0,
        }
    }

    /// Adds a row.
    pub fn add(&mut self, row: &Row) {
        self.all.add(row);
        if row.has_other_name() {
            self.others += row.events;
        }
        let pool = match self.pools.get_mut(&*row.pool) {
            Some(pool) => pool,
            None => self.pools.entry(row.pool.to_string()).or_default(),
        };
        pool.add(row);
        if row.class.kind() == Kind::Failed {
            let classes = self.buckets.entry(row.bucket).or_default();
            *classes.entry(row.class).or_default() += row.events;
        }
    }

    /// What all rows come to.
    pub fn finish(self, intake: Intake) -> Summary {
        let pools = self.pools.into_iter();
        let mut pools: Vec<Pool> = pools
            .filter_map(|(name, gathered)| gathered.judge(&name))
            .collect();
        pools.sort_by_key(|pool| Reverse((pool.tally.failed, pool.tally.events())));
        let empty = Summary {
            total: Tally::default(),
            others: self.others,
            clients: 0,
            statuses: BTreeMap::new(),
            classes: Vec::new(),
            servers: Vec::new(),
            span: None,
            pools,
            buckets: self.buckets,
            intake,
        };
        match self.all.judge("") {
            Some(all) => Summary {
                total: all.tally,
                clients: all.clients,
                statuses: all.statuses,
                classes: all.classes,
                servers: all.servers,
                span: Some(all.span),
                ..empty
            },
            None => empty,
        }
    }
}

/// By their counts; equals in their own order.
pub(super) fn most_first<K: Ord>(counts: BTreeMap<K, u64>) -> Vec<(K, u64)> {
    let mut counts: Vec<(K, u64)> = counts.into_iter().collect();
    counts.sort_by_key(|count| Reverse(count.1));
    counts
}
