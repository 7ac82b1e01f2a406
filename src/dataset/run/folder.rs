//! Runs that add to a folder. One lock is held as long as a run lives, another while its file gets its name.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tempfile::NamedTempFile;

use crate::dataset::home::Home;
use crate::dataset::unfinished::Unfinished;
use crate::dataset::{Dataset, DatasetError, HOURLY, write};
use crate::rollup::{Place, Row, Shelf};
use crate::source::Privacy;

use super::{Addition, Commit, Lock, NoLock, Run};

/// How the names begin and end of the locks that runs take first, and write to.
const RUN_LOCK: (&str, &str) = (".run-", ".lock");

/// The lock that is held while files of a dataset get or lose their names.
pub(in crate::dataset) const COMMIT_LOCK: &str = ".commit.lock";

/// How the names of unfinished files begin and end. They lie outside of the tables, where no reader
/// looks.
const TEMPORARY: (&str, &str) = (".writing-", ".tmp");

impl Dataset {
    pub(super) fn take_folder(
        &self,
        folder: &Path,
        machine: &str,
        patience: Duration,
        waits: impl FnOnce(Option<u32>),
    ) -> Result<Lock, DatasetError> {
        if fs::metadata(folder).is_ok_and(|meta| !meta.is_dir()) {
            let path = folder.to_path_buf();
            return Err(DatasetError::NotAFolder { path });
        }
        let table = folder.join(HOURLY);
        let failed = |source| DatasetError::Io {
            path: table.clone(),
            source,
        };
        stays_within(folder, &table)?;
        if !table.is_dir() {
            fs::create_dir_all(&table).map_err(failed)?;
            sync_folder(folder).map_err(failed)?;
        }
        let name = format!("{}{machine}{}", RUN_LOCK.0, RUN_LOCK.1);
        let lock = lock(folder, &name, patience, waits)?;
        clean_up(folder, machine).map_err(failed)?;
        temporary(folder, machine, Privacy::Private).map_err(failed)?;
        Ok(lock)
    }
}

/// When a run of any machine has taken its lock last.
pub(super) fn last_lock(folder: &Path) -> Option<DateTime<Utc>> {
    let entries = fs::read_dir(folder).ok()?;
    let is_lock = |name: &str| name.starts_with(RUN_LOCK.0) && name.ends_with(RUN_LOCK.1);
    let locks = entries
        .flatten()
        .filter(|entry| entry.file_name().to_str().is_some_and(is_lock));
    let times = locks.filter_map(|lock| lock.metadata().ok()?.modified().ok());
    times.max().map(DateTime::from)
}

pub(in crate::dataset) fn lock(
    folder: &Path,
    name: &str,
    patience: Duration,
    waits: impl FnOnce(Option<u32>),
) -> Result<Lock, DatasetError> {
    let path = folder.join(name);
    Lock::take(&path, patience, waits).map_err(|error| match error {
        NoLock::Busy(pid) => DatasetError::Busy {
            path: folder.to_path_buf(),
            pid,
        },
        NoLock::Failed(source) => DatasetError::Io { path, source },
    })
}

/// An error if the folder of a table is somewhere else: nothing is written there.
pub(in crate::dataset) fn stays_within(folder: &Path, table: &Path) -> Result<(), DatasetError> {
    let whole = |path: &Path| fs::canonicalize(path).ok();
    let leads_out = match (whole(folder), whole(table)) {
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

impl Run {
    pub(super) fn commit_in(
        &self,
        folder: &Path,
        addition: Addition<'_>,
        each: impl FnMut(&[Row]) + Send,
    ) -> Result<Commit, DatasetError> {
        let table = folder.join(HOURLY);
        let failed = |source| DatasetError::Io {
            path: table.clone(),
            source,
        };
        let (temporary, _unfinished) =
            temporary(folder, &self.machine, addition.privacy).map_err(failed)?;
        let footer = addition.provenance.key_values(addition.entries);
        write::write(addition.rows, footer, temporary.as_file(), each).map_err(|source| {
            DatasetError::Parquet {
                path: table.clone(),
                source,
            }
        })?;
        temporary.as_file().sync_all().map_err(failed)?;

        let _lock = lock(folder, COMMIT_LOCK, self.patience, |_| {})?;
        let files = self.dataset.files()?;
        let files = files.ok_or_else(|| self.dataset.no_dataset())?;
        if addition.ledger.is_contradicted(&files, addition.entries)? {
            return Ok(Commit::Contradicted);
        }
        let stamp = addition.provenance.run.format("%Y%m%dT%H%M%SZ");
        let unique = unique_part(&self.machine, temporary.path());
        let path = table.join(format!("{stamp}-{}-{unique}.parquet", self.machine));
        temporary
            .persist_noclobber(&path)
            .map_err(|error| failed(error.error))?;
        sync_folder(&table).map_err(failed)?;
        Ok(Commit::Done(path))
    }
}

fn temporary(
    folder: &Path,
    machine: &str,
    privacy: Privacy,
) -> io::Result<(NamedTempFile, Unfinished)> {
    let prefix = temporary_prefix(machine);
    let mut file = tempfile::Builder::new();
    file.prefix(&prefix).suffix(TEMPORARY.1);
    file.permissions(privacy.permissions());
    Unfinished::made(|| file.tempfile_in(folder))
}

fn temporary_prefix(machine: &str) -> String {
    format!("{}{machine}-", TEMPORARY.0)
}

/// The random part of a temporary name keeps two files of one second apart.
fn unique_part<'a>(machine: &str, temporary: &'a Path) -> &'a str {
    let name = temporary.file_name().and_then(|name| name.to_str());
    let prefix = temporary_prefix(machine);
    name.and_then(|name| name.strip_prefix(&prefix)?.strip_suffix(TEMPORARY.1))
        .unwrap_or_default()
}

/// Removes the unfinished files of this machine's runs that were killed: this one is the only run.
fn clean_up(folder: &Path, machine: &str) -> io::Result<()> {
    let prefix = temporary_prefix(machine);
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(&prefix) && name.ends_with(TEMPORARY.1) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// What is put aside lies in a file that has no name any more, and ends with the process: beside the tables, or where
/// temporary files belong.
impl Shelf for Run {
    fn place(&self) -> io::Result<Box<dyn Place>> {
        let file = match &self.dataset.home {
            Home::Folder(folder) => {
                let (file, _unfinished) = temporary(folder, &self.machine, Privacy::Private)?;
                file.into_file()
            }
            Home::Bucket(_) => tempfile::tempfile()?,
        };
        Ok(Box::new(file))
    }
}

/// Has the names in a folder written to the disk.
pub(in crate::dataset) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
