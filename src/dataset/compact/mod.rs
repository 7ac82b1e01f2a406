//! Many small files become few: one for each month.
//!
//! The new files are written beside the old ones, and then count instead of them from one moment on: in a folder the new
//! table's folder and the old one change places, in a bucket the manifest names the new files. A
//! reader sees the old files or the new ones; one that has listed the old ones and opens them late finds
//! that they are gone, and fails loudly. A process that is killed leaves one of the two.

mod bucket;
mod building;
mod folder;
mod months;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::record::Moment;

use super::home::{Home, Listed};
use super::page::{self, Page};
use super::read::Table;
use super::{Dataset, DatasetError};

use months::{Month, is_compact, months};

/// What compacting has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Compaction {
    /// How many files there were.
    pub files_before: u64,
    /// How many there are.
    pub files_after: u64,
    /// How many bytes they had.
    pub bytes_before: u64,
    /// How many they have.
    pub bytes_after: u64,
    /// How many events lay before the time that is kept.
    pub events_dropped: u64,
}

impl Dataset {
    /// Merges the files of each month into one and drops what lies before `kept_since`. In a folder it waits for
    /// others that are at work as long as `patience` says, and tells `waits` their process.
    pub fn compact(
        &self,
        kept_since: Option<Moment>,
        patience: Duration,
        waits: impl FnOnce(Option<u32>),
    ) -> Result<Compaction, DatasetError> {
        match &self.home {
            Home::Folder(folder) => self.compact_folder(folder, kept_since, patience, waits),
            Home::Bucket(prefix) => self.compact_bucket(prefix, kept_since),
        }
    }
}

/// What there is to be compacted.
struct Old {
    pages: Vec<Page>,
    tables: Vec<Table>,
    months: BTreeMap<Month, Vec<usize>>,
    kept_since: Option<Moment>,
}

impl Old {
    fn read(files: &[Listed], kept_since: Option<Moment>) -> Result<Self, DatasetError> {
        let pages = Page::read_all(files)?;
        let tables = files.iter().map(Table::open);
        let tables = tables.collect::<Result<Vec<Table>, _>>()?;
        let kept_since = kept_since.max(page::kept_since(&pages));
        Ok(Self {
            months: months(&tables, kept_since),
            pages,
            tables,
            kept_since,
        })
    }

    /// What compacting has done, if it was nothing.
    fn unchanged(&self) -> Compaction {
        let files = self.tables.len() as u64;
        let bytes = self.tables.iter().map(|table| table.bytes).sum();
        Compaction {
            files_before: files,
            files_after: files,
            bytes_before: bytes,
            bytes_after: bytes,
            events_dropped: 0,
        }
    }

    fn is_compact(&self) -> bool {
        is_compact(&self.tables, &self.pages, &self.months, self.kept_since)
    }

    /// How many events lie before the time that is kept.
    fn events_dropped(&self) -> Result<u64, DatasetError> {
        let mut events = 0;
        if let Some(since) = self.kept_since {
            for table in &self.tables {
                events += table.events_of(&(i64::MIN..since.0))?;
            }
        }
        Ok(events)
    }
}
