use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::record::Moment;
use crate::rollup::{ClientsTogether, Row};
use crate::taxonomy::{Class, Kind};

use super::{Tally, most_first};

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

/// What the rows of a pool, or of all, come to.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    tally: Tally,
    clients: ClientsTogether,
    statuses: BTreeMap<Option<u16>, u64>,
    classes: BTreeMap<Class, u64>,
    peers: Names,
    servers: Names,
    /// Failures, and all events: in this order buckets are compared.
    buckets: BTreeMap<Moment, (u64, u64)>,
    span: Option<(Moment, Moment)>,
}

/// The events of each name, by class.
type Names = BTreeMap<String, BTreeMap<Class, u64>>;

impl Gathered {
    pub(super) fn add(&mut self, row: &Row) {
        let kind = row.class.kind();
        let failed = if kind == Kind::Failed { row.events } else { 0 };
        self.tally.add(kind, row.events);
        *self.classes.entry(row.class).or_default() += row.events;
        add_name(&mut self.peers, row.peer.as_deref(), row);
        add_name(&mut self.servers, row.server.as_deref(), row);
        let bucket = self.buckets.entry(row.bucket).or_default();
        bucket.0 += failed;
        bucket.1 += row.events;
        if failed > 0 {
            *self.statuses.entry(row.status).or_default() += failed;
            self.clients.add(&row.clients);
        }
        let (first, last) = self.span.unwrap_or((row.first_seen, row.last_seen));
        self.span = Some((first.min(row.first_seen), last.max(row.last_seen)));
    }

    /// Nothing, where there were no rows.
    pub(super) fn judge(self, name: &str) -> Option<Pool> {
        let mut classes = most_first(self.classes);
        classes.sort_by_key(|&(class, events)| {
            (Reverse(class.kind() == Kind::Failed), Reverse(events))
        });
        let worst = *classes.first()?;
        // Of equals the earlier one.
        let buckets = self.buckets.iter().rev();
        let busiest = buckets.max_by_key(|&(_, &counts)| counts);
        let busiest = busiest.map(|(&bucket, &(failed, events))| {
            (bucket, if failed > 0 { failed } else { events })
        })?;
        let most = |names: &Names| {
            let of_class = names
                .iter()
                .filter_map(|(name, classes)| Some((name, *classes.get(&worst.0)?)));
            let most = of_class.rev().max_by_key(|&(_, events)| events);
            most.map(|(name, _)| name.clone())
        };
        Some(Pool {
            name: name.to_owned(),
            tally: self.tally,
            clients: self.clients.estimate(),
            statuses: self.statuses,
            peer: most(&self.peers),
            server: most(&self.servers),
            peers: that_failed(self.peers),
            servers: that_failed(self.servers),
            classes,
            worst,
            buckets: self
                .buckets
                .into_iter()
                .filter(|(_, (failed, _))| *failed > 0)
                .map(|(bucket, (failed, _))| (bucket, failed))
                .collect(),
            busiest,
            span: self.span?,
        })
    }
}

fn add_name(names: &mut Names, name: Option<&str>, row: &Row) {
    let Some(name) = name.filter(|name| !name.is_empty()) else {
        return;
    };
    let classes = match names.get_mut(name) {
        Some(classes) => classes,
        None => names.entry(name.to_owned()).or_default(),
    };
    *classes.entry(row.class).or_default() += row.events;
}

/// The names that have failures, the worst first.
fn that_failed(names: Names) -> Vec<(String, u64)> {
    let failures = |classes: BTreeMap<Class, u64>| {
        let failed = classes.iter();
        let failed = failed.filter(|(class, _)| class.kind() == Kind::Failed);
        failed.map(|(_, events)| events).sum::<u64>()
    };
    let names = names
        .into_iter()
        .map(|(name, classes)| (name, failures(classes)));
    most_first(names.filter(|(_, failed)| *failed > 0).collect())
}
