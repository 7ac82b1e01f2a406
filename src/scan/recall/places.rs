//! The places at which records are remembered: those that their hashes give them.

use std::hash::Hasher;

/// So many there are.
pub(super) const PLACES: usize = 1 << 14;

/// Longer texts hardly ever come twice, and are not remembered.
pub(super) const LONGEST: usize = 512;

/// The place of what has this hash.
pub(super) fn place(hash: u64) -> usize {
    hash as usize % PLACES
}

/// The hashes of what was met, but is not remembered yet: most that come twice come often, and what comes once drives
/// nothing away.
#[derive(Default)]
pub(super) struct Met(Vec<u16>);

impl Met {
    /// Whether what has this hash was met before, and nothing else at its place since.
    pub(super) fn meets_again(&mut self, hash: u64) -> bool {
        if self.0.is_empty() {
            self.0.resize(PLACES, 0);
        }
        let tag = (hash >> 48) as u16;
        std::mem::replace(&mut self.0[place(hash)], tag) == tag
    }
}

/// Hashes enough of a text to tell it from most others. All of it is compared.
#[inline]
pub(super) fn write_some(text: &[u8], hasher: &mut impl Hasher) {
    let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) else {
        return hasher.write(text);
    };
    let number = |eight: &[u8; 8]| u64::from_le_bytes(*eight);
    hasher.write_u64(number(first) ^ text.len() as u64);
    hasher.write_u64(number(last));
    if let Some(middle) = text.get(SOMEWHERE..).and_then(<[u8]>::first_chunk) {
        hasher.write_u64(number(middle));
    }
}

/// Where most statements and addresses differ that begin and end alike.
const SOMEWHERE: usize = 20;
