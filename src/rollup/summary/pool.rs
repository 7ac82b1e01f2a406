use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::record::Moment;
use crate::taxonomy::{Class, Kind};

use super::{Row, Tally, most_first};

/// What happened to one pool.
#[derive(Debug, Clone)]
pub struct Pool {
    /// Its name.
    pub name: String,
    /// Its events.
    pub tally: Tally,
    /// How many clients saw its failures.
    pub clients: u64,
    /// Its failures by the status that their clients were sent.
    pub statuses: BTreeMap<Option<u16>, u64>,
    /// Its classes, failures first, the commonest first.
    pub classes: Vec<(Class, u64)>,
    /// The class that counts most: of the failures if there are any, else of what there is.
    pub worst: (Class, u64),
    /// The address that the most events of this class are about, if one is known.
    pub peer: Option<String>,
    /// The site that has the most events of this class, if one is named.
    pub server: Option<String>,
    /// The peers that failed, the worst first.
    pub peers: Vec<(String, u64)>,
    /// The servers for which it failed, the worst first.
    pub servers: Vec<(String, u64)>,
    /// Its failures by bucket.
    pub buckets: BTreeMap<Moment, u64>,
    /// The bucket with the most failures (or events, where nothing failed).
    pub busiest: (Moment, u64),
    /// Its first and its last event.
    pub span: (Moment, Moment),
}

/// The rows of a pool, or of all.
#[derive(Default)]
pub(super) struct Gathered<'a> {
    rows: Vec<&'a Row>,
}

impl<'a> Gathered<'a> {
    pub(super) fn add(&mut self, row: &'a Row) {
        self.rows.push(row);
    }

    fn failed(&self) -> impl Iterator<Item = &'a Row> + Clone {
        let rows = self.rows.iter().copied();
        rows.filter(|row| row.class.kind() == Kind::Failed)
    }

    /// What they come to; nothing, where there are none.
    pub(super) fn judge(self, name: &str, clients: fn(&[&Row]) -> u64) -> Option<Pool> {
        let rows = &self.rows;
        let mut tally = Tally::default();
        for row in rows {
            tally.add(row.class.kind(), row.events);
        }
        let mut classes = most_first(counts(rows.iter().copied(), |row| Some(row.class)));
        classes.sort_by_key(|&(class, events)| {
            (Reverse(class.kind() == Kind::Failed), Reverse(events))
        });
        let worst = *classes.first()?;
        let of_class = || rows.iter().copied().filter(|row| row.class == worst.0);
        let most = |name: fn(&Row) -> Option<&str>| {
            let most = most_first(counts(of_class(), name)).into_iter().next();
            most.map(|(name, _)| name.to_owned())
        };
        let owned = |counts: BTreeMap<&str, u64>| {
            let counts = most_first(counts).into_iter();
            counts
                .map(|(name, events)| (name.to_owned(), events))
                .collect()
        };
        let buckets = counts(self.failed(), |row| Some(row.bucket));
        let all_buckets = counts(rows.iter().copied(), |row| Some(row.bucket));
        // Of equals the earlier one.
        let busiest = all_buckets
            .iter()
            .rev()
            .map(|(&bucket, &events)| (bucket, buckets.get(&bucket).copied().unwrap_or(0), events))
            .max_by_key(|&(_, failed, events)| (failed, events))
            .map(|(bucket, failed, events)| (bucket, if failed > 0 { failed } else { events }))?;
        Some(Pool {
            name: name.to_owned(),
            tally,
            clients: clients(&self.failed().collect::<Vec<_>>()),
            statuses: counts(self.failed(), |row| Some(row.status)),
            peer: most(peer),
            server: most(server),
            peers: owned(counts(self.failed(), peer)),
            servers: owned(counts(self.failed(), server)),
            classes,
            worst,
            buckets,
            busiest,
            span: (
                rows.iter().map(|row| row.first_seen).min()?,
                rows.iter().map(|row| row.last_seen).max()?,
            ),
        })
    }
}

fn peer(row: &Row) -> Option<&str> {
    row.peer.as_deref().filter(|peer| !peer.is_empty())
}

fn server(row: &Row) -> Option<&str> {
    row.server.as_deref().filter(|server| !server.is_empty())
}

/// Events by what `key` says of their rows.
fn counts<'a, K: Ord>(
    rows: impl Iterator<Item = &'a Row>,
    key: impl Fn(&'a Row) -> Option<K>,
) -> BTreeMap<K, u64> {
    let mut counts = BTreeMap::new();
    for row in rows {
        if let Some(key) = key(row) {
            *counts.entry(key).or_default() += row.events;
        }
    }
    counts
}
