//! Random numbers that are the same for the same seed on every system.

use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng, SeedableRng};

#[derive(Debug, Clone)]
pub struct Random(Xoshiro256PlusPlus);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    /// A number of this range; its start if the range is empty.
    pub fn within(&mut self, range: std::ops::Range<i64>) -> i64 {
        let length = (range.end - range.start).max(1) as u64;
        range.start + (self.0.next_u64() % length) as i64
    }

    /// A number below `count`.
    pub fn below(&mut self, count: usize) -> usize {
        self.within(0..count as i64) as usize
    }

    /// Small numbers come up more often.
    pub fn skewed(&mut self, count: usize) -> usize {
        self.below(count).min(self.below(count))
    }

    /// True so many times of a hundred.
    pub fn percent(&mut self, share: i64) -> bool {
        self.within(0..100) < share
    }
}

/// `BADGATEWAY_SEED` makes another world, for longer searches by hand.
pub fn seed() -> u64 {
    let seed = std::env::var("BADGATEWAY_SEED").map_or(1, |seed| seed.parse().unwrap());
    println!("BADGATEWAY_SEED={seed}");
    seed
}

/// How many times as much is logged; `BADGATEWAY_SCALE` sets it.
pub fn scale() -> f64 {
    std::env::var("BADGATEWAY_SCALE").map_or(1.0, |scale| scale.parse().unwrap())
}
