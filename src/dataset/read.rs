//! Files of the `hourly` table, and what stands in them.

use std::ops::{Range, RangeInclusive};
use std::path::{Path, PathBuf};

use arrow_array::RecordBatch;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::statistics::Statistics;

use crate::rollup::ahead;
use crate::source::Privacy;

use super::guard::guarded;
use super::home::{Blob, Listed};
use super::merged::Merged;
use super::{DAY, DatasetError, footer, hourly};

/// A file of the `hourly` table that is to be read.
pub(super) struct Table {
    pub(super) file: Listed,
    pub(super) bytes: u64,
    pub(super) privacy: Privacy,
    /// The buckets' width in seconds.
    pub(super) width: i64,
    pub(super) metadata: ArrowReaderMetadata,
    /// The first and the last bucket of each row group.
    pub(super) groups: Vec<(i64, i64)>,
}

impl Table {
    pub(super) fn open(file: &Listed) -> Result<Self, DatasetError> {
        let path = file.path();
        let unreadable = |source| DatasetError::Io {
            path: path.to_path_buf(),
            source,
        };
        let not_parquet = |source| DatasetError::NotParquet {
            path: path.to_path_buf(),
            source,
        };
        let odd = |what: &str| DatasetError::Footer {
            path: path.to_path_buf(),
            what: what.to_owned(),
        };
        let blob = file.open().map_err(unreadable)?;
        let load = || ArrowReaderMetadata::load(&blob, ArrowReaderOptions::new());
        let metadata = guarded(load).flatten().map_err(not_parquet)?;
        let ours = hourly::schema();
        if metadata.schema().fields() != ours.fields() {
            return Err(odd("its columns are not those of this version"));
        }
        let column = ours
            .index_of("bucket")
            .map_err(|error| odd(&error.to_string()))?;
        let groups = metadata.metadata().row_groups().iter();
        let groups = groups.map(|group| match group.column(column).statistics() {
            Some(Statistics::Int64(buckets)) => Some((*buckets.min_opt()?, *buckets.max_opt()?)),
            _ => None,
        });
        let groups: Option<Vec<_>> = groups.collect();
        let groups = groups.ok_or_else(|| odd("it has no statistics"))?;
        let is_short = |&group: &(i64, i64)| {
            let days = days(group);
            let are_times = TIMES.contains(&group.0) && TIMES.contains(&group.1);
            are_times && group.0 <= group.1 && days.end() - days.start() < MOST_DAYS
        };
        if !groups.iter().all(is_short) {
            return Err(odd(
                "a group of its rows is of more than a month, or of a time that no log can tell",
            ));
        }
        let width = footer::value(said(&metadata), footer::BUCKET);
        let width = width.and_then(|width| width.parse().ok());
        Ok(Self {
            file: file.clone(),
            bytes: blob.length().map_err(unreadable)?,
            privacy: blob.privacy().map_err(unreadable)?,
            width: width.ok_or_else(|| odd("it does not say how wide its buckets are"))?,
            groups,
            metadata,
        })
    }

    /// Its path or URL.
    pub(super) fn path(&self) -> &Path {
        self.file.path()
    }

    /// The first and the last bucket.
    pub(super) fn buckets(&self) -> Option<(i64, i64)> {
        let first = self.groups.iter().map(|group| group.0).min()?;
        let last = self.groups.iter().map(|group| group.1).max()?;
        Some((first, last))
    }

    /// The row groups that may have rows of these buckets.
    pub(super) fn groups_of(&self, buckets: &Range<i64>) -> Vec<usize> {
        let groups = self.groups.iter().enumerate();
        let groups = groups.filter(|(_, group)| overlap(group, buckets));
        groups.map(|(at, _)| at).collect()
    }

    /// How many rows these have.
    pub(super) fn rows_of(&self, buckets: &Range<i64>) -> u64 {
        let groups = self.groups_of(buckets).into_iter();
        let rows = groups.map(|group| self.metadata.metadata().row_group(group).num_rows());
        rows.sum::<i64>() as u64
    }

    /// Adds the rows of these buckets.
    pub(super) fn add_to(
        &self,
        merged: &mut Merged,
        buckets: &Range<i64>,
    ) -> Result<(), DatasetError> {
        let groups = self.groups_of(buckets);
        self.read(groups, ProjectionMask::all(), AT_ONCE, |batch| {
            merged.add(batch, buckets)
        })
    }

    /// Hands batches of these columns on, of so many rows at most; `each` says nothing of what is none of ours. While one
    /// is looked at, the next one is read.
    pub(super) fn read(
        &self,
        groups: Vec<usize>,
        columns: ProjectionMask,
        rows: usize,
        mut each: impl FnMut(&RecordBatch) -> Option<()> + Send,
    ) -> Result<(), DatasetError> {
        if groups.is_empty() {
            return Ok(());
        }
        let mut reader = self.reader(groups, columns, rows)?;
        let odd = || odd(self.path(), NONE_OF_OURS);
        ahead(|| reader.next(), |batch| each(&batch).ok_or_else(odd))
    }

    /// Begins to read these columns, so many rows at once.
    pub(super) fn reader(
        &self,
        groups: Vec<usize>,
        columns: ProjectionMask,
        rows: usize,
    ) -> Result<Reader, DatasetError> {
        let path = self.path().to_path_buf();
        let file = match self.file.open() {
            Ok(file) => file,
            Err(source) => return Err(DatasetError::Io { path, source }),
        };
        let build = || {
            ParquetRecordBatchReaderBuilder::<Blob>::new_with_metadata(file, self.metadata.clone())
                .with_row_groups(groups)
                .with_projection(columns)
                .with_batch_size(rows)
                .build()
        };
        match guarded(build).flatten() {
            Ok(rows) => Ok(Reader { path, rows }),
            Err(source) => Err(DatasetError::NotParquet { path, source }),
        }
    }

    pub(super) fn columns(&self, names: &[&str]) -> ProjectionMask {
        let parquet = self.metadata.metadata().file_metadata().schema_descr();
        ProjectionMask::columns(parquet, names.iter().copied())
    }
}

/// A file that is being read.
pub(super) struct Reader {
    path: PathBuf,
    rows: ParquetRecordBatchReader,
}

/// What is said of values that no version of ours has written.
pub(super) const NONE_OF_OURS: &str = "a row of it is none of ours";

impl Reader {
    /// The next rows; nothing at the end.
    pub(super) fn next(&mut self) -> Result<Option<RecordBatch>, DatasetError> {
        let next = guarded(|| self.rows.next().transpose());
        let next = next.and_then(|next| next.map_err(ParquetError::from));
        next.map_err(|source| DatasetError::NotParquet {
            path: self.path.clone(),
            source,
        })
    }

    /// What is said of rows that no version of ours has written.
    pub(super) fn odd(&self, what: &str) -> DatasetError {
        odd(&self.path, what)
    }
}

fn odd(path: &Path, what: &str) -> DatasetError {
    DatasetError::Row {
        path: path.to_path_buf(),
        what: what.to_owned(),
    }
}

/// The days, from 1970 on, between the first and the last bucket of a row group.
pub(super) fn days((first, last): (i64, i64)) -> RangeInclusive<i64> {
    first.div_euclid(DAY)..=last.div_euclid(DAY)
}

/// So many days a row group has at most.
const MOST_DAYS: i64 = 31;

/// From year 0 on, one day and four digits: who reads day by day comes to an end.
const TIMES: Range<i64> = -62_167_305_600_000_000..253_402_387_200_000_000;

/// So many rows are read at once.
pub(super) const AT_ONCE: usize = 1_024;

/// Whether a row group with these buckets, from the first to the last, may have rows of those.
fn overlap(&(first, last): &(i64, i64), buckets: &Range<i64>) -> bool {
    first < buckets.end && last >= buckets.start
}

/// What a file's footer says of the run that wrote it.
pub(super) fn said(metadata: &ArrowReaderMetadata) -> &[KeyValue] {
    let values = metadata.metadata().file_metadata().key_value_metadata();
    values.map_or(&[], Vec::as_slice)
}
