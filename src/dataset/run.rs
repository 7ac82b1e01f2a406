//! One run: it takes the lock, reads the ledger, and adds one file or none.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};

use tempfile::NamedTempFile;

use crate::rollup::{Place, Row, Rows, Shelf};
use crate::source::Privacy;

use super::lock::{Lock, NoLock};
use super::unfinished::Unfinished;
use super::{Dataset, DatasetError, Entry, Ledger, Provenance, write};

/// A run that adds to a dataset. As long as it lives no other run of this machine does.
#[derive(Debug)]
pub struct Run {
    dataset: Dataset,
    machine: String,
    patience: Duration,
    _lock: Lock,
}

/// How adding to a dataset ended.
#[derive(Debug)]
pub enum Commit {
    /// The rows and the entries are in this file.
    Done(PathBuf),
    /// Another machine's run has counted the same logs meanwhile. Nothing was added.
    Contradicted,
}

impl Dataset {
    /// Begins a run of `machine`. It waits for another one to end as long as `patience` says, and tells
    /// `waits` the other one's process.
    ///
    /// It makes the dataset's folders, so that a folder that cannot be written is known before the work
    /// begins, not after; and removes what killed runs left behind.
    pub fn begin(
        &self,
        machine: &str,
        patience: Duration,
        waits: impl FnOnce(Option<u32>),
    ) -> Result<Run, DatasetError> {
        if fs::metadata(&self.folder).is_ok_and(|meta| !meta.is_dir()) {
            let path = self.folder.clone();
            return Err(DatasetError::NotAFolder { path });
        }
        let table = self.table();
        let failed = |source| DatasetError::Io {
            path: table.clone(),
            source,
        };
        self.stays_within(&table)?;
        if !table.is_dir() {
            fs::create_dir_all(&table).map_err(failed)?;
            sync_folder(&self.folder).map_err(failed)?;
        }
        let machine = in_a_name(machine);
        let lock = self.lock(
            &format!("{}{machine}{}", RUN_LOCK.0, RUN_LOCK.1),
            patience,
            waits,
        )?;
        let run = Run {
            dataset: self.clone(),
            machine,
            patience,
            _lock: lock,
        };
        run.clean_up().map_err(failed)?;
        run.temporary(Privacy::Private).map_err(failed)?;
        Ok(run)
    }

    /// When a run of any machine has taken its lock last. A dataset that was copied may have none.
    pub(super) fn last_lock(&self) -> Option<DateTime<Utc>> {
        let entries = fs::read_dir(&self.folder).ok()?;
        let is_lock = |name: &str| name.starts_with(RUN_LOCK.0) && name.ends_with(RUN_LOCK.1);
        let locks = entries
            .flatten()
            .filter(|entry| entry.file_name().to_str().is_some_and(is_lock));
        let times = locks.filter_map(|lock| lock.metadata().ok()?.modified().ok());
        times.max().map(DateTime::from)
    }

    pub(super) fn lock(
        &self,
        name: &str,
        patience: Duration,
        waits: impl FnOnce(Option<u32>),
    ) -> Result<Lock, DatasetError> {
        let path = self.folder.join(name);
        Lock::take(&path, patience, waits).map_err(|error| match error {
            NoLock::Busy(pid) => DatasetError::Busy {
                path: self.folder.clone(),
                pid,
            },
            NoLock::Failed(source) => DatasetError::Io { path, source },
        })
    }
}

/// How the names begin and end of the locks that runs take first, and write to.
const RUN_LOCK: (&str, &str) = (".run-", ".lock");

/// The lock that is held while files of a dataset get or lose their names.
pub(super) const COMMIT_LOCK: &str = ".commit.lock";

/// How the names of unfinished files begin and end. They lie outside of the tables, where no reader
/// looks.
const TEMPORARY: (&str, &str) = (".writing-", ".tmp");

impl Run {
    /// What was counted before.
    pub fn ledger(&self) -> Result<Ledger, DatasetError> {
        self.dataset.ledger()
    }

    /// Adds one file with `rows`, and with `entries`, what `ledger` did not know. `each` is told the rows as they are
    /// written; `privacy` is that of the logs.
    ///
    /// The bytes are on the disk before the file gets its name, and the name is on the disk before
    /// this returns. A process that is killed leaves the dataset as it was or as it shall be.
    pub fn commit(
        &self,
        rows: &Rows,
        provenance: &Provenance,
        entries: &[Entry],
        ledger: &Ledger,
        privacy: Privacy,
        each: impl FnMut(&[Row]) + Send,
    ) -> Result<Commit, DatasetError> {
        let table = self.dataset.table();
        let failed = |source| DatasetError::Io {
            path: table.clone(),
            source,
        };
        let (temporary, _unfinished) = self.temporary(privacy).map_err(failed)?;
        let footer = provenance.key_values(entries);
        write::write(rows, footer, temporary.as_file(), each).map_err(|source| {
            DatasetError::Parquet {
                path: table.clone(),
                source,
            }
        })?;
        temporary.as_file().sync_all().map_err(failed)?;

        let _lock = self.dataset.lock(COMMIT_LOCK, self.patience, |_| {})?;
        if ledger.is_contradicted(&table, entries)? {
            return Ok(Commit::Contradicted);
        }
        let stamp = provenance.run.format("%Y%m%dT%H%M%SZ");
        let unique = self.unique_part(temporary.path());
        let path = table.join(format!("{stamp}-{}-{unique}.parquet", self.machine));
        temporary
            .persist_noclobber(&path)
            .map_err(|error| failed(error.error))?;
        sync_folder(&table).map_err(failed)?;
        Ok(Commit::Done(path))
    }

    fn temporary(&self, privacy: Privacy) -> io::Result<(NamedTempFile, Unfinished)> {
        let prefix = self.temporary_prefix();
        let mut file = tempfile::Builder::new();
        file.prefix(&prefix).suffix(TEMPORARY.1);
        file.permissions(privacy.permissions());
        Unfinished::made(|| file.tempfile_in(&self.dataset.folder))
    }

    fn temporary_prefix(&self) -> String {
        format!("{}{}-", TEMPORARY.0, self.machine)
    }

    /// The random part of a temporary name keeps two files of one second apart.
    fn unique_part<'a>(&self, temporary: &'a Path) -> &'a str {
        let name = temporary.file_name().and_then(|name| name.to_str());
        let prefix = self.temporary_prefix();
        name.and_then(|name| name.strip_prefix(&prefix)?.strip_suffix(TEMPORARY.1))
            .unwrap_or_default()
    }

    /// Removes the unfinished files of this machine's runs that were killed: this one is the only run.
    fn clean_up(&self) -> io::Result<()> {
        let prefix = self.temporary_prefix();
        for entry in fs::read_dir(&self.dataset.folder)? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.starts_with(&prefix) && name.ends_with(TEMPORARY.1) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }
}

/// What is put aside lies beside the tables, in a file that has no name any more: it ends with the process.
impl Shelf for Run {
    fn place(&self) -> io::Result<Box<dyn Place>> {
        let (file, _unfinished) = self.temporary(Privacy::Private)?;
        Ok(Box::new(file.into_file()))
    }
}

/// Has the names in a folder written to the disk.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// A machine's name as it may stand in a file's name.
fn in_a_name(machine: &str) -> String {
    let safe = |letter: char| match letter {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '.' => letter,
        _ => '_',
    };
    machine.chars().take(64).map(safe).collect()
}
