mod change;
mod pool;

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::record::Moment;
use crate::taxonomy::{Class, Kind};

use super::{Clients, Intake, Row};

pub use change::{Change, Earlier, Span};
pub use pool::Pool;

/// What a report shows.
#[derive(Debug, Clone)]
pub struct Summary {
    /// All events.
    pub total: Tally,
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
        Self::with(rows, intake, together)
    }

    /// Sums up rows, but counts no distinct clients: that takes longer than all the rest.
    pub fn without_clients(rows: &[Row], intake: Intake) -> Self {
        Self::with(rows, intake, |_| 0)
    }

    fn with(rows: &[Row], intake: Intake, clients: fn(&[&Row]) -> u64) -> Self {
        let mut all = pool::Gathered::default();
        let mut pools: BTreeMap<&str, pool::Gathered<'_>> = BTreeMap::new();
        let mut buckets: BTreeMap<Moment, BTreeMap<Class, u64>> = BTreeMap::new();
        for row in rows {
            all.add(row);
            pools.entry(&row.pool).or_default().add(row);
            if row.class.kind() == Kind::Failed {
                let classes = buckets.entry(row.bucket).or_default();
                *classes.entry(row.class).or_default() += row.events;
            }
        }
        let mut pools: Vec<Pool> = pools
            .into_iter()
            .filter_map(|(name, gathered)| gathered.judge(name, clients))
            .collect();
        let rank = |pool: &Pool| Reverse((pool.tally.failed, pool.tally.events()));
        pools.sort_by_key(rank);
        let all = all.judge("", clients);
        Self {
            total: all.as_ref().map_or_else(Tally::default, |all| all.tally),
            clients: all.as_ref().map_or(0, |all| all.clients),
            span: all.as_ref().map(|all| all.span),
            pools,
            buckets,
            intake,
            statuses: all
                .as_ref()
                .map_or_else(BTreeMap::new, |all| all.statuses.clone()),
            classes: all
                .as_ref()
                .map_or_else(Vec::new, |all| all.classes.clone()),
            servers: all.map_or_else(Vec::new, |all| all.servers),
        }
    }
}

/// By their counts; equals in their own order.
pub(super) fn most_first<K: Ord>(counts: BTreeMap<K, u64>) -> Vec<(K, u64)> {
    let mut counts: Vec<(K, u64)> = counts.into_iter().collect();
    counts.sort_by_key(|count| Reverse(count.1));
    counts
}

/// The clients of all these rows.
fn together(rows: &[&Row]) -> u64 {
    Clients::together(rows.iter().map(|row| row.clients_sketch.as_slice()))
}
