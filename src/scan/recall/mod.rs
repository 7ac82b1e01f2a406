//! What is known of records that say the same as one before.
//!
//! An error log says the same again and again: what a record means, and which pool it is about, follows from its
//! level, its statement, and some of its fields. Time, ids, client and request change nothing about that.

mod known;
mod mark;

use std::sync::atomic::{AtomicU64, Ordering};

use foldhash::fast::RandomState;

use crate::record::{Outline, Parts, Record};
use crate::taxonomy::Verdict;

use known::Meaning;
use mark::Mark;

pub(super) use known::Known;

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

/// Where a record is remembered.
fn place_of(mark: &Mark<'_>) -> usize {
    mark.hash as usize % PLACES
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
        self.known.get(place_of(mark))?.as_deref()
    }

    /// Whether a record that is not known has been met before.
    pub(super) fn meets_again(&mut self, mark: &Mark<'_>) -> bool {
        if self.met.is_empty() {
            self.met.resize(PLACES, 0);
        }
        let tag = (mark.hash >> 48) as u16;
        std::mem::replace(&mut self.met[place_of(mark)], tag) == tag
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
        let place = &mut self.known[place_of(mark)];
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
