mod form;
mod gathering;
mod met;
mod registers;
mod stored;
mod together;

use datasketches::hash::value::raw_bytes;
use datasketches::hll::{Coupon, HllSketch, HllType, HllUnion};
use smallvec::SmallVec;

use registers::Registers;

pub(super) use gathering::Gathering;
pub(super) use met::Met;
pub use together::ClientsTogether;

/// Distinct clients, counted exactly while they are few and estimated by a HyperLogLog sketch (Apache
/// DataSketches, lg_k 12, standard error 1.6 %) when they are many.
///
/// The same clients give the same estimate and the same bytes in whatever order they were added or
/// merged. A HyperLogLog sketch by itself does not promise that: its usual estimator remembers the
/// order of arrival.
#[derive(Debug, Clone)]
pub struct Clients(State);

#[derive(Debug, Clone)]
enum State {
    /// The numbers of their coupons, sorted, without duplicates.
    Few(SmallVec<[u32; INLINE]>),
    /// It has forgotten in which order they came.
    Many(Box<HllSketch>),
}

/// Half of all rows have so many clients or fewer; these need no memory of their own.
const INLINE: usize = 4;

/// `lg_k`: Spark and Druid take the same by default, and only equal sketches merge everywhere.
const LG_K: u8 = 12;

/// With more coupons than this a sketch of `lg_k` 12 is registers and nothing else.
const FEW: usize = 384;

/// A coupon's number has its value behind so many bits, and in the others what says which register it is for.
const SLOT_BITS: u32 = 26;

/// What every form of a sketch says of itself.
const VERSION: u8 = 1;
const FAMILY: u8 = 7;

/// Where it says more, and that nobody knows in which order coupons came.
const FLAGS: usize = 5;
const OUT_OF_ORDER: u8 = 16;

impl Default for Clients {
    fn default() -> Self {
        Self(State::Few(SmallVec::new()))
    }
}

impl Clients {
    /// The clients that a sketch has counted; `None` if it is no sketch of ours.
    pub fn from_sketch(bytes: &[u8]) -> Option<Self> {
        if let Some(numbers) = form::numbers(bytes) {
            return Some(Self(State::Few(numbers)));
        }
        read(bytes).map(|sketch| Self(State::Many(Box::new(sketch))))
    }

    /// Adds all of another's clients.
    pub fn merge(&mut self, other: &Self) {
        match (&mut self.0, &other.0) {
            (State::Few(one), State::Few(other)) => {
                let both = merged(one, other);
                self.0 = match both.len() > FEW {
                    true => State::many(&both),
                    false => State::Few(both),
                };
            }
            (State::Many(sketch), State::Few(numbers)) => {
                **sketch = union(&[sketch, &sketch_of(numbers)]);
            }
            (State::Few(numbers), State::Many(sketch)) => {
                let both = union(&[sketch, &sketch_of(numbers)]);
                self.0 = State::Many(Box::new(both));
            }
            (State::Many(one), State::Many(other)) => **one = union(&[one, other]),
        }
    }

    /// Whether there are so many that they are but estimated.
    pub(super) fn are_many(&self) -> bool {
        matches!(self.0, State::Many(_))
    }

    /// How many different clients there are.
    pub fn estimate(&self) -> u64 {
        match &self.0 {
            State::Few(numbers) => numbers.len() as u64,
            State::Many(sketch) => sketch.composite_estimate().round() as u64,
        }
    }

    /// The sketch in DataSketches' portable form, type HLL_4: to be merged by DuckDB, Spark, Druid.
    pub fn sketch(&self) -> Vec<u8> {
        let mut form = Vec::new();
        self.append_sketch(&mut form);
        form
    }

    /// About how long the sketch is.
    pub(crate) fn sketch_length(&self) -> usize {
        match &self.0 {
            State::Few(numbers) => form::length(numbers.len()),
            State::Many(_) => form::LONGEST,
        }
    }

    /// Appends the sketch to what `form` holds.
    pub fn append_sketch(&self, form: &mut Vec<u8>) {
        match &self.0 {
            State::Few(numbers) => form::append(numbers, form),
            State::Many(sketch) => {
                let mut union = new_union();
                union.update(sketch);
                form.extend(union.to_sketch(HllType::Hll4).serialize());
            }
        }
    }
}

/// What is counted of a client's address. The raw bytes are hashed, as DataSketches' Java and C++ do with strings, so that
/// sketches from other programs merge with these; they skip the empty string.
fn coupon(client: &[u8]) -> Option<Coupon> {
    let is_one = !client.is_empty();
    is_one.then(|| Coupon::from_value(raw_bytes::from_slice(client)))
}

impl PartialEq for Clients {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (State::Few(one), State::Few(other)) => one == other,
            _ => self.sketch() == other.sketch(),
        }
    }
}

impl Eq for Clients {}

impl State {
    fn many(numbers: &[u32]) -> Self {
        Self::Many(Box::new(sketch_of(numbers)))
    }
}

/// Both are sorted, and what is in both stays once.
fn merged(one: &[u32], other: &[u32]) -> SmallVec<[u32; INLINE]> {
    let mut both = SmallVec::with_capacity(one.len() + other.len());
    let mut others = other.iter().copied().peekable();
    for &number in one {
        while let Some(before) = others.next_if(|&other| other < number) {
            both.push(before);
        }
        others.next_if_eq(&number);
        both.push(number);
    }
    both.extend(others);
    both
}

/// `None` if it is no sketch of ours.
fn read(bytes: &[u8]) -> Option<HllSketch> {
    let sketch = HllSketch::deserialize(bytes).ok()?;
    if sketch.lg_config_k() != LG_K {
        return None;
    }
    let has_forgotten = bytes[FLAGS] & OUT_OF_ORDER != 0;
    // What is merged forgets the order.
    Some(match has_forgotten {
        true => sketch,
        false => union(&[&sketch, &sketch]),
    })
}

/// A sketch of many to which coupons of these numbers were added.
fn sketch_of(numbers: &[u32]) -> HllSketch {
    let mut registers = Registers::new();
    registers.add(numbers);
    registers.sketch()
}

fn new_union() -> HllUnion {
    HllUnion::new(LG_K).expect("12 is a valid lg_k")
}

fn union(sketches: &[&HllSketch]) -> HllSketch {
    let mut union = new_union();
    sketches.iter().for_each(|sketch| union.update(sketch));
    union.to_sketch(HllType::Hll8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(number: u32) -> String {
        format!(
            "10.{}.{}.{}",
            number >> 16 & 255,
            number >> 8 & 255,
            number & 255
        )
    }

    impl Clients {
        /// Adds a client's address, and looks at once whether it is one of those that there are.
        pub(in crate::rollup) fn add(&mut self, client: &[u8]) {
            let Some(coupon) = coupon(client) else { return };
            match &mut self.0 {
                State::Few(numbers) => {
                    let number = form::number(coupon);
                    if let Err(at) = numbers.binary_search(&number) {
                        numbers.insert(at, number);
                    }
                    if numbers.len() > FEW {
                        self.0 = State::many(numbers);
                    }
                }
                State::Many(sketch) => sketch.update_with_coupon(coupon),
            }
        }
    }

    fn of(numbers: impl Iterator<Item = u32>) -> Clients {
        let mut clients = Clients::default();
        numbers.for_each(|number| clients.add(address(number).as_bytes()));
        clients
    }

    #[test]
    fn few_are_exact_and_many_are_close() {
        assert_eq!(Clients::default().estimate(), 0);
        for count in [1, 7, 8, 100, 384] {
            assert_eq!(of((0..count).chain(0..count)).estimate(), u64::from(count));
        }
        for count in [385, 5_000, 100_000] {
            let estimate = of(0..count).estimate() as f64;
            let error = (estimate / f64::from(count) - 1.0).abs();
            assert!(error < 0.05, "{count}: {estimate}");
        }
    }

    #[test]
    fn order_and_parts_do_not_matter() {
        for count in [5, 30, 384, 385, 2_000, 60_000] {
            let forwards = of(0..count);
            let backwards = of((0..count).rev());
            let mut merged = Clients::default();
            for part in 0..7 {
                merged.merge(&of((0..count).filter(|number| number % 7 == part)));
            }
            let mut overlapping = of(0..count / 2);
            overlapping.merge(&of((count / 3..count).rev()));
            for other in [backwards, merged, overlapping] {
                assert_eq!(other.estimate(), forwards.estimate(), "{count}");
                assert_eq!(other.sketch(), forwards.sketch(), "{count}");
            }
        }
    }

    #[test]
    fn the_sketch_reads_back_with_the_same_estimate() {
        for count in [0, 3, 200, 1_000, 50_000] {
            let clients = of(0..count);
            let sketch = HllSketch::deserialize(&clients.sketch()).unwrap();
            assert_eq!(
                sketch.estimate().round() as u64,
                clients.estimate(),
                "{count}"
            );
        }
    }

    #[test]
    fn sketches_merge_to_what_their_clients_make_together() {
        for (one, other, both) in [
            (0..0, 0..0, 0..0),
            (0..3, 2..9, 0..9),
            (0..200, 100..384, 0..384),
            (0..300, 200..900, 0..900),
            (0..9_000, 1_000..20_000, 0..20_000),
            (0..5, 0..20_000, 0..20_000),
        ] {
            let sketches = [one, other].map(|part| of(part).sketch());
            let [mut merged, other] =
                [&sketches[0], &sketches[1]].map(|sketch| Clients::from_sketch(sketch).unwrap());
            merged.merge(&other);
            let mut together = ClientsTogether::default();
            for sketch in &sketches {
                together.add(&Clients::from_sketch(sketch).unwrap());
            }
            assert_eq!(together.estimate(), merged.estimate());
            assert_eq!(merged.estimate(), of(both.clone()).estimate());
            let again = Clients::from_sketch(&merged.sketch()).unwrap();
            assert_eq!(again.estimate(), of(both).estimate());
        }
        assert!(Clients::from_sketch(b"no sketch").is_none());
    }

    #[test]
    fn the_empty_string_is_no_client() {
        let mut clients = Clients::default();
        clients.add(b"");
        assert_eq!(clients.estimate(), 0);
    }
}
