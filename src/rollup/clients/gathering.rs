use std::borrow::Cow;

use datasketches::hll::Coupon;

use super::{Clients, FEW, INLINE, State, form};

/// Clients of events that are being counted. A coupon is put behind the others, and only now and then it is looked which
/// of them are the same: to look for each at once would cost a search, and make room in the middle.
#[derive(Debug, Clone, Default)]
pub(in crate::rollup) struct Gathering {
    /// While they are few, those behind the first ones are in any order and may be the same.
    clients: Clients,
    /// So many of the few are sorted, and different.
    sorted: usize,
}

impl Gathering {
    pub(in crate::rollup) fn add(&mut self, coupon: Coupon) {
        match &mut self.clients.0 {
            State::Few(numbers) => {
                numbers.push(form::number(coupon));
                if numbers.len() >= self.most() {
                    self.settle();
                }
            }
            State::Many(sketch) => sketch.update_with_coupon(coupon),
        }
    }

    /// How many there may be until it is looked which are the same.
    fn most(&self) -> usize {
        match self.sorted {
            ..INLINE => INLINE,
            sorted => 2 * sorted,
        }
    }

    /// All of them.
    pub(in crate::rollup) fn clients(&self) -> Cow<'_, Clients> {
        match &self.clients.0 {
            State::Few(numbers) if numbers.len() > self.sorted => {
                Cow::Owned(self.clone().into_clients())
            }
            _ => Cow::Borrowed(&self.clients),
        }
    }

    /// All of them, when none will be added.
    pub(in crate::rollup) fn into_clients(mut self) -> Clients {
        self.settle();
        self.clients
    }

    /// Adds all of another's clients.
    pub(in crate::rollup) fn merge(&mut self, other: &Self) {
        self.settle();
        self.clients.merge(&other.clients());
        self.sorted = match &self.clients.0 {
            State::Few(numbers) => numbers.len(),
            State::Many(_) => 0,
        };
    }

    /// How many bytes it has allocated.
    pub(in crate::rollup) fn allocated(&self) -> usize {
        self.clients.allocated()
    }

    fn settle(&mut self) {
        let State::Few(numbers) = &mut self.clients.0 else {
            return;
        };
        if numbers.len() > self.sorted {
            numbers.sort_unstable();
            numbers.dedup();
            self.sorted = numbers.len();
        }
        if numbers.len() > FEW {
            self.clients.0 = State::many(numbers);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::coupon;
    use super::*;

    /// Clients of whom each comes again and again.
    fn addresses(count: usize) -> impl Iterator<Item = String> {
        let numbers = (0..3 * count).map(move |number| number * 7_919 % count.max(1));
        numbers.map(|number| format!("192.0.{}.{}", number / 200, number % 200))
    }

    #[test]
    fn gathered_are_those_that_were_added() {
        for count in [0, 1, 4, 7, 8, 100, 384, 385, 3_000] {
            let mut expected = Clients::default();
            let mut gathering = Gathering::default();
            let mut parts = [Gathering::default(), Gathering::default()];
            for (at, address) in addresses(count).enumerate() {
                let address = address.as_bytes();
                expected.add(address);
                let coupon = coupon(address).unwrap();
                gathering.add(coupon);
                parts[at % 2].add(coupon);
                if at % 97 == 0 {
                    assert_eq!(*gathering.clients(), expected, "{at} of {count}");
                }
            }
            let [mut one, other] = parts;
            one.merge(&other);
            for gathering in [gathering, one] {
                assert_eq!(gathering.into_clients(), expected, "{count}");
            }
        }
    }
}
