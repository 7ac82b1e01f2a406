//! What is known of records that say the same as one before.
//!
//! An error log says the same again and again: what a record means, and which pool it is about, follows from its
//! level, its statement, and some of its fields. Time, ids, client and request change nothing about that.

mod known;
mod mark;

use std::sync::atomic::{AtomicU64, Ordering};

use foldhash::fast::RandomState;

use crate::pool::Names;
use crate::record::{Outline, Parts, Record, are_texts};
use crate::taxonomy::{Rules, Verdict};

use known::{Known, Meaning};
use mark::Mark;

/// What a record means.
pub(super) struct Understood<'a> {
    pub(super) verdict: Verdict<'a>,
    pub(super) pool: &'a [u8],
    /// The same as that of others that are like it, or 0.
    pub(super) likeness: u64,
}

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

/// The name of the pool that a record is about.
fn pool<'a>(names: &'a Names, verdict: &Verdict<'a>, record: &Record<'a>) -> &'a [u8] {
    names.name(verdict.pool, verdict.peer, record.tail.server, record.host)
}

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

    /// What a record means; `None` if it is no event. What is needed of it and was not read yet is read.
    pub(super) fn understand<'a, 'r: 'a>(
        &'a mut self,
        outline: &mut Outline<'r>,
        rules: &Rules,
        names: &'a Names,
    ) -> Option<Understood<'a>> {
        let brief = Mark::brief(outline, &self.hasher);
        if brief.as_ref().is_some_and(|mark| self.knows(mark)) {
            return None;
        }
        outline.read_fields();
        let mark = Mark::new(outline, &self.hasher);
        if mark.as_ref().is_some_and(|mark| self.knows(mark)) {
            let known = self.known(&mark?)?;
            outline.read_like(&known.parts);
            let (verdict, pool) = known.verdict(outline.known())?;
            let likeness = known.number;
            return Some(Understood {
                verdict,
                pool,
                likeness,
            });
        }
        outline.read();
        let record = outline.known();
        let verdict = rules.classify(record);
        let found = verdict.map(|verdict| (verdict, pool(names, &verdict, record)));
        // No event is remembered by a brief mark.
        let brief = brief.filter(|_| found.is_none());
        let mut is_learned = false;
        for mark in [brief, mark].into_iter().flatten() {
            is_learned = self.meets_again(&mark) && self.learn(&mark, record, found);
        }
        let (verdict, pool) = found?;
        let likeness = if is_learned { self.next } else { 0 };
        Some(Understood {
            verdict,
            pool,
            likeness,
        })
    }

    /// Whether records like this one are known.
    fn knows(&self, mark: &Mark<'_>) -> bool {
        let known = self.known(mark);
        known.is_some_and(|known| known.sort == mark.sort && are_texts(&known.texts, &mark.texts))
    }

    /// What is known of records like this one, if [`Recall::knows`] says that they are.
    fn known(&self, mark: &Mark<'_>) -> Option<&Known> {
        self.known.get(place_of(mark))?.as_deref()
    }

    /// Whether a record that is not known has been met before.
    fn meets_again(&mut self, mark: &Mark<'_>) -> bool {
        if self.met.is_empty() {
            self.met.resize(PLACES, 0);
        }
        let tag = (mark.hash >> 48) as u16;
        std::mem::replace(&mut self.met[place_of(mark)], tag) == tag
    }

    /// Remembers what a record has turned out to mean, if that can be.
    fn learn(
        &mut self,
        mark: &Mark<'_>,
        record: &Record<'_>,
        found: Option<(Verdict<'_>, &[u8])>,
    ) -> bool {
        let Some(parts) = Parts::of(record) else {
            return false;
        };
        let meaning = match found {
            None => None,
            Some((verdict, pool)) => match Meaning::of(record, &verdict, pool) {
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

    /// What is said of each line when all are met for the third time: its likeness, or, of what is no event,
    /// whether its fields were read once more.
    fn third_time(lines: &[&str]) -> Vec<Result<u64, bool>> {
        let (rules, names) = (Rules::default(), Names::default());
        let mut recall = Recall::new();
        let mut said = Vec::new();
        for _ in 0..3 {
            said.clear();
            for line in lines {
                let mut splitter = Splitter::default();
                let records = splitter.split(line.as_bytes(), Start::Record, true);
                let span = &records.spans()[0];
                let expected = records.read(span, 0).unwrap();
                let verdict = classify(&expected);
                let mut outline = records.outline(span, 0, |_| true).unwrap();
                let found = recall.understand(&mut outline, &rules, &names);
                assert_eq!(found.as_ref().map(|found| found.verdict), verdict, "{line}");
                said.push(match found {
                    Some(found) => {
                        assert_eq!(*outline.known(), expected, "{line}");
                        let peer = verdict.and_then(|verdict| verdict.peer);
                        assert_eq!(found.pool, names.name(None, peer, None, None));
                        Ok(found.likeness)
                    }
                    None => Err(*outline.known() == expected),
                });
            }
        }
        said
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
        let no_route = "connect() failed (113: No route to host)";
        let missing = "connect() to unix:/a.sock failed (2: No such file or directory)";
        let lines = [
            line("error", refused, "192.0.2.1", "10.0.0.1:80"),
            line("error", refused, "192.0.2.77", "10.0.0.1:80"),
            line("crit", refused, "192.0.2.1", "10.0.0.1:80"),
            line("error", refused, "192.0.2.1", "10.0.0.2:80"),
            line("error", no_route, "192.0.2.1", "10.0.0.1:80"),
            line("error", "no live upstreams", "192.0.2.1", "backend"),
            line("error", "no live upstreams", "192.0.2.2", "backend"),
            line("crit", missing, "192.0.2.1", "unix:/a.sock:"),
            line("crit", missing, "192.0.2.9", "unix:/a.sock:"),
        ];
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let said: Vec<u64> = third_time(&lines).into_iter().map(Result::unwrap).collect();
        let alike = |number: &u64| said.iter().position(|other| other == number).unwrap();
        let first: Vec<usize> = said.iter().map(alike).collect();
        assert_eq!(first, [0, 0, 2, 3, 4, 5, 5, 7, 7]);
        assert!(!said.contains(&0));
    }

    #[test]
    fn what_is_no_event_is_not_read_again_unless_it_names_an_upstream_anywhere() {
        let line = |path: &str| {
            format!(
                "2026/11/01 09:15:02 [error] 1#1: *2 module failed while proxying connection, client: 192.0.2.1, \
                 server: a, request: \"GET /{path} HTTP/1.1\", host: \"a\"\n"
            )
        };
        let [one, other, named] = ["a", "b", "upstream"].map(line);
        let said = third_time(&[&one, &other, &named]);
        assert_eq!(said[..2], [Err(false); 2]);
        assert!(said[2].is_ok());
    }

    #[test]
    fn what_is_cut_is_read_each_time() {
        let start = "2026/11/01 09:15:02 [error] 1#1: *2 connect() failed (111: Connection refused) while connecting to upstream";
        let cut = format!(
            "{start}, client: 192.0.2.1, server: a, request: \"GET / HTTP/1.1\", upstream: \"http://10.0"
        );
        assert_eq!(third_time(&[start, &cut]), [Ok(0); 2]);
    }
}
