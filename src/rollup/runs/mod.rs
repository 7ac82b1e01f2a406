//! Rows that are too many to be held in memory.
//!
//! What is held is now and then put aside, as a run: its rows in their order, one after the other. In the end the runs
//! are merged into one, as it is read. Of a run only what comes next is held then, so memory depends neither on how
//! many rows there are nor on how many of them an hour or a pool has.

mod aside;
mod bounded;
mod merge;
mod read;
mod write;

#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{self, Write};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use crate::record::{Level, OsError};
use crate::taxonomy::{Class, Phase};

use super::Row;
use super::other::{Few, Folded, Kept, Pools};

pub use bounded::Bounded;

use merge::Merge;

/// What gives room for bytes that are put aside.
pub trait Shelf: Sync {
    /// Room that is empty yet.
    fn place(&self) -> io::Result<Box<dyn Place>>;
}

/// Room for bytes that are put aside; they are gone when it is dropped.
pub trait Place: Send + Sync {
    /// Puts bytes behind those that are there.
    fn append(&self, bytes: &[u8]) -> io::Result<()>;

    /// Reads bytes from this one on, and tells how many.
    fn read_at(&self, at: u64, bytes: &mut [u8]) -> io::Result<usize>;
}

/// A file without a name is room that ends with the process.
impl Place for File {
    fn append(&self, bytes: &[u8]) -> io::Result<()> {
        let mut file = self;
        file.write_all(bytes)
    }

    fn read_at(&self, at: u64, bytes: &mut [u8]) -> io::Result<usize> {
        FileExt::read_at(self, bytes, at)
    }
}

/// All rows, in their order.
pub enum Rows {
    /// They were never too many.
    Held(Vec<Row>),
    /// They were put aside, and are to be merged.
    Aside(Runs),
}

/// All runs that were put aside; they may be merged more than once.
pub struct Runs {
    runs: Vec<Run>,
    /// The names that rows keep, if not all.
    kept: Option<Arc<Kept>>,
}

/// Rows that are read one after the other.
pub type RowByRow = Box<dyn Iterator<Item = io::Result<Row>> + Send>;

impl Rows {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Held(rows) => rows.is_empty(),
            Self::Aside(Runs { runs, .. }) => runs.is_empty(),
        }
    }

    /// Whether a class among them may be one of the operator's.
    pub fn may_be_ruled(&self) -> bool {
        let is_ruled = |class: Class| matches!(class, Class::User(_));
        match self {
            Self::Held(rows) => rows.iter().any(|row| is_ruled(row.class)),
            Self::Aside(Runs { runs, .. }) => {
                let mut traits = runs.iter().flat_map(|run| &run.shelved.traits);
                traits.any(|traits| is_ruled(traits.class))
            }
        }
    }

    /// Hands all rows to `each`, many at once.
    pub fn each(&self, mut each: impl FnMut(&[Row])) -> io::Result<()> {
        match self {
            Self::Held(rows) => each(rows),
            Self::Aside(runs) => {
                let mut rows = runs.merge()?;
                loop {
                    let some: Vec<Row> = rows.by_ref().take(AT_ONCE).collect::<io::Result<_>>()?;
                    if some.is_empty() {
                        break;
                    }
                    each(&some);
                }
            }
        }
        Ok(())
    }

    /// The same rows, with as many names as can be kept; of pools, those first that configurations name.
    fn with_few_names(self, is_known: impl Fn(&str) -> bool) -> io::Result<Self> {
        let mut pools = Pools::new(is_known);
        match self {
            Self::Held(rows) if Few::of(&rows).are_few() => Ok(Self::Held(rows)),
            Self::Held(rows) => {
                rows.iter().for_each(|row| pools.add(row));
                let mut choosing = pools.chosen();
                rows.iter().for_each(|row| choosing.add(row));
                let Some(kept) = choosing.finish() else {
                    return Ok(Self::Held(rows));
                };
                let (rows, others): (Vec<Row>, Vec<Row>) =
                    rows.into_iter().partition(|row| kept.has_pool(row));
                let [rows, others] = [rows, others].map(|rows| rows.into_iter().map(Ok));
                let folded = Folded::new(Arc::new(kept), rows, others);
                folded.collect::<io::Result<_>>().map(Self::Held)
            }
            Self::Aside(runs) => {
                for row in runs.merge()? {
                    pools.add(&row?);
                }
                let mut choosing = pools.chosen();
                for row in runs.merge()? {
                    choosing.add(&row?);
                }
                let kept = choosing.finish().map(Arc::new);
                Ok(Self::Aside(Runs { kept, ..runs }))
            }
        }
    }
}

/// So many rows are handed on at once.
const AT_ONCE: usize = 2_048;

impl Runs {
    /// All rows, from the first on.
    pub fn merge(&self) -> io::Result<RowByRow> {
        let merge = || Merge::new(self.runs.iter().cloned());
        let Some(kept) = &self.kept else {
            return Ok(Box::new(merge()?));
        };
        let of = |is_kept: bool| {
            let kept = Arc::clone(kept);
            let is_of = move |row: &io::Result<Row>| {
                row.as_ref()
                    .map_or(true, |row| kept.has_pool(row) == is_kept)
            };
            Ok::<_, io::Error>(merge()?.filter(is_of))
        };
        Ok(Box::new(Folded::new(
            Arc::clone(kept),
            of(true)?,
            of(false)?,
        )))
    }
}

/// A run that was put aside.
#[derive(Clone)]
struct Run {
    shelved: Arc<Shelved>,
    range: Range<u64>,
}

/// What one thread has put aside.
struct Shelved {
    place: Box<dyn Place>,
    /// Those that its rows have, which are told there by their places.
    traits: Vec<Traits>,
}

/// By which the items of a run are told: what is said of a pool, and a row.
const POOL: u64 = 0;
const ROW: u64 = 1;

/// What rows have of what is the same in every log: there are not many of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Traits {
    class: Class,
    phase: Option<Phase>,
    os_error: Option<OsError>,
    level: Option<Level>,
    status: Option<u16>,
}

/// A record that was chosen as the example of a class, from what one thread has met of a pool in a bucket.
#[derive(Debug, Clone)]
struct Drawn {
    class: Class,
    lot: u64,
    text: Box<[u8]>,
}
