use datasketches::hll::{HllType, HllUnion};

use super::{Clients, FEW, Registers, State, new_union};

/// The clients of many rows, counted together: the same as merging them one after the other.
#[derive(Debug, Default)]
pub struct ClientsTogether {
    /// The numbers of coupons that are in no register yet, in any order.
    numbers: Vec<u32>,
    registers: Option<Registers>,
    sketches: Option<Box<HllUnion>>,
}

/// So many numbers are kept before it is looked which of them are the same.
const KEPT: usize = 2 * FEW;

impl ClientsTogether {
    /// A row's clients.
    pub(in crate::rollup) fn of(clients: &Clients) -> Self {
        let mut together = Self::default();
        together.add(clients);
        together
    }

    /// Adds a row's clients.
    pub fn add(&mut self, clients: &Clients) {
        match &clients.0 {
            State::Few(numbers) => {
                self.numbers.extend_from_slice(numbers);
                if self.numbers.len() > KEPT {
                    self.settle();
                }
            }
            State::Many(sketch) => {
                let union = self.sketches.get_or_insert_with(|| Box::new(new_union()));
                union.update(sketch);
            }
        }
    }

    /// How many different clients there are.
    pub fn estimate(self) -> u64 {
        match self.united() {
            Ok(numbers) => numbers.len() as u64,
            Err(union) => union.composite_estimate().round() as u64,
        }
    }

    /// All of them.
    pub fn into_clients(self) -> Clients {
        Clients(match self.united() {
            Ok(numbers) => State::Few(numbers.into()),
            Err(union) => State::Many(Box::new(union.to_sketch(HllType::Hll8))),
        })
    }

    /// Their numbers, or where they are many, all that is known of them.
    fn united(mut self) -> Result<Vec<u32>, Box<HllUnion>> {
        self.settle();
        if self.registers.is_none() && self.sketches.is_none() {
            return Ok(self.numbers);
        }
        self.pour();
        let mut union = self.sketches.unwrap_or_else(|| Box::new(new_union()));
        let registers = self.registers.iter();
        registers.for_each(|registers| union.update(&registers.sketch()));
        Err(union)
    }

    /// Few stay numbers, as those of a single row do.
    fn settle(&mut self) {
        if self.registers.is_none() {
            self.numbers.sort_unstable();
            self.numbers.dedup();
        }
        if self.registers.is_some() || self.numbers.len() > FEW {
            self.pour();
        }
    }

    fn pour(&mut self) {
        let registers = self.registers.get_or_insert_with(Registers::new);
        registers.add(&self.numbers);
        self.numbers.clear();
    }
}
