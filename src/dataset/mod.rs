//! Datasets: folders of Parquet files that any engine reads with a plain glob.
//!
//! A dataset has one folder per table, `hourly/` for the rollup and `incidents/`, which is made of it. A run adds
//! one file to `hourly/`: written
//! under a temporary name, synced, then renamed, so a reader sees the whole file or none. The file's
//! footer says which logs it was counted from, and how far: that is the [`Ledger`], and why no event is
//! counted twice or left out.

mod columns;
mod compact;
mod entry;
mod error;
mod event_file;
mod footer;
mod groups;
mod guard;
mod held;
mod hourly;
mod incidents;
mod ledger;
mod lock;
mod merged;
mod merging;
mod page;
mod partials;
mod parts;
mod read;
mod rows;
mod run;
mod stream;
mod tallies;
mod unfinished;
mod write;

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

pub use compact::Compaction;
pub use entry::{Entry, Id, Sight};
pub use error::DatasetError;
pub use event_file::EventFile;
pub use footer::Provenance;
pub use held::Held;
pub use hourly::{HOURLY, batch, schema};
pub use incidents::{Fresh, INCIDENTS};
pub use ledger::{Ledger, Lost};
pub use partials::{NoneOfOurs, Partials};
pub use rows::HeldRows;
pub use run::{Commit, Run};
pub use unfinished::abandon;

/// A folder that holds a dataset.
#[derive(Debug, Clone)]
pub struct Dataset {
    folder: PathBuf,
}

impl Dataset {
    /// The dataset in `folder`, which need not exist yet.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    /// What it says about what it has counted; nothing, if it does not exist yet.
    pub fn ledger(&self) -> Result<Ledger, DatasetError> {
        match self.table().is_dir() {
            true => Ledger::read(&self.table()),
            false => Ok(Ledger::default()),
        }
    }

    /// An error if the folder of a table is somewhere else: nothing is written there.
    fn stays_within(&self, table: &Path) -> Result<(), DatasetError> {
        let whole = |path: &Path| fs::canonicalize(path).ok();
        let leads_out = match (whole(&self.folder), whole(table)) {
            (Some(folder), Some(table)) => !table.starts_with(folder),
            // It is not there yet, or is a link that leads nowhere.
            _ => table.is_symlink(),
        };
        match leads_out {
            true => Err(DatasetError::LeadsOut {
                path: table.to_path_buf(),
            }),
            false => Ok(()),
        }
    }

    fn table(&self) -> PathBuf {
        self.folder.join(HOURLY)
    }
}

/// Microseconds.
const DAY: i64 = 86_400_000_000;

/// Seconds; so wide is a bucket where nobody says otherwise.
const HOUR: i64 = 3_600;

/// What readers find with the glob `*.parquet`, sorted by name.
fn parquet_files(table: &Path) -> Result<Vec<PathBuf>, DatasetError> {
    let listed = || {
        let folder = fs::metadata(table)?.ino();
        let files = list(table)?;
        // Another one in its place: what was listed may be what compacting has left of the old one.
        let is_same = fs::metadata(table)?.ino() == folder;
        Ok(is_same.then_some(files))
    };
    loop {
        let files = listed().map_err(|source| DatasetError::Io {
            path: table.to_path_buf(),
            source,
        })?;
        if let Some(files) = files {
            return Ok(files);
        }
    }
}

fn list(table: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(table)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        if name.is_some_and(|name| name.ends_with(".parquet") && !name.starts_with('.')) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
