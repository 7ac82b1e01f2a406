use std::collections::BTreeMap;

use crate::rollup::Row;
use crate::taxonomy::{Class, Kind};

/// What many rows come to in one line; a [`Summary`](super::Summary) takes much longer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gist {
    /// The failures of all pools.
    pub failed: u64,
    /// How many pools there are.
    pub pools: u64,
    /// The pool with the most failures, and the class that counts most there, with its events.
    pub worst: (String, Class, u64),
}

impl Gist {
    /// Of no rows there is none.
    pub fn of(rows: &[Row]) -> Option<Self> {
        let mut pools: BTreeMap<&str, BTreeMap<Class, u64>> = BTreeMap::new();
        for rows in rows.chunk_by(|one, other| one.pool == other.pool) {
            let classes = pools.entry(&rows[0].pool).or_default();
            for row in rows {
                *classes.entry(row.class).or_default() += row.events;
            }
        }
        let is_failure = |class: &Class| class.kind() == Kind::Failed;
        let failed = |classes: &BTreeMap<Class, u64>| -> u64 {
            let failed = classes.iter().filter(|(class, _)| is_failure(class));
            failed.map(|(_, events)| events).sum()
        };
        // Of equals the first.
        let backwards = pools.iter().rev();
        let (name, classes) = backwards
            .max_by_key(|(_, classes)| (failed(classes), classes.values().sum::<u64>()))?;
        let backwards = classes.iter().rev();
        let (class, events) =
            backwards.max_by_key(|&(class, events)| (is_failure(class), events))?;
        Some(Self {
            failed: pools.values().map(failed).sum(),
            pools: pools.len() as u64,
            worst: ((*name).to_owned(), *class, *events),
        })
    }
}
