use std::io;

use crate::rollup::{Place, Shelf};

/// Room for counts that are too many to be held: files without a name where temporary ones belong, which end with the
/// process.
pub(super) struct Unnamed;

impl Shelf for Unnamed {
    fn place(&self) -> io::Result<Box<dyn Place>> {
        Ok(Box::new(tempfile::tempfile()?))
    }
}
