use datasketches::hll::HllUnion;

use super::{Clients, FEW, State, new_union, sketch_of};

/// The clients of many rows, counted together: the same as merging them one after the other.
#[derive(Debug, Default)]
pub struct ClientsTogether {
    /// The numbers of coupons that are in no sketch yet, in any order.
    numbers: Vec<u32>,
    sketches: Option<Box<HllUnion>>,
}

/// So many numbers are kept before it is looked which of them are the same.
const KEPT: usize = 2 * FEW;

impl ClientsTogether {
    /// Adds a row's clients.
    pub fn add(&mut self, clients: &Clients) {
        match &clients.0 {
            State::Few(numbers) => {
                self.numbers.extend_from_slice(numbers);
                if self.numbers.len() > KEPT {
                    self.settle();
                }
            }
            State::Many(sketch) => self.union().update(sketch),
        }
    }

    /// How many different clients there are.
    pub fn estimate(mut self) -> u64 {
        self.settle();
        if !self.numbers.is_empty() && self.sketches.is_some() {
            self.pour();
        }
        match &self.sketches {
            Some(union) => union.composite_estimate().round() as u64,
            None => self.numbers.len() as u64,
        }
    }

    /// Few stay numbers, as those of a single row do.
    fn settle(&mut self) {
        self.numbers.sort_unstable();
        self.numbers.dedup();
        if self.numbers.len() > FEW {
            self.pour();
        }
    }

    fn pour(&mut self) {
        let sketch = sketch_of(&self.numbers);
        self.union().update(&sketch);
        self.numbers.clear();
    }

    fn union(&mut self) -> &mut HllUnion {
        self.sketches.get_or_insert_with(|| Box::new(new_union()))
    }
}
