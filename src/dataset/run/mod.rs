//! One run: it reads the ledger, and adds one file or none.

mod bucket;
mod folder;
mod lock;

use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::rollup::{Row, Rows};
use crate::source::Privacy;

use super::home::{Home, Listed};
use super::{Dataset, DatasetError, Entry, Ledger, Provenance};

pub(super) use folder::{COMMIT_LOCK, lock, stays_within, sync_folder};
use lock::{Lock, NoLock};

/// A run that adds to a dataset. As long as it lives no other run of this machine adds to a folder.
#[derive(Debug)]
pub struct Run {
    dataset: Dataset,
    machine: String,
    patience: Duration,
    _lock: Option<Lock>,
    /// What a bucket was found to hold as the run began, until somebody reads it.
    begun: Option<Vec<Listed>>,
}

/// How adding to a dataset ended.
#[derive(Debug)]
pub enum Commit {
    /// The rows and the entries are in this file.
    Done(PathBuf),
    /// Another run has counted the same logs meanwhile. Nothing was added.
    Contradicted,
}

/// What a run adds.
#[derive(Clone, Copy)]
pub struct Addition<'a> {
    /// What was counted.
    pub rows: &'a Rows,
    /// Of what, and how far.
    pub entries: &'a [Entry],
    /// By which run.
    pub provenance: &'a Provenance,
    /// What was known when it was counted.
    pub ledger: &'a Ledger,
    /// That of the logs.
    pub privacy: Privacy,
}

impl Dataset {
    /// Begins a run of `machine`. In a folder it waits for another one to end as long as `patience` says, and tells
    /// `waits` the other one's process.
    ///
    /// It makes what a dataset needs, so that a place that cannot be written is known before the work
    /// begins, not after; and removes what killed runs left behind.
    pub fn begin(
        &self,
        machine: &str,
        patience: Duration,
        waits: impl FnOnce(Option<u32>),
    ) -> Result<Run, DatasetError> {
        let machine = in_a_name(machine);
        let (lock, begun) = match &self.home {
            Home::Folder(folder) => {
                let lock = self.take_folder(folder, &machine, patience, waits)?;
                (Some(lock), None)
            }
            Home::Bucket(prefix) => (None, Some(prefix.begin(self, &machine)?)),
        };
        Ok(Run {
            dataset: self.clone(),
            machine,
            patience,
            _lock: lock,
            begun,
        })
    }

    /// When a run of any machine has begun last, also one that added nothing. A dataset that was copied may not tell.
    pub(super) fn last_begun(&self) -> Option<DateTime<Utc>> {
        match &self.home {
            Home::Folder(folder) => folder::last_lock(folder),
            Home::Bucket(prefix) => prefix.last_mark(),
        }
    }
}

impl Run {
    /// What was counted before. A folder that the run has made and that is gone is an error, not an empty one.
    pub fn ledger(&mut self) -> Result<Ledger, DatasetError> {
        let ledger = Ledger::read(&self.dataset, self.begun.take())?;
        match &self.dataset.home {
            Home::Folder(_) => ledger.ok_or_else(|| self.dataset.no_dataset()),
            Home::Bucket(_) => Ok(ledger.unwrap_or_default()),
        }
    }

    /// Adds one file with rows, and with entries, what the ledger did not know. `each` is told the rows as they are
    /// written.
    ///
    /// The bytes are safe before the file gets its name, and the name is before this returns. A process that is killed
    /// leaves the dataset as it was or as it shall be.
    pub fn commit(
        &self,
        addition: Addition<'_>,
        each: impl FnMut(&[Row]) + Send,
    ) -> Result<Commit, DatasetError> {
        match &self.dataset.home {
            Home::Folder(folder) => self.commit_in(folder, addition, each),
            Home::Bucket(prefix) => prefix.commit(&self.dataset, addition, each),
        }
    }
}

/// A machine's name as it may stand in a file's name.
fn in_a_name(machine: &str) -> String {
    let safe = |letter: char| match letter {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '.' => letter,
        _ => '_',
    };
    machine.chars().take(64).map(safe).collect()
}
