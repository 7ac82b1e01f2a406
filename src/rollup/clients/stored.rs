use datasketches::hll::HllSketch;
use smallvec::SmallVec;

use crate::rollup::stored::{Stored, Storing};

use super::{Clients, FEW, State};

/// Stands for a sketch where the count of numbers would stand.
const SKETCH: u64 = FEW as u64 + 1;

impl Clients {
    /// How many bytes it has allocated.
    pub(in crate::rollup) fn allocated(&self) -> usize {
        match &self.0 {
            State::Few(numbers) if numbers.spilled() => numbers.capacity() * size_of::<u32>(),
            State::Few(_) => 0,
            State::Many(sketch) => size_of::<HllSketch>() + sketch.estimated_size(),
        }
    }

    pub(in crate::rollup) fn store(&self, out: &mut Storing) {
        match &self.0 {
            State::Few(numbers) => {
                out.number(numbers.len() as u64);
                numbers.iter().for_each(|&number| out.whole(number));
            }
            State::Many(sketch) => {
                out.number(SKETCH);
                out.text(&sketch.serialize());
            }
        }
    }

    pub(in crate::rollup) fn stored(from: &mut Stored<'_>) -> Option<Self> {
        Some(Self(match from.number()? {
            SKETCH => State::Many(Box::new(HllSketch::deserialize(from.text()?).ok()?)),
            count => {
                let count = usize::try_from(count).ok().filter(|&count| count <= FEW)?;
                let mut numbers = SmallVec::with_capacity(count);
                for _ in 0..count {
                    numbers.push(from.whole()?);
                }
                State::Few(numbers)
            }
        }))
    }
}
