use std::collections::{BTreeMap, BTreeSet};
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
    /// There are few of them, however many rows.
    kinds: Vec<(Kind, Vec<(Moment, u64)>)>,
    zone: Zone,
}

/// Events that have all but their time in common.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Kind {
    class: Class,
    phase: Option<Phase>,
    peer: Option<String>,
    address: Option<Address>,
    pool: String,
}

/// NGINX logs no parts of a second.
const SECOND: i64 = 1_000_000;

/// Events of some kinds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    /// How many.
    pub events: u64,
    /// Of which classes.
    pub classes: BTreeSet<Class>,
    /// The last one.
    pub last: Moment,
}

impl Logged {
    /// Narrow buckets make it easier to tell what was before a change of the configuration.
    pub fn new(rows: Vec<Row>, zone: Zone) -> Self {
        let mut kinds: BTreeMap<Kind, Vec<(Moment, u64)>> = BTreeMap::new();
        for row in rows {
            let kind = Kind {
                class: row.class,
                phase: row.phase,
                address: row.peer.as_deref().and_then(address),
                peer: row.peer.as_deref().map(str::to_owned),
                pool: row.pool.to_string(),
            };
            kinds
                .entry(kind)
                .or_default()
                .push((row.last_seen, row.events));
        }
        Self {
            kinds: kinds.into_iter().collect(),
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
        self.seen(classes, since, |kind| {
            kind.address.as_ref().is_some_and(&is_peer)
        })
    }

    /// The kinds of events of which the peer's address is known, each by its number.
    pub(super) fn addresses(&self) -> impl Iterator<Item = (usize, &Address)> {
        let kinds = self.kinds.iter().enumerate();
        kinds.filter_map(|(at, (kind, _))| Some((at, kind.address.as_ref()?)))
    }

    /// The events of these classes among kinds with these numbers, after `since`.
    pub(super) fn of_kinds(
        &self,
        numbers: impl Iterator<Item = usize>,
        classes: &[Class],
        since: Option<Moment>,
    ) -> Option<Seen> {
        let kinds = numbers.map(|at| &self.kinds[at]);
        Seen::sum(
            kinds.filter(|(kind, _)| classes.contains(&kind.class)),
            since,
        )
    }

    /// The events of these classes in an upstream block of this name.
    pub(super) fn of_upstream(
        &self,
        name: &str,
        classes: &[Class],
        since: Option<Moment>,
    ) -> Option<Seen> {
        self.seen(classes, since, |kind| {
            kind.peer.as_deref() == Some(name) || kind.pool == name
        })
    }

    /// The events of these classes about a host's name, with a port or without.
    pub(super) fn of_name(&self, host: &str, classes: &[Class]) -> Option<Seen> {
        self.seen(classes, None, |kind| {
            let peer = kind.peer.as_deref().unwrap_or_default();
            peer == host || peer.rsplit_once(':').is_some_and(|(name, _)| name == host)
        })
    }

    /// The address with the most failed attempts after `since`, of those that `is_known` does not know.
    pub(super) fn other_peer(
        &self,
        is_known: impl Fn(&Address) -> bool,
        since: Moment,
    ) -> Option<(&str, Seen)> {
        let after = Some(Moment(since.0 - SECOND));
        let kinds = self.kinds.iter().filter(|(kind, _)| {
            let address = kind.address.as_ref();
            kind.phase == Some(Phase::Connect) && address.is_some_and(|address| !is_known(address))
        });
        let seen = kinds.filter_map(|of| {
            let seen = Seen::sum(std::iter::once(of), after)?;
            Some((of.0.peer.as_deref()?, seen))
        });
        seen.max_by_key(|(_, seen)| seen.events)
    }

    /// All events of these classes.
    pub(super) fn of_all(&self, classes: &[Class], since: Option<Moment>) -> Option<Seen> {
        self.seen(classes, since, |_| true)
    }

    fn seen(
        &self,
        classes: &[Class],
        since: Option<Moment>,
        is_meant: impl Fn(&Kind) -> bool,
    ) -> Option<Seen> {
        let is_meant = |kind: &Kind| classes.contains(&kind.class) && is_meant(kind);
        Seen::sum(self.kinds.iter().filter(|(kind, _)| is_meant(kind)), since)
    }
}

impl Seen {
    fn sum<'a>(
        kinds: impl Iterator<Item = &'a (Kind, Vec<(Moment, u64)>)>,
        since: Option<Moment>,
    ) -> Option<Self> {
        let times =
            kinds.flat_map(|(kind, times)| times.iter().map(move |&time| (kind.class, time)));
        let times = times.filter(|(_, (last, _))| since.is_none_or(|since| *last > since));
        times.fold(None, |seen: Option<Self>, (class, (last, events))| {
            let mut seen = seen.unwrap_or(Self {
                events: 0,
                classes: BTreeSet::new(),
                last,
            });
            seen.events += events;
            seen.classes.insert(class);
            seen.last = seen.last.max(last);
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
    use crate::rollup::{Clients, Minutes};

    /// A row as the rollup gives it.
    pub(in crate::doctor) fn row(
        class: Class,
        peer: Option<&str>,
        events: u64,
        last_seen: i64,
    ) -> Row {
        Row {
            bucket: Moment(last_seen),
            pool: peer.unwrap_or("(unknown)").into(),
            host: "".into(),
            class,
            phase: None,
            os_error: None,
            level: None,
            status: None,
            scheme: None,
            peer: peer.map(Into::into),
            server: None,
            events,
            clients: Clients::default(),
            minutes: Minutes::default(),
            first_seen: Moment(last_seen),
            last_seen: Moment(last_seen),
            example: None,
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
