//! Records that are recognised at a glance.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::RandomState;

use crate::record::{Glance, Record};
use crate::taxonomy::Verdict;

use super::Understood;
use super::face::Face;
use super::places::{Met, PLACES, place, write_some};

/// The records that were met last, each at the place that its hash gives it.
pub(super) struct Familiar {
    hasher: RandomState,
    faces: Vec<Face>,
    /// Where the face of a place is; one more, for 0 is none. All places together are few bytes, which stay at hand.
    places: Vec<u16>,
    met: Met,
    has_rules: bool,
    /// How often it was asked lately, and how often it knew.
    asked: u32,
    found: u32,
    /// So often it is not asked: it hardly knew any.
    rest: u32,
}

/// After so many questions it is judged whether they pay; if not, that is tried again after many times as many.
const OFTEN: u32 = 4_096;
const REST: u32 = 16 * OFTEN;

impl Familiar {
    pub(super) fn new(has_rules: bool) -> Self {
        Self {
            hasher: RandomState::default(),
            faces: Vec::new(),
            places: Vec::new(),
            met: Met::default(),
            has_rules,
            asked: 0,
            found: 0,
            rest: 0,
        }
    }

    /// Whether it pays to ask about the next record: in a log that hardly ever says the same again it does not.
    pub(super) fn is_asked(&mut self) -> bool {
        let is_asked = self.rest == 0;
        self.rest = self.rest.saturating_sub(1);
        is_asked
    }

    /// Where the face of a record is, if it is one of those that are known.
    pub(super) fn find(&mut self, glance: &Glance<'_>) -> Option<usize> {
        let found = self.look_up(glance);
        self.asked += 1;
        self.found += u32::from(found.is_some());
        if self.asked == OFTEN {
            if self.found < OFTEN / 4 {
                self.rest = REST;
            }
            (self.asked, self.found) = (0, 0);
        }
        found
    }

    fn look_up(&self, glance: &Glance<'_>) -> Option<usize> {
        let at = self.face_at(place(self.hash(glance)?))?;
        (self.faces[at].is_of(glance) && glance.has_one_tail()).then_some(at)
    }

    /// Where the face of a place is.
    fn face_at(&self, place: usize) -> Option<usize> {
        usize::from(*self.places.get(place)?).checked_sub(1)
    }

    /// `None` for a record that is never known.
    fn hash(&self, glance: &Glance<'_>) -> Option<u64> {
        let mut hasher = self.hasher.build_hasher();
        write_some(glance.statement, &mut hasher);
        if let Some(request) = &glance.request {
            write_some(request.server, &mut hasher);
            write_some(request.address()?, &mut hasher);
        }
        Some(hasher.finish())
    }

    /// What a record means whose face was found there.
    pub(super) fn understand<'a>(
        &'a self,
        at: usize,
        glance: &Glance<'a>,
    ) -> Option<Understood<'a>> {
        self.faces.get(at)?.understand(glance)
    }

    /// Learns what a record means that was read, if others like it can be told at a glance and one has come before; tells
    /// whether it has.
    pub(super) fn learn(
        &mut self,
        glance: &Glance<'_>,
        record: &Record<'_>,
        found: Option<(&Verdict<'_>, &[u8])>,
        likeness: u64,
    ) -> bool {
        let again = self.hash(glance).filter(|&hash| self.met.meets_again(hash));
        let face = || Face::of(glance, record, found, self.has_rules, likeness);
        let Some((hash, face)) = again.and_then(|hash| Some((hash, face()?))) else {
            return false;
        };
        if self.places.is_empty() {
            self.places.resize(PLACES, 0);
        }
        let place = place(hash);
        match self.face_at(place) {
            Some(at) => self.faces[at] = face,
            None => {
                self.faces.push(face);
                self.places[place] = self.faces.len() as u16;
            }
        }
        true
    }
}
