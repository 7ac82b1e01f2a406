//! What is known of records that say the same as one before.
//!
//! An error log says the same again and again: what a record means, and which pool it is about, follows from its
//! level, its statement, and some of its fields. Time, ids, client and request change nothing about that.

use std::hash::{BuildHasher, Hasher};
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use foldhash::fast::RandomState;

use crate::record::{OsError, Outline, Parts, Record, place};
use crate::taxonomy::{Class, Phase, Verdict, names_upstream};

/// The records that were met last, each at the place that its hash gives it.
pub(super) struct Recall {
    hasher: RandomState,
    known: Vec<Option<Box<Known>>>,
    /// The hashes of those that were met, but not remembered yet: most that come twice come often, and what comes
    /// once drives nothing away.
    met: Vec<u16>,
    /// The next number to be given away.
    next: u64,
}

/// So many are remembered.
const PLACES: usize = 1 << 14;

/// How many there are that give numbers away. Theirs differ.
static RECALLS: AtomicU64 = AtomicU64::new(0);

/// Nobody gives away more numbers than have so many bits.
const NUMBER_BITS: u32 = 40;

/// Of a text's length, or one more.
const LENGTH_BITS: u32 = 10;

/// Tells brief marks from others.
const BRIEF: u64 = 1 << 40;

/// Longer texts hardly ever come twice.
const LONGEST: usize = 512;

/// What is known of a record.
pub(super) struct Known {
    sort: u64,
    texts: Vec<u8>,
    parts: Parts,
    /// `None`: it is no event.
    meaning: Option<Meaning>,
    number: u64,
}

/// A verdict that borrows nothing, and the pool.
struct Meaning {
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

/// What a record is recognised by.
pub(super) struct Mark<'a> {
    hash: u64,
    /// Its level, which fields it has, and how long the texts are.
    sort: u64,
    /// Statement, upstream as far as the peer goes, server, host.
    texts: [Option<&'a [u8]>; 4],
}

impl<'a> Mark<'a> {
    /// `None` for a record that is not like most: how it is read may depend on more than on what is compared.
    fn new(outline: &Outline<'a>, hasher: &RandomState) -> Option<Self> {
        let record = outline.known();
        let (head, tail) = (&record.head, &record.tail);
        if !outline.is_whole() {
            return None;
        }
        let upstream = match tail.upstream {
            Some(upstream) => {
                let peer = place(upstream.value, upstream.peer?)?;
                Some(&upstream.value[..peer.end])
            }
            None => None,
        };
        let texts = [Some(record.statement), upstream, tail.server, record.host];
        let has = [
            head.has_process(),
            head.has_connection(),
            tail.client.is_some(),
            tail.request.is_some(),
            tail.subrequest.is_some(),
            tail.upstream.is_none() && names_upstream(head),
        ];
        let mut sort = head.level.map_or(0, |level| 1 + level as u64);
        for has in has {
            sort = sort << 1 | u64::from(has);
        }
        for text in texts {
            let length = text.map_or(0, |text| 1 + text.len());
            if length > LONGEST {
                return None;
            }
            sort = sort << LENGTH_BITS | length as u64;
        }
        let mut hasher = hasher.build_hasher();
        hasher.write_u64(sort);
        texts.iter().flatten().for_each(|text| hasher.write(text));
        Some(Self {
            hash: hasher.finish(),
            sort,
            texts,
        })
    }

    /// Of a record whose statement tells that it is no event, whatever fields follow: none of them is an upstream.
    fn brief(outline: &Outline<'a>, hasher: &RandomState) -> Option<Self> {
        let record = outline.known();
        let (head, statement) = (&record.head, record.statement);
        let length = statement.len();
        let is_of_upstream = || statement.ends_with(b"upstream") || names_upstream(head);
        if length > LONGEST || is_of_upstream() || !outline.has_client() {
            return None;
        }
        let mut sort = BRIEF | head.level.map_or(0, |level| 1 + level as u64);
        for has in [head.has_process(), head.has_connection()] {
            sort = sort << 1 | u64::from(has);
        }
        let sort = sort << LENGTH_BITS | length as u64;
        let mut hasher = hasher.build_hasher();
        hasher.write_u64(sort);
        hasher.write(statement);
        Some(Self {
            hash: hasher.finish(),
            sort,
            texts: [Some(statement), None, None, None],
        })
    }

    fn place(&self) -> usize {
        self.hash as usize % PLACES
    }
}

impl Recall {
    pub(super) fn new() -> Self {
        Self {
            hasher: RandomState::default(),
            known: Vec::new(),
            met: Vec::new(),
            next: RECALLS.fetch_add(1, Ordering::Relaxed) << NUMBER_BITS,
        }
    }

    /// What a record is recognised by that may turn out to be no event: no others are remembered by it.
    pub(super) fn brief<'a>(&self, outline: &Outline<'a>) -> Option<Mark<'a>> {
        Mark::brief(outline, &self.hasher)
    }

    /// What a record is recognised by, if it can be.
    pub(super) fn mark<'a>(&self, outline: &Outline<'a>) -> Option<Mark<'a>> {
        Mark::new(outline, &self.hasher)
    }

    /// Whether records like this one are known.
    pub(super) fn knows(&self, mark: &Mark<'_>) -> bool {
        let known = self.known(mark);
        known.is_some_and(|known| known.sort == mark.sort && known.is_like(&mark.texts))
    }

    /// What is known of records like this one, if [`Recall::knows`] says that they are.
    pub(super) fn known(&self, mark: &Mark<'_>) -> Option<&Known> {
        self.known.get(mark.place())?.as_deref()
    }

    /// Whether a record that is not known has been met before.
    pub(super) fn meets_again(&mut self, mark: &Mark<'_>) -> bool {
        if self.met.is_empty() {
            self.met.resize(PLACES, 0);
        }
        let tag = (mark.hash >> 48) as u16;
        std::mem::replace(&mut self.met[mark.place()], tag) == tag
    }

    /// Remembers what a record has turned out to mean, if that can be.
    pub(super) fn learn(
        &mut self,
        mark: &Mark<'_>,
        record: &Record<'_>,
        verdict: Option<(&Verdict<'_>, &[u8])>,
    ) -> bool {
        let Some(parts) = Parts::of(record) else {
            return false;
        };
        let meaning = match verdict {
            None => None,
            Some((verdict, pool)) => match Meaning::of(record, verdict, pool) {
                Some(meaning) => Some(meaning),
                None => return false,
            },
        };
        if self.known.is_empty() {
            self.known.resize_with(PLACES, || None);
        }
        self.next += 1;
        let place = &mut self.known[mark.place()];
        // Its memory is used again.
        let mut texts = place.take().map_or_else(Vec::new, |known| known.texts);
        texts.clear();
        mark.texts
            .iter()
            .flatten()
            .for_each(|text| texts.extend_from_slice(text));
        *place = Some(Box::new(Known {
            sort: mark.sort,
            texts,
            parts,
            meaning,
            number: self.next,
        }));
        true
    }
}

impl Known {
    /// The lengths are known to be the same.
    fn is_like(&self, texts: &[Option<&[u8]>]) -> bool {
        let mut rest = &*self.texts;
        texts.iter().flatten().all(|text| {
            let (one, behind) = rest.split_at(text.len());
            rest = behind;
            one == *text
        })
    }

    /// How the statement is made up.
    pub(super) fn parts(&self) -> &Parts {
        &self.parts
    }

    /// What a record like that means, and its pool.
    pub(super) fn verdict<'a>(&'a self, record: &Record<'a>) -> Option<(Verdict<'a>, &'a [u8])> {
        let meaning = self.meaning.as_ref()?;
        let peer = match &meaning.peer {
            Peer::Nowhere => None,
            Peer::Upstream => record.tail.upstream.and_then(|upstream| upstream.peer),
            Peer::Statement(place) => Some(&record.statement[place.clone()]),
        };
        let verdict = Verdict {
            class: meaning.class,
            phase: meaning.phase,
            os_error: meaning.os_error,
            status: meaning.status,
            peer,
            pool: meaning.is_named.then_some(&*meaning.pool),
        };
        Some((verdict, &meaning.pool))
    }

    /// A number that others do not have.
    pub(super) fn number(&self) -> u64 {
        self.number
    }
}

impl Meaning {
    fn of(record: &Record<'_>, verdict: &Verdict<'_>, pool: &[u8]) -> Option<Self> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Splitter;
    use crate::source::Start;
    use crate::taxonomy::classify;

    /// Learns of each line in turn, and tells which were known before.
    fn known(lines: &[&str]) -> Vec<bool> {
        let mut recall = Recall::new();
        let mut numbers = Vec::new();
        let mut known = Vec::new();
        for line in lines {
            let mut splitter = Splitter::default();
            let records = splitter.split(line.as_bytes(), Start::Record, true);
            let mut outline = records.outline(&records.spans()[0], 0, |_| true).unwrap();
            outline.read_fields();
            let mark = recall.mark(&outline);
            let found = mark.as_ref().filter(|mark| recall.knows(mark));
            let found = found.and_then(|mark| recall.known(mark));
            known.push(found.is_some());
            outline.read();
            let expected = outline.known().clone();
            let verdict = classify(&expected);
            if let Some(found) = found {
                outline.read_like(found.parts());
                let record = outline.known();
                assert_eq!(*record, expected, "{line}");
                let again = found.verdict(record);
                assert_eq!(again.map(|(verdict, _)| verdict), verdict, "{line}");
                assert!(numbers.contains(&found.number()));
            } else if let Some(mark) = mark {
                let pool = b"pool".as_slice();
                let found = verdict.as_ref().map(|verdict| (verdict, pool));
                assert!(recall.learn(&mark, &expected, found));
                numbers.push(recall.known(&mark).unwrap().number());
            }
        }
        known
    }

    #[test]
    fn what_says_the_same_is_known() {
        let line = |level: &str, message: &str, client: &str, peer: &str| {
            format!(
                "2026/11/01 09:15:02 [{level}] 1#1: *2 {message} while connecting to upstream, client: {client}, \
                 server: a, request: \"GET /{client} HTTP/1.1\", upstream: \"http://{peer}/{client}\", host: \"a\"\n"
            )
        };
        let refused = "connect() failed (111: Connection refused)";
        let lines = [
            line("error", refused, "192.0.2.1", "10.0.0.1:80"),
            line("error", refused, "192.0.2.77", "10.0.0.1:80"),
            line("crit", refused, "192.0.2.1", "10.0.0.1:80"),
            line("error", refused, "192.0.2.1", "10.0.0.2:80"),
            line(
                "error",
                "connect() failed (113: No route to host)",
                "192.0.2.1",
                "10.0.0.1:80",
            ),
            line("error", "no live upstreams", "192.0.2.1", "backend"),
            line("error", "no live upstreams", "192.0.2.2", "backend"),
            line(
                "crit",
                "connect() to unix:/a.sock failed (2: No such file or directory)",
                "192.0.2.1",
                "unix:/a.sock:",
            ),
            line(
                "crit",
                "connect() to unix:/a.sock failed (2: No such file or directory)",
                "192.0.2.9",
                "unix:/a.sock:",
            ),
        ];
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let expected = [false, true, false, false, false, false, true, false, true];
        assert_eq!(known(&lines), expected);
    }

    #[test]
    fn what_names_an_upstream_anywhere_is_something_else() {
        let line = |path: &str| {
            format!(
                "2026/11/01 09:15:02 [error] 1#1: *2 module failed while proxying connection, client: 192.0.2.1, \
                 server: a, request: \"GET /{path} HTTP/1.1\", host: \"a\"\n"
            )
        };
        let [one, other, named] = ["a", "b", "upstream"].map(line);
        assert_eq!(
            known(&[&one, &other, &named, &named]),
            [false, true, false, true]
        );
    }

    #[test]
    fn what_is_cut_is_read_each_time() {
        let start = "2026/11/01 09:15:02 [error] 1#1: *2 connect() failed (111: Connection refused) while connecting to upstream";
        let cut = format!(
            "{start}, client: 192.0.2.1, server: a, request: \"GET / HTTP/1.1\", upstream: \"http://10.0"
        );
        assert_eq!(known(&[start, start, &cut, &cut]), [false; 4]);
    }
}
