use datasketches::hll::Coupon;

use super::coupon;

/// The coupons of the clients that were met last: most come again, and to compare an address takes less time than to
/// hash it.
#[derive(Debug, Clone, Default)]
pub(in crate::rollup) struct Met(Vec<Option<(Address, Coupon)>>);

/// The first eight bytes of an address, the next ones if it has sixteen, the last ones, and how long it is: that is all of
/// it, and to take it so depends on no branch.
type Address = [u64; 4];

/// Longer addresses are hashed each time, and so are those of fewer than eight bytes: there are few of either.
const LONGEST: usize = 24;

/// So many are kept.
const PLACES: usize = 1 << 11;

impl Met {
    /// The coupon of a client; `None` if it has no name.
    pub(in crate::rollup) fn coupon(&mut self, client: &[u8]) -> Option<Coupon> {
        let Some(address) = address(client) else {
            return coupon(client);
        };
        if self.0.is_empty() {
            self.0.resize(PLACES, None);
        }
        let place = &mut self.0[place(&address)];
        if let Some((known, coupon)) = place
            && *known == address
        {
            return Some(*coupon);
        }
        let coupon = coupon(client)?;
        *place = Some((address, coupon));
        Some(coupon)
    }
}

fn address(client: &[u8]) -> Option<Address> {
    let (Some(first), Some(last)) = (client.first_chunk(), client.last_chunk()) else {
        return None;
    };
    let next = client.get(8..16).and_then(<[u8]>::first_chunk);
    let [first, next, last] =
        [first, next.unwrap_or(last), last].map(|eight| u64::from_le_bytes(*eight));
    (client.len() <= LONGEST).then_some([first, next, last, client.len() as u64])
}

/// Addresses of the same network differ in few bytes.
fn place(address: &Address) -> usize {
    let mixed = address.iter().fold(0_u64, |mixed, part| {
        (mixed.rotate_left(23) ^ part).wrapping_mul(0x9E37_79B9_7F4A_7C15)
    });
    (mixed >> 53) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_has_the_same_coupon_whoever_came_between() {
        let mut met = Met::default();
        let clients = (0..20_000_u32).map(|number| match number % 7 {
            0 => format!("2001:db8::{:x}", number % 900),
            1 => format!("2001:db8:1111:2222:3333:4444:5555:{:x}", number % 900),
            _ => format!("192.0.{}.{}", number % 11, number % 251),
        });
        for client in clients.chain(["".into(), "192.0.2.1\0".into(), "unix:".into()]) {
            let client = client.as_bytes();
            assert_eq!(met.coupon(client), coupon(client));
        }
    }
}
