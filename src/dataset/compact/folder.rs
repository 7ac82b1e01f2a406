use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use rustix::fs::{CWD, RenameFlags, renameat_with};
use tempfile::TempDir;

use crate::dataset::home::Listed;
use crate::dataset::run::{COMMIT_LOCK, lock, stays_within, sync_folder};
use crate::dataset::unfinished::{Unfinished, uninterrupted};
use crate::dataset::{Dataset, DatasetError, HOURLY};
use crate::record::Moment;

use super::building::Building;
use super::{Compaction, Old};

/// How the folder begins in which the new table is built.
const BUILDING: &str = ".compact-";

impl Dataset {
    pub(super) fn compact_folder(
        &self,
        folder: &Path,
        kept_since: Option<Moment>,
        patience: Duration,
        waits: impl FnOnce(Option<u32>),
    ) -> Result<Compaction, DatasetError> {
        let table = folder.join(HOURLY);
        if !table.is_dir() {
            return Err(self.no_dataset());
        }
        stays_within(folder, &table)?;
        let failed = |source| DatasetError::Io {
            path: folder.to_path_buf(),
            source,
        };
        let _lock = lock(folder, COMMIT_LOCK, patience, waits)?;
        remove_unfinished(folder).map_err(failed)?;
        let files = self.files()?.ok_or_else(|| self.no_dataset())?;
        let old = Old::read(&files, kept_since)?;
        if old.is_compact() {
            return Ok(old.unchanged());
        }
        let mut new = tempfile::Builder::new();
        new.prefix(BUILDING);
        let made = Unfinished::made(|| new.tempdir_in(folder));
        let (new, _unfinished) = made.map_err(failed)?;
        let building = Building {
            folder: new.path(),
            pages: &old.pages,
            kept_since: old.kept_since,
        };
        let built = building.fill(&old.tables, &old.months)?;
        for at in built.kept {
            link(old.tables[at].path(), new.path())?;
        }
        let events_dropped = old.events_dropped()?;
        as_before(&table, new.path()).map_err(failed)?;
        sync_folder(new.path()).map_err(failed)?;
        let exchanged = uninterrupted(|| exchange(&table, new.path()));
        exchanged.map_err(|source| DatasetError::NoExchange {
            path: folder.to_path_buf(),
            source,
        })?;
        sync_folder(folder).map_err(failed)?;
        // What is under this name now are the old files. The next one removes them if this one cannot.
        let _ = remove(new, &table);
        let files = self.files()?.ok_or_else(|| self.no_dataset())?;
        let lengths = files.iter().map(Listed::length);
        Ok(Compaction {
            files_after: files.len() as u64,
            bytes_after: lengths.sum::<io::Result<u64>>().map_err(failed)?,
            events_dropped,
            ..old.unchanged()
        })
    }
}

/// Removes what killed processes have left of theirs.
fn remove_unfinished(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(BUILDING) {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

fn link(path: &Path, folder: &Path) -> Result<(), DatasetError> {
    let failed = |source| DatasetError::Io {
        path: path.to_path_buf(),
        source,
    };
    let name = path.file_name().unwrap_or_default();
    fs::hard_link(path, folder.join(name)).map_err(failed)
}

/// Removes the old files, those first that are in the new table as well: who lists the old folder meanwhile finds names
/// that are nowhere any more, and an error, rather than a part of the table.
fn remove(old: TempDir, table: &Path) -> io::Result<()> {
    for entry in fs::read_dir(old.path())? {
        let entry = entry?;
        if table.join(entry.file_name()).exists() {
            fs::remove_file(entry.path())?;
        }
    }
    old.close()
}

/// Gives a new folder the mode and, where that is allowed, the owner of the old one.
fn as_before(old: &Path, new: &Path) -> io::Result<()> {
    let meta = fs::metadata(old)?;
    fs::set_permissions(new, meta.permissions())?;
    let is_mine = fs::metadata(new)?;
    if (is_mine.uid(), is_mine.gid()) != (meta.uid(), meta.gid()) {
        // Only root may; for others the files stay readable, which is what matters.
        let _ = std::os::unix::fs::chown(new, Some(meta.uid()), Some(meta.gid()));
    }
    Ok(())
}

/// Has two folders change their names in one step.
fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    Ok(renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)?)
}
