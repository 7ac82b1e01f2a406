use std::hash::{Hash, Hasher};

use datasketches::hll::Coupon;
use smallvec::SmallVec;

use super::{FAMILY, FEW, INLINE, LG_K, SLOT_BITS, VERSION};

/// Appends the portable form of a sketch to which coupons of these numbers were added, which are different and in
/// order: byte by byte what DataSketches makes of them, type HLL_4, but without making a sketch. Most rows have few
/// clients.
pub(super) fn append(numbers: &[u32], out: &mut Vec<u8>) {
    let count = numbers.len();
    let numbers = numbers.iter().copied();
    if count < LIST {
        let flags = if count == 0 { COMPACT | EMPTY } else { COMPACT };
        out.extend([2, VERSION, FAMILY, LG_K, LG_LIST, flags, count as u8, 0]);
        numbers.for_each(|number| out.extend(number.to_le_bytes()));
        return;
    }
    let mut lg = LG_SET;
    let mut table = [0; MOST];
    for (held, number) in (1..).zip(numbers) {
        insert(&mut table[..1 << lg], lg, number);
        if 4 * held > 3 << lg {
            let smaller = packed(&table[..1 << lg]);
            lg += 1;
            table[..1 << lg].fill(0);
            let old = &smaller[..held];
            old.iter()
                .for_each(|&number| insert(&mut table[..1 << lg], lg, number));
        }
    }
    out.extend([3, VERSION, FAMILY, LG_K, lg, COMPACT, 0, SET]);
    out.extend((count as u32).to_le_bytes());
    let begin = out.len();
    out.resize(begin + 4 * count, 0);
    let places = out[begin..].chunks_exact_mut(4);
    for (place, number) in places.zip(packed(&table[..1 << lg])) {
        place.copy_from_slice(&number.to_le_bytes());
    }
}

/// The numbers of the coupons in a form of few, in order; `None` if it is another one.
pub(super) fn numbers(form: &[u8]) -> Option<SmallVec<[u32; INLINE]>> {
    let (count, places) = match form {
        [
            2,
            VERSION,
            FAMILY,
            LG_K,
            LG_LIST,
            COMPACT,
            count,
            0,
            places @ ..,
        ] => (usize::from(*count), places),
        [3, VERSION, FAMILY, LG_K, _, COMPACT, 0, SET, rest @ ..] => {
            let (count, places) = rest.split_first_chunk()?;
            (u32::from_le_bytes(*count) as usize, places)
        }
        _ => return None,
    };
    let (places, rest) = places.as_chunks();
    let mut numbers: SmallVec<[u32; INLINE]> =
        places.iter().copied().map(u32::from_le_bytes).collect();
    numbers.sort_unstable();
    let are_different = numbers.windows(2).all(|pair| pair[0] < pair[1]);
    let is_whole = numbers.len() == count && rest.is_empty() && !numbers.contains(&0);
    (is_whole && are_different && count <= FEW).then_some(numbers)
}

/// So many bytes has a sketch of many, or few more.
pub(super) const LONGEST: usize = 2_104;

/// How many bytes that are.
pub(super) fn length(count: usize) -> usize {
    4 * count + if count < LIST { 8 } else { 12 }
}

const EMPTY: u8 = 4;
const COMPACT: u8 = 8;

/// A list that is as long becomes a set.
const LIST: usize = 8;
const LG_LIST: u8 = 3;

/// The mode of a set, and how large one is at first; it grows where more than three quarters are taken.
const SET: u8 = 1;
const LG_SET: u8 = 5;

/// The places of the largest set.
const MOST: usize = 512;

/// What a table holds, in its order. Whether a place is taken is a matter of chance, so nothing depends on guessing it.
fn packed(table: &[u32]) -> [u32; MOST] {
    let mut packed = [0; MOST];
    let mut held = 0;
    for &number in table {
        packed[held] = number;
        held += usize::from(number != 0);
    }
    packed
}

fn insert(table: &mut [u32], lg: u8, number: u32) {
    let mask = table.len() as u32 - 1;
    let step = (number & SLOT) >> lg | 1;
    let mut place = number & mask;
    while table[place as usize] != 0 {
        place = (place + step) & mask;
    }
    table[place as usize] = number;
}

/// The part of a coupon that says which register it is for.
const SLOT: u32 = (1 << SLOT_BITS) - 1;

/// The number that a coupon is, which it tells to whoever hashes it.
pub(super) fn number(coupon: Coupon) -> u32 {
    let mut number = Number(0);
    coupon.hash(&mut number);
    number.0
}

struct Number(u32);

impl Hasher for Number {
    fn write_u32(&mut self, number: u32) {
        self.0 = number;
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("a coupon is one number");
    }

    fn finish(&self) -> u64 {
        self.0.into()
    }
}

#[cfg(test)]
mod tests {
    use datasketches::hash::value::raw_bytes;
    use datasketches::hll::{HllSketch, HllType};

    use super::*;

    #[test]
    fn the_form_is_that_of_the_library() {
        for seed in 0..8_u32 {
            for count in 0..=FEW {
                let numbers = (0..count as u32).map(|number| (seed << 16 | number).to_le_bytes());
                let coupon = |bytes: [u8; 4]| Coupon::from_value(raw_bytes::from_slice(&bytes));
                let mut coupons: Vec<Coupon> = numbers.map(coupon).collect();
                coupons.sort_unstable();
                coupons.dedup();
                let mut sketch = HllSketch::new(LG_K, HllType::Hll4).unwrap();
                let all = coupons.iter();
                all.for_each(|&coupon| sketch.update_with_coupon(coupon));
                let mut form = vec![b'x'];
                let numbers: Vec<u32> = coupons.iter().map(|&coupon| number(coupon)).collect();
                append(&numbers, &mut form);
                assert_eq!(form[1..], sketch.serialize(), "{seed} {count}");
                assert_eq!(form.len() - 1, length(coupons.len()));
                let back = super::numbers(&form[1..]).map(SmallVec::into_vec);
                assert_eq!(back, (count > 0).then_some(numbers));
                assert_eq!(super::numbers(&form[1..form.len() - 1]), None);
            }
        }
    }
}
