//! Datasets: folders of Parquet files, or the like in a bucket, that any engine reads with a plain glob.
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
mod home;
mod hourly;
mod incidents;
mod ledger;
mod merged;
mod merging;
mod page;
mod partials;
mod parts;
mod periods;
mod read;
mod rows;
mod run;
mod stream;
mod tallies;
mod unfinished;
mod write;

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
pub use run::{Addition, Commit, Run};
pub use unfinished::abandon;

use home::Home;

/// Where a dataset lies, or shall lie.
#[derive(Debug, Clone)]
pub struct Dataset {
    home: Home,
}

impl Dataset {
    /// What it says about what it has counted; nothing, if it does not exist yet.
    pub fn ledger(&self) -> Result<Ledger, DatasetError> {
        Ok(Ledger::read(self, None)?.unwrap_or_default())
    }
}

/// Microseconds.
const DAY: i64 = 86_400_000_000;

/// Seconds; so wide is a bucket where nobody says otherwise.
const HOUR: i64 = 3_600;
