use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use chrono::NaiveDateTime;

use crate::config::Address;
use crate::record::{Moment, Zone};
use crate::rollup::Row;
use crate::taxonomy::{Class, Phase};

/// What the logs say, if any were read.
#[derive(Debug, Default)]
pub struct Logged {
    rows: Vec<(Option<Address>, Row)>,
    zone: Zone,
}

/// NGINX logs no parts of a second.
const SECOND: i64 = 1_000_000;

/// Events of some kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    /// How many.
    pub events: u64,
    /// Of which classes.
    pub classes: BTreeSet<Class>,
    /// The last one.
    pub last: Moment,
}

impl Seen {
    fn none(before: &Row) -> Self {
        Self {
            events: 0,
            classes: BTreeSet::new(),
            last: before.last_seen,
        }
    }
}

impl Logged {
    /// Narrow buckets make it easier to tell what was before a change of the configuration.
    pub fn new(rows: Vec<Row>, zone: Zone) -> Self {
        let rows = rows
            .into_iter()
            .map(|row| (row.peer.as_deref().and_then(address), row));
        Self {
            rows: rows.collect(),
            zone,
        }
    }

    /// A moment as the log would write it.
    pub(super) fn time(&self, moment: Moment) -> String {
        self.zone
            .local(moment)
            .format("%Y-%m-%d %H:%M:%S")
            .to_string()
    }

    /// The same as a date and time without zone, as PHP-FPM's log has them.
    pub(super) fn local(&self, moment: Moment) -> NaiveDateTime {
        self.zone.local(moment)
    }

    /// The events of these classes whose peer is one that `is_peer` knows, after `since`.
    pub(super) fn of_peer(
        &self,
        is_peer: impl Fn(&Address) -> bool,
        classes: &[Class],
        since: Option<Moment>,
    ) -> Option<Seen> {
        self.seen(classes, since, |peer, _| peer.is_some_and(&is_peer))
    }

    /// The events of these classes in an upstream block of this name.
    pub(super) fn of_upstream(
        &self,
        name: &str,
        classes: &[Class],
        since: Option<Moment>,
    ) -> Option<Seen> {
        self.seen(classes, since, |_, row| {
            row.peer.as_deref() == Some(name) || row.pool == name
        })
    }

    /// The events of these classes about a host's name, with a port or without.
    pub(super) fn of_name(&self, host: &str, classes: &[Class]) -> Option<Seen> {
        self.seen(classes, None, |_, row| {
            let peer = row.peer.as_deref().unwrap_or_default();
            peer == host || peer.rsplit_once(':').is_some_and(|(name, _)| name == host)
        })
    }

    /// The address with the most failed attempts after `since`, of those that `is_known` does not know.
    pub(super) fn other_peer(
        &self,
        is_known: impl Fn(&Address) -> bool,
        since: Moment,
    ) -> Option<(&str, Class, Seen)> {
        let rows = self.rows.iter().filter(|(peer, row)| {
            let is_connect = row.phase == Some(Phase::Connect);
            is_connect
                && row.last_seen.0 + SECOND > since.0
                && peer.as_ref().is_some_and(|peer| !is_known(peer))
        });
        let (_, row) = rows.max_by_key(|(_, row)| row.events)?;
        let seen = Seen {
            events: row.events,
            classes: BTreeSet::from([row.class]),
            last: row.last_seen,
        };
        Some((row.peer.as_deref()?, row.class, seen))
    }

    /// All events of these classes.
    pub(super) fn of_all(&self, classes: &[Class], since: Option<Moment>) -> Option<Seen> {
        self.seen(classes, since, |_, _| true)
    }

    fn seen(
        &self,
        classes: &[Class],
        since: Option<Moment>,
        is_meant: impl Fn(Option<&Address>, &Row) -> bool,
    ) -> Option<Seen> {
        let rows = self.rows.iter().filter(|(peer, row)| {
            classes.contains(&row.class)
                && since.is_none_or(|since| row.last_seen > since)
                && is_meant(peer.as_ref(), row)
        });
        rows.fold(None, |seen: Option<Seen>, (_, row)| {
            let mut seen = seen.unwrap_or_else(|| Seen::none(row));
            seen.events += row.events;
            seen.classes.insert(row.class);
            seen.last = seen.last.max(row.last_seen);
            Some(seen)
        })
    }
}

/// A peer as NGINX logs it.
fn address(peer: &str) -> Option<Address> {
    match peer.strip_prefix("unix:") {
        Some(path) => Some(Address::Unix(path.into())),
        None => peer.parse::<SocketAddr>().ok().map(Address::Inet),
    }
}

/// When a file was written last.
pub(super) fn moment(time: SystemTime) -> Moment {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    Moment(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A row as the rollup gives it.
    pub(in crate::doctor) fn row(
        class: Class,
        peer: Option<&str>,
        events: u64,
        last_seen: i64,
    ) -> Row {
        Row {
            bucket: Moment(last_seen),
            pool: peer.unwrap_or("(unknown)").to_owned(),
            host: String::new(),
            class,
            phase: None,
            os_error: None,
            level: None,
            status: None,
            scheme: None,
            peer: peer.map(str::to_owned),
            server: None,
            events,
            clients: 1,
            clients_sketch: Vec::new(),
            first_seen: Moment(last_seen),
            last_seen: Moment(last_seen),
        }
    }

    #[test]
    fn what_was_before_a_change_does_not_count() {
        let peer = Some("unix:/run/a.sock");
        let logged = Logged::new(
            vec![
                row(Class::BacklogFull, peer, 3, 10),
                row(Class::BacklogFull, peer, 4, 20),
                row(Class::BacklogFull, Some("127.0.0.1:9000"), 8, 30),
                row(Class::ResponseTimeout, peer, 16, 40),
            ],
            Zone::default(),
        );
        let socket = Address::Unix("/run/a.sock".into());
        let seen = |since| {
            let seen = logged.of_peer(|peer| *peer == socket, &[Class::BacklogFull], since)?;
            Some((seen.events, seen.last))
        };
        assert_eq!(seen(None), Some((7, Moment(20))));
        assert_eq!(seen(Some(Moment(10))), Some((4, Moment(20))));
        assert_eq!(seen(Some(Moment(20))), None);
    }
}
