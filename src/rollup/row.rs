use std::cmp::Ordering;
use std::sync::Arc;

use crate::record::{Level, Moment, OsError};
use crate::taxonomy::{Class, Phase};

use super::{Clients, Minutes, OTHER};

/// One row of the rollup: the events of one bucket that have everything else in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Where the bucket begins.
    pub bucket: Moment,
    /// The pool's name.
    pub pool: Arc<str>,
    /// The machine whose log it is.
    pub host: Arc<str>,
    /// The class.
    pub class: Class,
    /// Where in the exchange.
    pub phase: Option<Phase>,
    /// The system's error.
    pub os_error: Option<OsError>,
    /// NGINX's level; `None` for a message that was quoted without it.
    pub level: Option<Level>,
    /// What the client was sent.
    pub status: Option<u16>,
    /// The upstream's protocol.
    pub scheme: Option<Arc<str>>,
    /// The address tried.
    pub peer: Option<Arc<str>>,
    /// The `server_name`.
    pub server: Option<Arc<str>>,
    /// How many events.
    pub events: u64,
    /// From which clients.
    pub clients: Clients,
    /// In which minutes of the bucket.
    pub minutes: Minutes,
    /// The first of the events.
    pub first_seen: Moment,
    /// The last of the events.
    pub last_seen: Moment,
    /// A record of the class and pool in the bucket, cut at 512 bytes: in the row that counts it, and for failures
    /// only.
    pub example: Option<String>,
}

impl Row {
    /// How rows are sorted: by bucket and pool, and by the rest of what tells them apart.
    pub fn order(&self, other: &Self) -> Ordering {
        let key = |row: &Self| (row.class, row.phase, row.os_error, row.level, row.status);
        let by_bucket = self.bucket.cmp(&other.bucket);
        by_bucket
            .then_with(|| self.pool.cmp(&other.pool))
            .then_with(|| self.host.cmp(&other.host))
            .then_with(|| key(self).cmp(&key(other)))
            .then_with(|| self.scheme.cmp(&other.scheme))
            .then_with(|| self.peer.cmp(&other.peer))
            .then_with(|| self.server.cmp(&other.server))
    }

    /// About how many bytes it takes.
    pub fn weight(&self) -> usize {
        let own = size_of::<Self>() + self.example.as_ref().map_or(0, String::len);
        own + self.clients.allocated() + self.minutes.allocated()
    }

    /// Whether it has lost the name of its pool, peer or server, because there were too many of these.
    pub fn has_other_name(&self) -> bool {
        let names = [Some(&self.pool), self.peer.as_ref(), self.server.as_ref()];
        names.into_iter().flatten().any(|name| **name == *OTHER)
    }

    /// Adds what another row has counted, from which nothing tells it apart.
    pub(super) fn add(&mut self, other: &Self) {
        self.clients.merge(&other.clients);
        self.add_but_clients(other);
    }

    pub(super) fn add_but_clients(&mut self, other: &Self) {
        self.events += other.events;
        self.minutes.merge(&other.minutes);
        self.first_seen = self.first_seen.min(other.first_seen);
        self.last_seen = self.last_seen.max(other.last_seen);
    }
}
