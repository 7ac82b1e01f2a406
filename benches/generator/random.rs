//! Random numbers that are the same for the same seed on every system.

use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng, SeedableRng};

pub(super) const WORDS: [&str; 32] = [
    "account", "api", "article", "asset", "basket", "blog", "catalog", "category", "checkout",
    "comment", "contact", "customer", "download", "feed", "gallery", "image", "invoice", "login",
    "media", "news", "order", "page", "payment", "product", "profile", "report", "search",
    "session", "static", "upload", "user", "wishlist",
];

pub(super) struct Random(Xoshiro256PlusPlus);

impl Random {
    pub(super) fn new(seed: u64) -> Random {
        Random(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number below `range`, which must fit 32 bits.
    pub(super) fn below(&mut self, range: usize) -> usize {
        (((self.next() >> 32) * range as u64) >> 32) as usize
    }

    /// Like `below`, but small numbers come up much more often: the first of 40 every third time.
    pub(super) fn skewed(&mut self, range: usize) -> usize {
        let fraction = self.fraction();
        (fraction * fraction * fraction * range as f64) as usize
    }

    pub(super) fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub(super) fn chance(&mut self, threshold: u64) -> bool {
        self.next() >> 1 < threshold
    }

    pub(super) fn word(&mut self) -> &'static str {
        WORDS[self.below(WORDS.len())]
    }
}

/// A share between 0 and 1 as what [`Random::chance`] takes.
pub(super) fn share(share: f64) -> u64 {
    (share.clamp(0.0, 1.0) * (1u64 << 63) as f64) as u64
}
