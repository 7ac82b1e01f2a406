use crate::record::{Level, Moment, OsError};
use crate::taxonomy::{Class, Phase};

use super::{Clients, Minutes};

/// The events of one bucket that have everything else in common.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    pub(super) hash: u64,
    pub(super) key: Key,
    pub(super) texts: Box<[u8]>,
    pub(super) events: u64,
    pub(super) clients: Clients,
    pub(super) minutes: Minutes,
    /// The lowest of its failures, by which the example is chosen.
    pub(super) lot: u64,
    pub(super) first_seen: Moment,
    pub(super) last_seen: Moment,
}

/// What an event is counted under, but for its texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) bucket: i64,
    pub(super) class: Class,
    pub(super) phase: Option<Phase>,
    pub(super) os_error: Option<OsError>,
    pub(super) level: Option<Level>,
    pub(super) status: Option<u16>,
    /// Lengths of host, pool, scheme, peer and server, whose bytes stand behind each other.
    pub(super) lengths: [Option<u32>; 5],
}

impl Cell {
    /// Its texts, in the order of their lengths.
    pub(super) fn texts(&self) -> [Option<&[u8]>; 5] {
        let mut rest = &*self.texts;
        self.key.lengths.map(|length| {
            let (text, behind) = rest.split_at(length? as usize);
            rest = behind;
            Some(text)
        })
    }
}
