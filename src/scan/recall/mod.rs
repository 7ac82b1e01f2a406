//! What is known of records that say the same as one before.
//!
//! An error log says the same again and again: what a record means, and which pool it is about, follows from its
//! level, its statement, and some of its fields. Time, ids, client and request change nothing about that.

mod face;
mod familiar;
mod known;
mod mark;
mod places;

use std::sync::atomic::{AtomicU64, Ordering};

use foldhash::fast::RandomState;

use crate::pool::Names;
use crate::record::{Glance, Outline, Parts, Record, are_texts};
use crate::taxonomy::{Rules, Verdict};

use familiar::Familiar;
use known::{Known, Meaning};
use mark::Mark;
use places::{Met, PLACES, place};

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
    met: Met,
    /// The next number to be given away.
    next: u64,
    familiar: Familiar,
}

/// How many there are that give numbers away. Theirs differ.
static RECALLS: AtomicU64 = AtomicU64::new(0);

/// Nobody gives away more numbers than have so many bits.
const NUMBER_BITS: u32 = 40;

/// The name of the pool that a record is about.
fn pool<'a>(names: &'a Names, verdict: &Verdict<'a>, record: &Record<'a>) -> &'a [u8] {
    names.name(verdict.pool, verdict.peer, record.tail.server, record.host)
}

impl Recall {
    pub(super) fn new(rules: &Rules) -> Self {
        Self {
            familiar: Familiar::new(!rules.is_empty()),
            hasher: RandomState::default(),
            known: Vec::new(),
            met: Met::default(),
            next: RECALLS.fetch_add(1, Ordering::Relaxed) << NUMBER_BITS,
        }
    }

    /// Whether it pays to cast a glance at the next record.
    pub(super) fn wants_glance(&mut self) -> bool {
        self.familiar.is_asked()
    }

    /// Where a record is found at which a glance was cast, if it is one of those that are recognised by that.
    pub(super) fn recognise(&mut self, glance: &Glance<'_>) -> Option<usize> {
        self.familiar.find(glance)
    }

    /// What a record means that was recognised.
    pub(super) fn recognised<'a>(
        &'a self,
        at: usize,
        glance: &Glance<'a>,
    ) -> Option<Understood<'a>> {
        self.familiar.understand(at, glance)
    }

    /// What a record means; `None` if it is no event. What is needed of it and was not read yet is read.
    pub(super) fn understand<'a, 'r: 'a>(
        &'a mut self,
        outline: &mut Outline<'r>,
        glance: Option<&Glance<'_>>,
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
        if let Some(glance) = glance {
            let found = found.as_ref().map(|(verdict, pool)| (verdict, *pool));
            let likeness = self.next + 1;
            if self.familiar.learn(glance, record, found, likeness) {
                self.next = likeness;
            }
        }
        // No event is remembered by a brief mark.
        let brief = brief.filter(|_| found.is_none());
        let mut is_learned = false;
        for mark in [brief, mark].into_iter().flatten() {
            is_learned = self.met.meets_again(mark.hash) && self.learn(&mark, record, found);
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
        self.known.get(place(mark.hash))?.as_deref()
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
        let place = &mut self.known[place(mark.hash)];
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
mod tests;
