use std::collections::BTreeMap;

use crate::record::Moment;
use crate::taxonomy::{Class, Kind};

use super::{Intake, Row};

/// What a report shows.
#[derive(Debug, Clone)]
pub struct Summary {
    /// All events.
    pub total: Tally,
    /// The pools, most failures first.
    pub pools: Vec<Pool>,
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

/// What happened to one pool.
#[derive(Debug, Clone)]
pub struct Pool {
    /// Its name.
    pub name: String,
    /// Its events.
    pub tally: Tally,
    /// The class that counts most: of the failures if there are any, else of what there is.
    pub worst: (Class, u64),
    /// The address that the most events of this class are about, if one is known.
    pub peer: Option<String>,
    /// The site that has the most events of this class, if one is named.
    pub server: Option<String>,
    /// The bucket with the most failures (or events, where nothing failed).
    pub busiest: (Moment, u64),
    /// Its first and its last event.
    pub span: (Moment, Moment),
}

/// What is gathered of a pool before it can be judged.
#[derive(Default)]
struct Gathered<'a> {
    tally: Tally,
    classes: BTreeMap<Class, u64>,
    peers: BTreeMap<(Class, &'a str), u64>,
    servers: BTreeMap<(Class, &'a str), u64>,
    /// Failures first, then events: the order in which buckets are compared.
    buckets: BTreeMap<Moment, (u64, u64)>,
    span: Option<(Moment, Moment)>,
}

impl Summary {
    /// Sums up rows.
    pub fn new(rows: &[Row], intake: Intake) -> Self {
        let mut pools: BTreeMap<&str, Gathered<'_>> = BTreeMap::new();
        let mut total = Tally::default();
        let mut span = None;
        for row in rows {
            let kind = row.class.kind();
            total.add(kind, row.events);
            widen(&mut span, row);
            let pool = pools.entry(&row.pool).or_default();
            pool.tally.add(kind, row.events);
            widen(&mut pool.span, row);
            *pool.classes.entry(row.class).or_default() += row.events;
            for (counts, name) in [
                (&mut pool.peers, &row.peer),
                (&mut pool.servers, &row.server),
            ] {
                if let Some(name) = name.as_deref().filter(|name| !name.is_empty()) {
                    *counts.entry((row.class, name)).or_default() += row.events;
                }
            }
            let bucket = pool.buckets.entry(row.bucket).or_default();
            bucket.0 += if kind == Kind::Failed { row.events } else { 0 };
            bucket.1 += row.events;
        }
        let mut pools: Vec<Pool> = pools
            .into_iter()
            .filter_map(|(name, gathered)| gathered.judge(name))
            .collect();
        let rank = |pool: &Pool| (pool.tally.failed, pool.tally.events());
        pools.sort_by(|one, other| {
            rank(other)
                .cmp(&rank(one))
                .then_with(|| one.name.cmp(&other.name))
        });
        Self {
            total,
            pools,
            span,
            intake,
        }
    }
}

fn widen(span: &mut Option<(Moment, Moment)>, row: &Row) {
    let (first, last) = span.unwrap_or((row.first_seen, row.last_seen));
    *span = Some((first.min(row.first_seen), last.max(row.last_seen)));
}

impl Gathered<'_> {
    fn judge(self, name: &str) -> Option<Pool> {
        // Of equals the first: the class that stands first in the table, the earlier bucket.
        let worst = self
            .classes
            .iter()
            .rev()
            .max_by_key(|&(class, &events)| (class.kind() == Kind::Failed, events))
            .map(|(&class, &events)| (class, events))?;
        let busiest = self
            .buckets
            .iter()
            .rev()
            .max_by_key(|&(_, &counts)| counts)
            .map(|(&bucket, &(failed, events))| {
                (bucket, if failed > 0 { failed } else { events })
            })?;
        Some(Pool {
            name: name.to_owned(),
            tally: self.tally,
            peer: most(&self.peers, worst.0),
            server: most(&self.servers, worst.0),
            worst,
            busiest,
            span: self.span?,
        })
    }
}

/// The name that counts most in a class; of equals the first.
fn most(counts: &BTreeMap<(Class, &str), u64>, class: Class) -> Option<String> {
    let of_class = counts
        .iter()
        .rev()
        .filter(|((other, _), _)| *other == class);
    let most = of_class.max_by_key(|&(_, &events)| events);
    most.map(|(&(_, name), _)| name.to_owned())
}
