//! Rows that are too many to be held in memory.
//!
//! What is held is now and then put aside, as a run: its rows in their order, one after the other. In the end the runs
//! are merged into one, as it is read. Of a run only what comes next is held then, so memory depends neither on how
//! many rows there are nor on how many of them an hour or a pool has. What is to be read more than once is merged before.

mod aside;
mod bounded;
mod fewer;
mod merge;
mod read;
mod row;
mod sort;
mod write;

#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{self, Write};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use crate::record::{Level, Moment, OsError};
use crate::taxonomy::{Class, Phase};

use super::Row;
use super::cell::Key;
use super::other::{Few, Folded, Kept, Mention, RowByRow, Source};

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

/// Room where temporary files belong: such files without a name.
pub struct Unnamed;

impl Shelf for Unnamed {
    fn place(&self) -> io::Result<Box<dyn Place>> {
        Ok(Box::new(tempfile::tempfile()?))
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
pub struct Runs(Vec<Run>);

impl Rows {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Held(rows) => rows.is_empty(),
            Self::Aside(runs) => runs.0.is_empty(),
        }
    }

    /// Whether a class among them may be one of the operator's.
    pub fn may_be_ruled(&self) -> bool {
        let is_ruled = |class: Class| matches!(class, Class::User(_));
        match self {
            Self::Held(rows) => rows.iter().any(|row| is_ruled(row.class)),
            Self::Aside(runs) => {
                let mut traits = runs.0.iter().flat_map(|run| &run.shelved.traits);
                traits.any(|traits| is_ruled(traits.class))
            }
        }
    }

    /// Hands all rows to `each`, many at once.
    pub fn each(&self, mut each: impl FnMut(&[Row]) + Send) -> io::Result<()> {
        match self {
            Self::Held(rows) => each(rows),
            Self::Aside(runs) => runs.each(each)?,
        }
        Ok(())
    }
}

impl Source for Runs {
    fn rows(&self) -> io::Result<RowByRow> {
        Ok(Box::new(Merge::new(self.0.iter().cloned())?))
    }

    fn rows_of(&self, wants: impl Fn(&str) -> bool + Send + 'static) -> io::Result<RowByRow> {
        Ok(Box::new(Merge::of(self.0.iter().cloned(), wants)?))
    }

    /// What is put together from several runs is told run by run.
    fn mentions(&self, look: &mut dyn FnMut(&Mention<'_>)) -> io::Result<()> {
        Merge::new(self.0.iter().cloned())?.mentions(look)
    }
}

/// Rows that are held, with as many names as can be kept; of pools, those first that `is_known` tells.
fn with_few_names(rows: Vec<Row>, is_known: impl Fn(&str) -> bool) -> io::Result<Vec<Row>> {
    if Few::of(&rows).are_few() {
        return Ok(rows);
    }
    let Some(kept) = Kept::chosen_of(&rows, is_known) else {
        return Ok(rows);
    };
    let (rows, others): (Vec<Row>, Vec<Row>) =
        rows.into_iter().partition(|row| kept.has_pool(&row.pool));
    let [rows, others] = [rows, others].map(|rows| rows.into_iter().map(Ok));
    Folded::new(Arc::new(kept), rows, others).collect()
}

/// A run that was put aside, or a part of it.
#[derive(Clone)]
struct Run {
    shelved: Arc<Shelved>,
    range: Range<u64>,
    /// Where some of its pools begin, in their order.
    marks: Arc<[Mark]>,
    /// The first pool that is read, and the first that is not.
    from: Option<Arc<Pool>>,
    until: Option<Arc<Pool>>,
}

/// Where a pool begins in a run.
struct Mark {
    pool: Arc<Pool>,
    at: u64,
}

/// A pool in a bucket, by which rows are sorted first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Pool {
    bucket: Moment,
    name: Arc<str>,
}

impl Default for Pool {
    /// None is before it.
    fn default() -> Self {
        Self {
            bucket: Moment(i64::MIN),
            name: Arc::default(),
        }
    }
}

/// What one thread has put aside.
struct Shelved {
    place: Box<dyn Place>,
    /// Those that its rows have, which are told there by their places.
    traits: Vec<Traits>,
}

impl Shelved {
    fn traits(&self, number: u64) -> Option<Traits> {
        self.traits.get(usize::try_from(number).ok()?).copied()
    }
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

impl Traits {
    fn of_key(key: &Key) -> Self {
        Self {
            class: key.class,
            phase: key.phase,
            os_error: key.os_error,
            level: key.level,
            status: key.status,
        }
    }

    fn of_row(row: &Row) -> Self {
        Self {
            class: row.class,
            phase: row.phase,
            os_error: row.os_error,
            level: row.level,
            status: row.status,
        }
    }

    /// What tells a class, where nothing else is to be told.
    fn of_class(class: Class) -> Self {
        Self {
            class,
            phase: None,
            os_error: None,
            level: None,
            status: None,
        }
    }
}

/// A record that was chosen as the example of a class, from what one thread has met of a pool in a bucket.
#[derive(Debug, Clone)]
struct Drawn {
    class: Class,
    lot: u64,
    text: Box<[u8]>,
}
