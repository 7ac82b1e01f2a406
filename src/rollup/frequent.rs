use std::cmp::Reverse;
use std::hash::{BuildHasher, Hasher};

use foldhash::fast::RandomState;
use hashbrown::HashTable;

/// How often names were met, of each group of names.
///
/// Others choose them, so memory is bounded: where there are too many, those that were counted least are given up,
/// and how often that cost a count is told.
#[derive(Debug, Clone)]
pub(super) struct Frequent {
    hasher: RandomState,
    counts: HashTable<Counted>,
    most: usize,
    given_up: u64,
}

/// A name, and how often it was met.
#[derive(Debug, Clone)]
pub(super) struct Counted {
    pub(super) group: Box<[u8]>,
    pub(super) name: Box<[u8]>,
    pub(super) events: u64,
}

impl Frequent {
    /// So many are counted at most; when there are more, the lesser half is given up.
    pub(super) fn new(most: usize) -> Self {
        Self {
            hasher: RandomState::default(),
            counts: HashTable::new(),
            most,
            given_up: 0,
        }
    }

    pub(super) fn add(&mut self, group: &[u8], name: &[u8], events: u64) {
        let hash = hash(&self.hasher, group, name);
        let is_it = |counted: &Counted| *counted.group == *group && *counted.name == *name;
        if let Some(counted) = self.counts.find_mut(hash, is_it) {
            counted.events += events;
            return;
        }
        if self.counts.len() >= self.most {
            self.give_up();
        }
        let counted = Counted {
            group: group.into(),
            name: name.into(),
            events,
        };
        let hasher = &self.hasher;
        let rehash = |counted: &Counted| self::hash(hasher, &counted.group, &counted.name);
        self.counts.insert_unique(hash, counted, rehash);
    }

    fn give_up(&mut self) {
        let mut counts: Vec<u64> = self.counts.iter().map(|counted| counted.events).collect();
        counts.sort_unstable();
        let least = counts[counts.len() / 2];
        self.given_up += least;
        self.counts.retain(|counted| counted.events > least);
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.given_up += other.given_up;
        for Counted {
            group,
            name,
            events,
        } in other.counts
        {
            self.add(&group, &name, events);
        }
    }

    /// Those that were met most often; of equals the first by name.
    pub(super) fn most(&self, most: usize) -> impl Iterator<Item = &Counted> {
        let mut counts: Vec<&Counted> = self.counts.iter().collect();
        counts.sort_unstable_by_key(|counted| {
            (Reverse(counted.events), &counted.group, &counted.name)
        });
        counts.into_iter().take(most)
    }

    /// By how much a count may be too low: 0, if there were never too many.
    pub(super) fn given_up(&self) -> u64 {
        self.given_up
    }

    /// How many are counted.
    pub(super) fn len(&self) -> usize {
        self.counts.len()
    }
}

fn hash(hasher: &RandomState, group: &[u8], name: &[u8]) -> u64 {
    let mut hasher = hasher.build_hasher();
    hasher.write(group);
    hasher.write_usize(group.len());
    hasher.write(name);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: usize = 16_384;

    #[test]
    fn the_frequent_stay_however_many_there_are() {
        let mut counts = Frequent::new(MOST);
        for number in 0..200_000_u32 {
            counts.add(b"", &number.to_le_bytes(), 1);
            if number % 100 == 0 {
                counts.add(b"shop", b"often", 1);
            }
        }
        assert!(counts.len() <= MOST);
        let events = |counts: &Frequent| {
            let first = counts.most(1).next().unwrap();
            assert_eq!((&*first.group, &*first.name), (&b"shop"[..], &b"often"[..]));
            first.events
        };
        let often = events(&counts);
        assert!(
            often <= 2_000 && often + counts.given_up() >= 2_000,
            "{often}"
        );
        let mut merged = Frequent::new(MOST);
        merged.add(b"shop", b"often", 7);
        merged.merge(counts);
        assert_eq!(events(&merged), often + 7);
    }
}
