use std::hash::{BuildHasher, Hash, Hasher};

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use crate::record::Moment;
use crate::taxonomy::Class;

/// One record of each class and pool in each bucket, to be shown: the first, and of several in the same
/// moment the one whose bytes come first, so that it is the same in whatever order events are met.
#[derive(Debug, Clone, Default)]
pub(super) struct Examples {
    hasher: RandomState,
    table: HashTable<Example>,
}

#[derive(Debug, Clone)]
pub(super) struct Example {
    pub(super) bucket: i64,
    pub(super) class: Class,
    pub(super) pool: Box<[u8]>,
    pub(super) moment: Moment,
    pub(super) text: Box<[u8]>,
}

/// As much of a record as is kept.
const LONGEST: usize = 512;

impl Examples {
    pub(super) fn offer(
        &mut self,
        bucket: i64,
        class: Class,
        pool: &[u8],
        moment: Moment,
        raw: &[u8],
    ) {
        let text = &raw[..raw.len().min(LONGEST)];
        let hash = hash(&self.hasher, bucket, class, pool);
        let is_same =
            |kept: &Example| (kept.bucket, kept.class) == (bucket, class) && *kept.pool == *pool;
        match self.table.find_mut(hash, is_same) {
            Some(kept) if (moment, text) < (kept.moment, &kept.text) => {
                kept.moment = moment;
                kept.text = text.into();
            }
            Some(_) => {}
            None => {
                let example = Example {
                    bucket,
                    class,
                    pool: pool.into(),
                    moment,
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
            moment,
            text,
        } in other.table
        {
            self.offer(bucket, class, &pool, moment, &text);
        }
    }

    pub(super) fn into_iter(self) -> impl Iterator<Item = Example> {
        self.table.into_iter()
    }
}

fn hash(hasher: &RandomState, bucket: i64, class: Class, pool: &[u8]) -> u64 {
    let mut hasher = hasher.build_hasher();
    (bucket, class).hash(&mut hasher);
    hasher.write(pool);
    hasher.finish()
}
