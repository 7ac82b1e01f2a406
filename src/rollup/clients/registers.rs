use datasketches::hll::HllSketch;

use super::{FAMILY, LG_K, OUT_OF_ORDER, SLOT_BITS, VERSION};

/// What a sketch of many keeps: of the coupons that fall to a register, the highest value.
#[derive(Debug, Clone)]
pub(super) struct Registers(Box<[u8; COUNT]>);

const COUNT: usize = 1 << LG_K;

/// The mode of registers, of which each is a byte.
const BYTES: u8 = 2 | 2 << 2;

impl Registers {
    pub(super) fn new() -> Self {
        Self(Box::new([0; COUNT]))
    }

    /// Adds coupons of these numbers.
    pub(super) fn add(&mut self, numbers: &[u32]) {
        for &number in numbers {
            let register = &mut self.0[number as usize % COUNT];
            *register = (*register).max((number >> SLOT_BITS) as u8);
        }
    }

    /// The sketch that has them.
    pub(super) fn sketch(&self) -> HllSketch {
        // The sums of what remains of each: apart for low and high values, which would be lost in them.
        let mut sums = [0.0; 2];
        for &value in &*self.0 {
            sums[usize::from(value >= 32)] += 1.0 / (1_u64 << value) as f64;
        }
        let empty = self.0.iter().filter(|&&value| value == 0).count() as u32;
        let mut form = Vec::with_capacity(40 + COUNT);
        form.extend([10, VERSION, FAMILY, LG_K, 0, OUT_OF_ORDER, 0, BYTES]);
        for number in [0.0, sums[0], sums[1]] {
            form.extend(f64::to_le_bytes(number));
        }
        form.extend(empty.to_le_bytes());
        form.extend(0_u32.to_le_bytes());
        form.extend(&*self.0);
        HllSketch::deserialize(&form).expect("a sketch of ours is one")
    }
}
