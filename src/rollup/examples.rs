use std::hash::{BuildHasher, Hash, Hasher};

use foldhash::fast::{FixedState, RandomState};
use hashbrown::HashTable;
use rayon::prelude::*;

use crate::record::Text;
use crate::taxonomy::Class;

/// One record of each class and pool in each bucket, to be shown: chosen by a hash, so that it is like most of
/// them, and the same in whatever order they are met.
#[derive(Debug, Clone, Default)]
pub(super) struct Examples {
    hasher: RandomState,
    /// The places in `examples`.
    index: HashTable<usize>,
    examples: Vec<Example>,
}

#[derive(Debug, Clone)]
pub(super) struct Example {
    pub(super) bucket: i64,
    pub(super) class: Class,
    pub(super) pool: Box<str>,
    pub(super) lot: u64,
    pub(super) text: Box<[u8]>,
}

/// As much of a record as is kept.
const LONGEST: usize = 512;

/// As much of it is hashed: time, process, connection, and how the message begins.
const HASHED: usize = 64;

/// The place of a record among those of its class, pool and bucket: the one with the lowest is the example.
pub(crate) fn lot(raw: &[u8]) -> u64 {
    let mut hasher = FixedState::with_seed(0).build_hasher();
    hasher.write(&raw[..raw.len().min(HASHED)]);
    hasher.finish()
}

/// Which of two examples stays.
pub fn choose_example(one: Option<String>, other: Option<String>) -> Option<String> {
    match (one, other) {
        (Some(one), Some(other)) if is_chosen(&other, &one) => Some(other),
        (one, other) => one.or(other),
    }
}

/// Whether an example takes the place of another one.
pub(super) fn is_chosen(text: &str, kept: &str) -> bool {
    let key = |text: &str| lot(text.as_bytes());
    key(text)
        .cmp(&key(kept))
        .then_with(|| text.cmp(kept))
        .is_lt()
}

impl Examples {
    /// Offers a record, and its lot.
    pub(super) fn offer(&mut self, bucket: i64, class: Class, pool: &[u8], raw: &[u8], lot: u64) {
        let pool = Text(pool).to_str();
        let text = &raw[..raw.len().min(LONGEST)];
        match self.place(bucket, class, &pool) {
            Some(at) => {
                let kept = &mut self.examples[at];
                if (lot, text) < (kept.lot, &kept.text) {
                    kept.lot = lot;
                    kept.text = text.into();
                }
            }
            None => self.insert(Example {
                bucket,
                class,
                pool: pool.into(),
                lot,
                text: text.into(),
            }),
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        for example in other.examples {
            match self.place(example.bucket, example.class, &example.pool) {
                Some(at) => {
                    let kept = &mut self.examples[at];
                    if (example.lot, &example.text) < (kept.lot, &kept.text) {
                        *kept = example;
                    }
                }
                None => self.insert(example),
            }
        }
    }

    /// All of them, in no order.
    pub(super) fn into_all(self) -> Vec<Example> {
        self.examples
    }

    /// About how many bytes it takes.
    pub(super) fn weight(&self) -> usize {
        let weight = |example: &Example| {
            let own = size_of::<Example>() + 2 * size_of::<usize>();
            own + example.pool.len() + example.text.len()
        };
        self.examples.iter().map(weight).sum()
    }

    /// They are chosen: now it is asked whose they are.
    pub(super) fn chosen(self) -> Chosen {
        let Self {
            hasher, examples, ..
        } = self;
        let hash = |at: usize| {
            let Example {
                bucket, class, lot, ..
            } = examples[at];
            hasher.hash_one((bucket, class, lot))
        };
        let mut index = HashTable::with_capacity(examples.len());
        for at in 0..examples.len() {
            index.insert_unique(hash(at), at, |&at| hash(at));
        }
        Chosen {
            hasher,
            index,
            examples,
        }
    }

    fn place(&self, bucket: i64, class: Class, pool: &str) -> Option<usize> {
        let hash = hash(&self.hasher, bucket, class, pool);
        let is_same = |&at: &usize| {
            let kept = &self.examples[at];
            (kept.bucket, kept.class) == (bucket, class) && *kept.pool == *pool
        };
        self.index.find(hash, is_same).copied()
    }

    fn insert(&mut self, example: Example) {
        let hash =
            |example: &Example| hash(&self.hasher, example.bucket, example.class, &example.pool);
        let examples = &self.examples;
        let at = examples.len();
        self.index
            .insert_unique(hash(&example), at, |&at| hash(&examples[at]));
        self.examples.push(example);
    }
}

/// Examples by their lots: most who ask have drawn another one, and then no name is to be compared.
pub(super) struct Chosen {
    hasher: RandomState,
    index: HashTable<usize>,
    examples: Vec<Example>,
}

impl Chosen {
    /// The place of the example with this lot.
    pub(super) fn find(&self, bucket: i64, class: Class, pool: &str, lot: u64) -> Option<usize> {
        let hash = self.hasher.hash_one((bucket, class, lot));
        let is_it = |&at: &usize| {
            let kept = &self.examples[at];
            (kept.bucket, kept.class, kept.lot) == (bucket, class, lot) && *kept.pool == *pool
        };
        self.index.find(hash, is_it).copied()
    }

    /// The texts, by their places.
    pub(super) fn into_texts(self) -> Vec<Option<String>> {
        let examples = self.examples.into_par_iter();
        let text = |example: Example| match String::from_utf8(example.text.into_vec()) {
            Ok(text) => Some(text),
            Err(error) => Some(Text(error.as_bytes()).to_string()),
        };
        examples.map(text).collect()
    }
}

fn hash(hasher: &RandomState, bucket: i64, class: Class, pool: &str) -> u64 {
    let mut hasher = hasher.build_hasher();
    (bucket, class).hash(&mut hasher);
    hasher.write(pool.as_bytes());
    hasher.finish()
}
