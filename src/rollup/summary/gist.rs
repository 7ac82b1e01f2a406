use std::collections::BTreeMap;
use std::sync::Arc;

use crate::rollup::Row;
use crate::taxonomy::{Class, Kind};

/// What many rows come to in one line; a [`Summary`](super::Summary) takes much longer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gist {
    rows: u64,
    others: u64,
    /// The events of each pool, by class.
    pools: BTreeMap<Arc<str>, BTreeMap<Class, u64>>,
}

impl Gist {
    /// Adds rows.
    pub fn add(&mut self, rows: &[Row]) {
        self.rows += rows.len() as u64;
        for rows in rows.chunk_by(|one, other| one.pool == other.pool) {
            let classes = match self.pools.get_mut(&rows[0].pool) {
                Some(classes) => classes,
                None => self.pools.entry(Arc::clone(&rows[0].pool)).or_default(),
            };
            for row in rows {
                if row.has_other_name() {
                    self.others += row.events;
                }
                *classes.entry(row.class).or_default() += row.events;
            }
        }
    }

    /// How many rows there are.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// How many events have lost the name of their pool, peer or server, because there were too many of these.
    pub fn others(&self) -> u64 {
        self.others
    }

    /// The failures of all pools.
    pub fn failed(&self) -> u64 {
        self.pools.values().map(failed).sum()
    }

    /// How many pools there are.
    pub fn pools(&self) -> u64 {
        self.pools.len() as u64
    }

    /// The pool with the most failures, and the class that counts most there, with its events.
    pub fn worst(&self) -> Option<(&str, Class, u64)> {
        // Of equals the first.
        let backwards = self.pools.iter().rev();
        let (pool, classes) = backwards
            .max_by_key(|(_, classes)| (failed(classes), classes.values().sum::<u64>()))?;
        let backwards = classes.iter().rev();
        let (class, events) =
            backwards.max_by_key(|&(class, events)| (is_failure(class), events))?;
        Some((pool, *class, *events))
    }
}

fn is_failure(class: &Class) -> bool {
    class.kind() == Kind::Failed
}

fn failed(classes: &BTreeMap<Class, u64>) -> u64 {
    let failed = classes.iter().filter(|(class, _)| is_failure(class));
    failed.map(|(_, events)| events).sum()
}
