//! Many small files become few: one for each month.
//!
//! The new table is built beside the old one, and then the two folders change places in one step. A
//! reader sees the old files or the new ones; one that has listed the old ones and opens them late finds
//! that they are gone, and fails loudly. A process that is killed leaves one of the two.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use parquet::file::metadata::KeyValue;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use tempfile::TempDir;

use crate::record::Moment;
use crate::rollup::{ahead, some};
use crate::source::Privacy;

use super::groups::Groups;
use super::merged::column;
use super::merging::Merging;
use super::page::{self, Page};
use super::read::Table;
use super::run::{COMMIT_LOCK, sync_folder};
use super::unfinished::{Unfinished, uninterrupted};
use super::write::MOST_ROWS;
use super::{DAY, Dataset, DatasetError, HOUR, Provenance, footer, hourly, parquet_files, write};

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

/// How the folder begins in which the new table is built.
const BUILDING: &str = ".compact-";

/// A month, as years and months since year 0, of files whose buckets are equally wide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Month {
    number: i32,
    width: i64,
}

impl Dataset {
    /// Merges the files of each month into one and drops what lies before `kept_since`. It waits for
    /// others that are at work as long as `patience` says, and tells `waits` their process.
    pub fn compact(
        &self,
        kept_since: Option<Moment>,
        patience: Duration,
        waits: impl FnOnce(Option<u32>),
    ) -> Result<Compaction, DatasetError> {
        let table = self.table();
        if !table.is_dir() {
            let path = self.folder.clone();
            return Err(DatasetError::NoDataset { path });
        }
        self.stays_within(&table)?;
        let failed = |source| DatasetError::Io {
            path: self.folder.clone(),
            source,
        };
        let _lock = self.lock(COMMIT_LOCK, patience, waits)?;
        self.remove_unfinished().map_err(failed)?;
        let files = parquet_files(&table)?;
        let pages = Page::read_all(&files)?;
        let tables = files.iter().map(|path| Table::open(path));
        let tables = tables.collect::<Result<Vec<Table>, _>>()?;
        let kept_since = kept_since.max(page::kept_since(&pages));
        let months = months(&tables, kept_since);
        let before = Compaction {
            files_before: files.len() as u64,
            bytes_before: tables.iter().map(|table| table.bytes).sum(),
            ..Compaction::default()
        };
        if is_compact(&tables, &pages, &months, kept_since) {
            return Ok(Compaction {
                files_after: before.files_before,
                bytes_after: before.bytes_before,
                ..before
            });
        }
        let mut new = tempfile::Builder::new();
        new.prefix(BUILDING);
        let made = Unfinished::made(|| new.tempdir_in(&self.folder));
        let (new, _unfinished) = made.map_err(failed)?;
        let building = Building {
            folder: new.path(),
            pages: &pages,
            kept_since,
        };
        building.fill(&tables, &months)?;
        let events_dropped = events_before(&tables, kept_since)?;
        as_before(&table, new.path()).map_err(failed)?;
        sync_folder(new.path()).map_err(failed)?;
        let exchanged = uninterrupted(|| exchange(&table, new.path()));
        exchanged.map_err(|source| DatasetError::NoExchange {
            path: self.folder.clone(),
            source,
        })?;
        sync_folder(&self.folder).map_err(failed)?;
        // What is under this name now are the old files. The next one removes them if this one cannot.
        let _ = remove(new, &table);
        let files = parquet_files(&table)?;
        let lengths = files
            .iter()
            .map(|path| fs::metadata(path).map(|meta| meta.len()));
        Ok(Compaction {
            files_after: files.len() as u64,
            bytes_after: lengths.sum::<io::Result<u64>>().map_err(failed)?,
            events_dropped,
            ..before
        })
    }

    /// Removes what killed processes have left of theirs.
    fn remove_unfinished(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with(BUILDING) {
                fs::remove_dir_all(entry.path())?;
            }
        }
        Ok(())
    }
}

/// Which files have buckets in which months, of what is kept.
fn months(tables: &[Table], kept_since: Option<Moment>) -> BTreeMap<Month, Vec<usize>> {
    let since = kept_since.map_or(i64::MIN, |since| since.0);
    let mut months: BTreeMap<Month, Vec<usize>> = BTreeMap::new();
    for (at, table) in tables.iter().enumerate() {
        for &(first, last) in table.groups.iter().filter(|group| group.1 >= since) {
            for number in number_of(first.max(since))..=number_of(last) {
                let width = table.width;
                let tables = months.entry(Month { number, width }).or_default();
                if tables.last() != Some(&at) {
                    tables.push(at);
                }
            }
        }
    }
    months
}

fn number_of(bucket: i64) -> i32 {
    let day = DateTime::from_timestamp_micros(bucket).unwrap_or_default();
    day.year() * 12 + day.month0() as i32
}

impl Month {
    /// The first of its days.
    fn first(self) -> NaiveDate {
        let (year, month) = (self.number.div_euclid(12), self.number.rem_euclid(12));
        NaiveDate::from_ymd_opt(year, month as u32 + 1, 1).unwrap_or_default()
    }

    /// Where its days begin.
    fn days(self) -> impl Iterator<Item = i64> {
        let begin = |month: Self| {
            let midnight = month.first().and_hms_opt(0, 0, 0).unwrap_or_default();
            midnight.and_utc().timestamp_micros()
        };
        let next = Self {
            number: self.number + 1,
            ..self
        };
        (begin(self)..begin(next)).step_by(DAY as usize)
    }
}

/// Whether a file is the only one of a month, and holds nothing else.
fn is_alone(
    at: usize,
    tables: &[Table],
    months: &BTreeMap<Month, Vec<usize>>,
    kept_since: Option<Moment>,
) -> bool {
    let first = tables[at].buckets().map(|(first, _)| first);
    let is_whole = first.is_some_and(|first| kept_since.is_none_or(|since| first >= since.0));
    let mut with_it = months.values().filter(|tables| tables.contains(&at));
    let is_only = with_it.next().is_some_and(|tables| tables.len() == 1);
    is_whole && is_only && with_it.next().is_none()
}

/// Whether there is nothing to be done.
fn is_compact(
    tables: &[Table],
    pages: &[Page],
    months: &BTreeMap<Month, Vec<usize>>,
    kept_since: Option<Moment>,
) -> bool {
    let newest = months
        .values()
        .next_back()
        .and_then(|tables| tables.first());
    let is_in_place = |at: usize| {
        let may_have_lines = newest == Some(&at);
        let is_settled = match may_have_lines {
            true => !pages[at].continues_others(),
            false => !pages[at].has_lines(),
        };
        is_settled && is_alone(at, tables, months, kept_since)
    };
    let is_empty = tables.len() <= 1 && tables.iter().all(|table| table.buckets().is_none());
    is_empty || (0..tables.len()).all(is_in_place)
}

/// How many events lie before the time that is kept.
fn events_before(tables: &[Table], kept_since: Option<Moment>) -> Result<u64, DatasetError> {
    let mut events = 0;
    if let Some(since) = kept_since {
        for table in tables {
            events += table.events_of(&(i64::MIN..since.0))?;
        }
    }
    Ok(events)
}

/// A table that is being built.
struct Building<'a> {
    folder: &'a Path,
    pages: &'a [Page],
    kept_since: Option<Moment>,
}

impl Building<'_> {
    fn fill(
        &self,
        tables: &[Table],
        months: &BTreeMap<Month, Vec<usize>>,
    ) -> Result<(), DatasetError> {
        // The newest month is the last that anybody deletes by hand.
        let newest = months.last_key_value().map(|(&month, _)| month);
        for (&month, parts) in months {
            let is_newest = Some(month) == newest;
            match parts.as_slice() {
                &[at]
                    if !is_newest
                        && is_alone(at, tables, months, self.kept_since)
                        && !self.pages[at].has_lines() =>
                {
                    self.link(&tables[at].path)?;
                }
                parts => {
                    let parts: Vec<&Table> = parts.iter().map(|&at| &tables[at]).collect();
                    self.write(Some(month), &parts, is_newest)?;
                }
            }
        }
        match newest {
            Some(_) => Ok(()),
            None => self.write(None, &[], true),
        }
    }

    fn link(&self, path: &Path) -> Result<(), DatasetError> {
        let failed = |source| DatasetError::Io {
            path: path.to_path_buf(),
            source,
        };
        let name = path.file_name().unwrap_or_default();
        fs::hard_link(path, self.folder.join(name)).map_err(failed)
    }

    /// Writes one file, a row group for each day, or several.
    fn write(
        &self,
        month: Option<Month>,
        parts: &[&Table],
        with_ledger: bool,
    ) -> Result<(), DatasetError> {
        let failed = |source| DatasetError::Io {
            path: self.folder.to_path_buf(),
            source,
        };
        let unwritten = |source| DatasetError::Parquet {
            path: self.folder.to_path_buf(),
            source,
        };
        let name = month.map_or_else(
            || "empty-".to_owned(),
            |month| month.first().format("%Y%m-").to_string(),
        );
        let privacy = Privacy::of_all(parts.iter().map(|table| table.privacy));
        let file = tempfile::Builder::new()
            .prefix(&name)
            .suffix(".parquet")
            .permissions(privacy.permissions())
            .tempfile_in(self.folder)
            .map_err(failed)?;
        let footer = self.footer(month, parts, with_ledger)?;
        let properties = write::properties(footer).map_err(unwritten)?;
        let groups = Groups::new(file.as_file(), hourly::schema(), properties);
        let mut groups = groups.map_err(unwritten)?;
        let since = self.kept_since.map_or(i64::MIN, |since| since.0);
        for day in month.into_iter().flat_map(Month::days) {
            let buckets = day.max(since)..day + DAY;
            let mut rows = Merging::new(parts.iter().copied(), &buckets)?;
            let read = || some(&mut rows, MOST_ROWS);
            ahead(read, |rows| {
                let column = |_, name: &str| std::iter::once(column(&rows, name));
                groups.write(1, column).map_err(unwritten)
            })?;
        }
        groups.finish().map_err(unwritten)?;
        file.as_file().sync_all().map_err(failed)?;
        file.keep().map_err(|error| failed(error.error))?;
        Ok(())
    }

    fn footer(
        &self,
        month: Option<Month>,
        parts: &[&Table],
        with_ledger: bool,
    ) -> Result<Vec<KeyValue>, DatasetError> {
        let is_part = |page: &&Page| parts.iter().any(|table| table.path == page.path);
        let mut zones: Vec<&str> = self
            .pages
            .iter()
            .filter(is_part)
            .map(|page| page.zone.as_str())
            .collect();
        zones.sort_unstable();
        zones.dedup();
        let provenance = Provenance {
            zone: zones.join(", "),
            bucket_seconds: month.map_or(HOUR, |month| month.width),
            run: self
                .pages
                .iter()
                .map(|page| page.run)
                .max()
                .unwrap_or_else(Utc::now),
        };
        let mut footer = match with_ledger {
            true => provenance.with_ledger(page::merged(self.pages, self.kept_since)?),
            false => provenance.without_ledger(),
        };
        if let Some(since) = self.kept_since {
            let since = DateTime::from_timestamp_micros(since.0).unwrap_or_default();
            footer.push(KeyValue::new(
                footer::KEPT_SINCE.to_owned(),
                since.to_rfc3339(),
            ));
        }
        Ok(footer)
    }
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
