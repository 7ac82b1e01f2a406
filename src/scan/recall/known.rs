use std::ops::Range;

use crate::record::{OsError, Parts, Record, place};
use crate::taxonomy::{Class, Phase, Verdict};

use super::places::LONGEST;

/// What is known of a record.
pub(super) struct Known {
    pub(super) sort: u64,
    pub(super) texts: Vec<u8>,
    pub(super) parts: Parts,
    /// `None`: it is no event.
    pub(super) meaning: Option<Meaning>,
    /// Others do not have it.
    pub(super) number: u64,
}

/// A verdict that borrows nothing, and the pool.
pub(super) struct Meaning {
    class: Class,
    phase: Option<Phase>,
    os_error: Option<OsError>,
    status: Option<u16>,
    peer: Peer,
    pool: Box<[u8]>,
    /// Whether a rule of the operator names the pool.
    is_named: bool,
}

/// Where the peer's name is found.
enum Peer {
    Nowhere,
    Upstream,
    Statement(Range<usize>),
}

impl Known {
    /// What a record like that means, and its pool.
    pub(super) fn verdict<'a>(&'a self, record: &Record<'a>) -> Option<(Verdict<'a>, &'a [u8])> {
        let meaning = self.meaning.as_ref()?;
        let upstream = record.tail.upstream.and_then(|upstream| upstream.peer);
        Some(meaning.verdict(upstream, record.statement))
    }
}

impl Meaning {
    /// The verdict about a record with this peer in its `upstream` field, and the pool.
    pub(super) fn verdict<'a>(
        &'a self,
        upstream: Option<&'a [u8]>,
        statement: &'a [u8],
    ) -> (Verdict<'a>, &'a [u8]) {
        let peer = match &self.peer {
            Peer::Nowhere => None,
            Peer::Upstream => upstream,
            Peer::Statement(place) => Some(&statement[place.clone()]),
        };
        let verdict = Verdict {
            class: self.class,
            phase: self.phase,
            os_error: self.os_error,
            status: self.status,
            peer,
            pool: self.is_named.then_some(&*self.pool),
        };
        (verdict, &self.pool)
    }

    pub(super) fn of(record: &Record<'_>, verdict: &Verdict<'_>, pool: &[u8]) -> Option<Self> {
        if pool.len() > LONGEST {
            return None;
        }
        let upstream = record.tail.upstream.and_then(|upstream| upstream.peer);
        let peer = match verdict.peer {
            None => Peer::Nowhere,
            peer if peer == upstream => Peer::Upstream,
            Some(peer) => Peer::Statement(place(record.statement, peer)?),
        };
        Some(Self {
            class: verdict.class,
            phase: verdict.phase,
            os_error: verdict.os_error,
            status: verdict.status,
            peer,
            pool: pool.into(),
            is_named: verdict.pool.is_some(),
        })
    }
}
