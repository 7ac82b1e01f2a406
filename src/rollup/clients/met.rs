use datasketches::hll::Coupon;

use super::coupon;

/// The coupons of the clients that were met last: most come again, and to compare an address takes less time than to
/// hash it.
#[derive(Debug, Clone, Default)]
pub(in crate::rollup) struct Met(Vec<Option<(Address, Coupon)>>);

/// The bytes of an address, zeros behind it, and how long it is.
type Address = ([u8; LONGEST], u8);

/// Longer addresses are hashed each time. An IPv6 address with nothing left out has 39 bytes, few have more than these.
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
    let mut bytes = [0; LONGEST];
    bytes.get_mut(..client.len())?.copy_from_slice(client);
    Some((bytes, client.len() as u8))
}

/// The last bytes of addresses differ most.
fn place((bytes, _): &Address) -> usize {
    let (eights, _) = bytes.as_chunks();
    let mixed = eights.iter().fold(0_u64, |mixed, eight| {
        (mixed.rotate_left(23) ^ u64::from_le_bytes(*eight)).wrapping_mul(0x9E37_79B9_7F4A_7C15)
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
