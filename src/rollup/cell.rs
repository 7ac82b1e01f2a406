use crate::record::{Level, Moment, OsError, Text};
use crate::taxonomy::{Class, Phase};

use super::Minutes;
use super::clients::Gathering;

/// The events of one bucket that have everything else in common.
///
/// What each event touches stands together at the beginning: an hour's cells are more than a core's caches hold.
#[derive(Debug, Clone)]
#[repr(C)]
pub(super) struct Cell {
    pub(super) events: u64,
    pub(super) first_seen: Moment,
    pub(super) last_seen: Moment,
    /// The lowest of its failures, by which the example is chosen.
    pub(super) lot: u64,
    pub(super) clients: Gathering,
    pub(super) minutes: Minutes,
    pub(super) key: Key,
    pub(super) hash: u64,
    pub(super) texts: Box<[u8]>,
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
    pub(super) lengths: [Length; 5],
}

/// How long a text is, if there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Length {
    and_one: u32,
}

impl Length {
    pub(super) fn of(text: Option<&[u8]>) -> Self {
        Self {
            and_one: text.map_or(0, |text| text.len() as u32 + 1),
        }
    }

    fn get(self) -> Option<usize> {
        self.and_one.checked_sub(1).map(|length| length as usize)
    }
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
        let length = |at: usize| Length::of(texts[at].as_ref().map(String::as_bytes));
        self.key.lengths = [0, 1, 2, 3, 4].map(length);
        let texts: Vec<String> = texts.into_iter().flatten().collect();
        self.texts = texts.concat().into_bytes().into();
    }

    /// Its texts, in the order of their lengths.
    pub(super) fn texts(&self) -> [Option<&[u8]>; 5] {
        let mut rest = &*self.texts;
        self.key.lengths.map(|length| {
            let (text, behind) = rest.split_at(length.get()?);
            rest = behind;
            Some(text)
        })
    }
}
