use crate::record::{Level, Moment, OsError, Text};
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
    /// About how many bytes it takes, its place in a table included.
    pub(super) fn weight(&self) -> usize {
        let own = size_of::<Self>() + 2 * size_of::<usize>();
        own + self.texts.len() + self.clients.allocated() + self.minutes.allocated()
    }

    /// Makes of its texts what is read of them.
    pub(super) fn read_as_text(&mut self) {
        let texts = self.texts();
        if texts
            .iter()
            .flatten()
            .all(|text| str::from_utf8(text).is_ok())
        {
            return;
        }
        let texts = texts.map(|text| Some(Text(text?).to_string()));
        self.key.lengths = [0, 1, 2, 3, 4].map(|at: usize| Some(texts[at].as_ref()?.len() as u32));
        let texts: Vec<String> = texts.into_iter().flatten().collect();
        self.texts = texts.concat().into_bytes().into();
    }

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
