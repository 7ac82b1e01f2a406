use datasketches::hll::{HllSketch, HllType, HllUnion};

use super::{Clients, State, new_sketch, new_union};

/// The clients of many rows, counted together: the same as merging them one after the other.
#[derive(Debug, Default)]
pub struct ClientsTogether {
    coupons: Option<Box<HllSketch>>,
    sketches: Option<Box<HllUnion>>,
}

impl ClientsTogether {
    /// Adds a row's clients.
    pub fn add(&mut self, clients: &Clients) {
        match &clients.0 {
            State::Few(coupons) => {
                let sketch = self
                    .coupons
                    .get_or_insert_with(|| Box::new(new_sketch(HllType::Hll8)));
                let coupons = coupons.iter();
                coupons.for_each(|&coupon| sketch.update_with_coupon(coupon));
            }
            State::Many(sketch) => {
                let union = self.sketches.get_or_insert_with(|| Box::new(new_union()));
                union.update(sketch);
            }
        }
    }

    /// How many different clients there are.
    pub fn estimate(mut self) -> u64 {
        let estimate = match (self.coupons, &mut self.sketches) {
            (None, None) => 0.0,
            (Some(coupons), None) => coupons.composite_estimate(),
            (coupons, Some(union)) => {
                coupons.iter().for_each(|coupons| union.update(coupons));
                union.composite_estimate()
            }
        };
        estimate.round() as u64
    }
}
