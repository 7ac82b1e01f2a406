use std::hash::{BuildHasher, Hash, Hasher};

use foldhash::fast::{FixedState, RandomState};
use hashbrown::HashTable;

use crate::record::Text;
use crate::taxonomy::Class;

/// One record of each class and pool in each bucket, to be shown: chosen by a hash, so that it is like most of
/// them, and the same in whatever order they are met.
#[derive(Debug, Clone, Default)]
pub(super) struct Examples {
    hasher: RandomState,
    table: HashTable<Example>,
}

#[derive(Debug, Clone)]
struct Example {
    bucket: i64,
    class: Class,
    pool: Box<[u8]>,
    text: Box<[u8]>,
}

/// As much of a record as is kept.
const LONGEST: usize = 512;

/// As much of it is hashed: time, process, connection, and how the message begins.
const HASHED: usize = 64;

/// The place of a record among those of its class, pool and bucket: the one with the lowest is the example.
pub(super) fn lot(raw: &[u8]) -> u64 {
    let mut hasher = FixedState::with_seed(0).build_hasher();
    hasher.write(&raw[..raw.len().min(HASHED)]);
    hasher.finish()
}

/// Which of two examples stays.
pub fn choose_example(one: Option<String>, other: Option<String>) -> Option<String> {
    let key = |text: &String| (lot(text.as_bytes()), text.clone());
    one.into_iter().chain(other).min_by_key(key)
}

impl Examples {
    pub(super) fn offer(&mut self, bucket: i64, class: Class, pool: &[u8], raw: &[u8]) {
        let pool = Text(pool).to_str();
        let pool = pool.as_bytes();
        let text = &raw[..raw.len().min(LONGEST)];
        let hash = hash(&self.hasher, bucket, class, pool);
        let is_same =
            |kept: &Example| (kept.bucket, kept.class) == (bucket, class) && *kept.pool == *pool;
        match self.table.find_mut(hash, is_same) {
            Some(kept) if (lot(text), text) < (lot(&kept.text), &kept.text) => {
                kept.text = text.into();
            }
            Some(_) => {}
            None => {
                let example = Example {
                    bucket,
                    class,
                    pool: pool.into(),
                    text: text.into(),
                };
                let hasher = &self.hasher;
                self.table.insert_unique(hash, example, |kept| {
                    self::hash(hasher, kept.bucket, kept.class, &kept.pool)
                });
            }
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        for Example {
            bucket,
            class,
            pool,
            text,
        } in other.table
        {
            self.offer(bucket, class, &pool, &text);
        }
    }

    /// Takes the example out, if it is the one with this lot.
    pub(super) fn take(
        &mut self,
        bucket: i64,
        class: Class,
        pool: &[u8],
        lot: u64,
    ) -> Option<Box<[u8]>> {
        let hash = hash(&self.hasher, bucket, class, pool);
        let is_it = |kept: &Example| {
            (kept.bucket, kept.class) == (bucket, class)
                && *kept.pool == *pool
                && self::lot(&kept.text) == lot
        };
        let found = self.table.find_entry(hash, is_it).ok()?;
        Some(found.remove().0.text)
    }
}

fn hash(hasher: &RandomState, bucket: i64, class: Class, pool: &[u8]) -> u64 {
    let mut hasher = hasher.build_hasher();
    (bucket, class).hash(&mut hasher);
    hasher.write(pool);
    hasher.finish()
}
