//! What becomes of names that are too many.
//!
//! Whoever writes to a log names pools, peers, servers and hosts, and whoever sends a request may choose some of these.
//! Everything that is made of rows keeps something for each name, so there is an end to them: the pools with the most
//! events keep their names, and of their peers and servers those with the most; all others are counted together.
//!
//! Which they are follows from the rows in their order alone: not from how a log was cut, by how many threads it was
//! read, or how much memory there was.

mod few;
mod folded;
mod gathering;
mod kept;
mod named;

#[cfg(test)]
mod tests;

pub use few::Few;
pub(super) use folded::Folded;
pub(super) use kept::Kept;
pub use kept::Mention;
pub use named::{Named, RowByRow, Source};

/// What stands for the names of all others.
pub const OTHER: &str = "(other)";

/// So many pools keep their names, besides those that configurations name.
pub(super) const MOST_POOLS: usize = 4_096;

/// So many peers, and servers, of all pools together.
const MOST_NAMES: usize = 8_192;

/// So many servers of pools that do not, and so many hosts.
const MOST_OF_OTHERS: usize = 1_024;

/// A name as it is counted: longer ones than anything is called are not told apart.
pub(super) fn not_too_long(name: &[u8]) -> &[u8] {
    const LONGEST: usize = 1_024;
    match name.len() {
        ..=LONGEST => name,
        _ => OTHER.as_bytes(),
    }
}
