use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use parquet::file::metadata::KeyValue;

use crate::dataset::groups::Groups;
use crate::dataset::merged::column;
use crate::dataset::merging::Merging;
use crate::dataset::page::{self, Page};
use crate::dataset::periods::periods;
use crate::dataset::read::Table;
use crate::dataset::write::{self, MOST_ROWS};
use crate::dataset::{DAY, DatasetError, HOUR, Provenance, footer, hourly};
use crate::record::Moment;
use crate::rollup::{ahead, some};
use crate::source::Privacy;

use super::months::{Month, is_alone};

/// A table that is being built.
pub(super) struct Building<'a> {
    /// Where new files are written.
    pub(super) folder: &'a Path,
    pub(super) pages: &'a [Page],
    pub(super) kept_since: Option<Moment>,
}

/// What a table is built of.
#[derive(Default)]
pub(super) struct Built {
    /// Which of the old files stay as they are.
    pub(super) kept: Vec<usize>,
    /// The new files.
    pub(super) made: Vec<PathBuf>,
}

/// So few rows are not worth a row group for each of their days: what describes a group takes as much room as some hundred
/// rows, and a reader asks for it by itself.
const FEW_ROWS: u64 = 2_048;

impl Building<'_> {
    pub(super) fn fill(
        &self,
        tables: &[Table],
        months: &BTreeMap<Month, Vec<usize>>,
    ) -> Result<Built, DatasetError> {
        let mut built = Built::default();
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
                    built.kept.push(at);
                }
                parts => {
                    let parts: Vec<&Table> = parts.iter().map(|&at| &tables[at]).collect();
                    let made = self.write(Some(month), &parts, is_newest)?;
                    built.made.push(made);
                }
            }
        }
        if newest.is_none() {
            built.made.push(self.write(None, &[], true)?);
        }
        Ok(built)
    }

    /// Writes one file. Days with few rows are put together into one row group; one with many is several.
    fn write(
        &self,
        month: Option<Month>,
        parts: &[&Table],
        with_ledger: bool,
    ) -> Result<PathBuf, DatasetError> {
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
        let days = month.into_iter().flat_map(Month::days);
        let days = days
            .map(|day| day.max(since)..day + DAY)
            .filter(|day| !day.is_empty());
        for buckets in periods(parts.iter().copied(), days, FEW_ROWS) {
            let mut rows = Merging::new(parts.iter().copied(), &buckets)?;
            let read = || some(&mut rows, MOST_ROWS);
            ahead(read, |rows| {
                let column = |_, name: &str| std::iter::once(column(&rows, name));
                groups.write(1, column).map_err(unwritten)
            })?;
        }
        groups.finish().map_err(unwritten)?;
        file.as_file().sync_all().map_err(failed)?;
        let (_, path) = file.keep().map_err(|error| failed(error.error))?;
        Ok(path)
    }

    fn footer(
        &self,
        month: Option<Month>,
        parts: &[&Table],
        with_ledger: bool,
    ) -> Result<Vec<KeyValue>, DatasetError> {
        let is_part = |page: &&Page| parts.iter().any(|table| table.path() == page.path);
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
