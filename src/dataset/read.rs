//! Rows read back, as merging needs them: by the texts that stand in the file, so that classes of other
//! versions and of rules pass through unchanged.

use std::collections::BTreeMap;
use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::builder::{PrimitiveBuilder, StringBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType, PrimitiveArray, RecordBatch, StringArray};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::statistics::Statistics;

use crate::record::Moment;
use crate::rollup::{Clients, Failures, Minutes, choose_example};
use crate::taxonomy::Kind;

use super::{DatasetError, footer, hourly};

/// A file of the `hourly` table that is to be read.
pub(super) struct Table {
    pub(super) path: PathBuf,
    pub(super) bytes: u64,
    /// The buckets' width in seconds.
    pub(super) width: i64,
    pub(super) metadata: ArrowReaderMetadata,
    /// The first and the last bucket of each row group.
    pub(super) groups: Vec<(i64, i64)>,
}

/// What tells rows apart: bucket, texts and status, in the order in which rows are sorted.
pub(super) type Key = (i64, [Option<String>; TEXTS.len()], Option<i32>);

/// The columns of text, the pool first: files are sorted by it.
const TEXTS: [&str; 10] = [
    "pool", "host", "class", "kind", "phase", "os_error", "level", "scheme", "peer", "server",
];

pub(super) struct Counts {
    pub(super) events: i64,
    pub(super) clients: Clients,
    pub(super) minutes: Minutes,
    pub(super) first_seen: i64,
    pub(super) last_seen: i64,
    pub(super) example: Option<String>,
}

/// Rows of many files, those that have everything in common added up.
#[derive(Default)]
pub(super) struct Merged {
    rows: BTreeMap<Key, Counts>,
}

impl Table {
    pub(super) fn open(path: &Path) -> Result<Self, DatasetError> {
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
        let file = File::open(path).map_err(unreadable)?;
        let metadata = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new());
        let metadata = metadata.map_err(not_parquet)?;
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
        let width = footer::value(said(&metadata), footer::BUCKET);
        let width = width.and_then(|width| width.parse().ok());
        Ok(Self {
            path: path.to_path_buf(),
            bytes: file.metadata().map_err(unreadable)?.len(),
            width: width.ok_or_else(|| odd("it does not say how wide its buckets are"))?,
            groups: groups.ok_or_else(|| odd("it has no statistics"))?,
            metadata,
        })
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

    /// Adds the rows of these buckets.
    pub(super) fn add_to(
        &self,
        merged: &mut Merged,
        buckets: &Range<i64>,
    ) -> Result<(), DatasetError> {
        let groups = self.groups_of(buckets);
        if groups.is_empty() {
            return Ok(());
        }
        self.read(groups, ProjectionMask::all(), |batch| {
            merged.add(batch, buckets)
        })
    }

    /// Counts the failures of each minute.
    pub(super) fn add_failures(&self, failures: &mut Failures) -> Result<(), DatasetError> {
        let columns = self.columns(&[
            "bucket",
            "pool",
            "kind",
            "first_seen",
            "last_seen",
            "minutes",
        ]);
        let groups = (0..self.groups.len()).collect();
        self.read(groups, columns, |batch| count_failures(batch, failures))
    }

    /// Hands batches of these columns on; `each` says nothing of what is none of ours.
    fn read(
        &self,
        groups: Vec<usize>,
        columns: ProjectionMask,
        mut each: impl FnMut(&RecordBatch) -> Option<()>,
    ) -> Result<(), DatasetError> {
        for batch in self.batches(groups, columns, AT_ONCE)? {
            let batch = batch.map_err(|error| self.not_parquet(error.into()))?;
            each(&batch).ok_or_else(|| self.no_sketch())?;
        }
        Ok(())
    }

    /// These columns, of so many rows at once.
    pub(super) fn batches(
        &self,
        groups: Vec<usize>,
        columns: ProjectionMask,
        rows: usize,
    ) -> Result<ParquetRecordBatchReader, DatasetError> {
        let file = File::open(&self.path).map_err(|source| DatasetError::Io {
            path: self.path.clone(),
            source,
        })?;
        ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone())
            .with_row_groups(groups)
            .with_projection(columns)
            .with_batch_size(rows)
            .build()
            .map_err(|source| self.not_parquet(source))
    }

    pub(super) fn columns(&self, names: &[&str]) -> ProjectionMask {
        let parquet = self.metadata.metadata().file_metadata().schema_descr();
        ProjectionMask::columns(parquet, names.iter().copied())
    }

    pub(super) fn not_parquet(&self, source: ParquetError) -> DatasetError {
        DatasetError::NotParquet {
            path: self.path.clone(),
            source,
        }
    }

    pub(super) fn no_sketch(&self) -> DatasetError {
        DatasetError::Footer {
            path: self.path.clone(),
            what: "a sketch in it is none of ours".to_owned(),
        }
    }
}

/// So many rows are read at once.
const AT_ONCE: usize = 1_024;

/// Whether a row group with these buckets, from the first to the last, may have rows of those.
fn overlap(&(first, last): &(i64, i64), buckets: &Range<i64>) -> bool {
    first < buckets.end && last >= buckets.start
}

/// What a file's footer says of the run that wrote it.
pub(super) fn said(metadata: &ArrowReaderMetadata) -> &[KeyValue] {
    let values = metadata.metadata().file_metadata().key_value_metadata();
    values.map_or(&[], Vec::as_slice)
}

fn count_failures(batch: &RecordBatch, failures: &mut Failures) -> Option<()> {
    let column = |name| batch.column_by_name(name);
    let time = |name| Some(column(name)?.as_primitive::<TimestampMicrosecondType>());
    let bucket = time("bucket")?;
    let (first, last) = (time("first_seen")?, time("last_seen")?);
    let pool = column("pool")?.as_string::<i32>();
    let kind = column("kind")?.as_string::<i32>();
    let minutes = column("minutes")?.as_list::<i32>();
    for row in 0..batch.num_rows() {
        failures.see(Moment(first.value(row)), Moment(last.value(row)));
        if kind.value(row) == Kind::Failed.letter() {
            let minutes = minutes_of(&minutes.value(row));
            failures.count(pool.value(row), Moment(bucket.value(row)), &minutes);
        }
    }
    Some(())
}

impl Merged {
    /// `None` if a sketch is none.
    fn add(&mut self, batch: &RecordBatch, buckets: &Range<i64>) -> Option<()> {
        let column = |name| batch.column_by_name(name);
        let bucket = column("bucket")?.as_primitive::<TimestampMicrosecondType>();
        let mut texts = [None; TEXTS.len()];
        for (text, name) in texts.iter_mut().zip(TEXTS) {
            *text = Some(column(name)?.as_string::<i32>());
        }
        let status = column("status")?.as_primitive::<Int32Type>();
        let events = column("events")?.as_primitive::<Int64Type>();
        let sketch = column("clients_sketch")?.as_binary::<i32>();
        let first = column("first_seen")?.as_primitive::<TimestampMicrosecondType>();
        let last = column("last_seen")?.as_primitive::<TimestampMicrosecondType>();
        let minutes = column("minutes")?.as_list::<i32>();
        let example = column("example")?.as_string::<i32>();
        for row in 0..batch.num_rows() {
            if !buckets.contains(&bucket.value(row)) {
                continue;
            }
            let text = texts.map(|text| {
                let text = text.filter(|text| text.is_valid(row))?;
                Some(text.value(row).to_owned())
            });
            let status = status.is_valid(row).then(|| status.value(row));
            let counts = Counts {
                events: events.value(row),
                clients: Clients::from_sketch(sketch.value(row))?,
                minutes: minutes_of(&minutes.value(row)),
                first_seen: first.value(row),
                last_seen: last.value(row),
                example: example.is_valid(row).then(|| example.value(row).to_owned()),
            };
            match self.rows.entry((bucket.value(row), text, status)) {
                std::collections::btree_map::Entry::Vacant(place) => {
                    place.insert(counts);
                }
                std::collections::btree_map::Entry::Occupied(mut sum) => {
                    sum.get_mut().merge(counts);
                }
            }
        }
        Some(())
    }

    pub(super) fn into_iter(self) -> impl Iterator<Item = (Key, Counts)> {
        self.rows.into_iter()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(super) fn events(&self) -> i64 {
        self.rows.values().map(|counts| counts.events).sum()
    }

    /// The column of this name of the `hourly` table; rows are sorted.
    pub(super) fn column(&self, name: &str) -> ArrayRef {
        if let Some(at) = TEXTS.iter().position(|text| *text == name) {
            let mut column = StringBuilder::new();
            self.rows
                .keys()
                .for_each(|(_, texts, _)| column.append_option(texts[at].as_deref()));
            return Arc::new(column.finish());
        }
        let time = |value: fn(&Key, &Counts) -> i64| -> ArrayRef {
            let column =
                self.numbers::<TimestampMicrosecondType>(|key, counts| Some(value(key, counts)));
            Arc::new(column.with_timezone("UTC"))
        };
        match name {
            "bucket" => time(|key, _| key.0),
            "first_seen" => time(|_, counts| counts.first_seen),
            "last_seen" => time(|_, counts| counts.last_seen),
            "status" => Arc::new(self.numbers::<Int32Type>(|key, _| key.2)),
            "events" => Arc::new(self.numbers::<Int64Type>(|_, counts| Some(counts.events))),
            "clients" => Arc::new(
                self.numbers::<Int64Type>(|_, counts| Some(counts.clients.estimate() as i64)),
            ),
            "minutes" => hourly::minutes(self.rows.values().map(|counts| &counts.minutes)),
            "example" => Arc::new(StringArray::from_iter(
                self.rows.values().map(|counts| counts.example.as_deref()),
            )),
            _ => hourly::sketches(self.rows.values().map(|counts| &counts.clients)),
        }
    }

    fn numbers<T: ArrowPrimitiveType>(
        &self,
        value: impl Fn(&Key, &Counts) -> Option<T::Native>,
    ) -> PrimitiveArray<T> {
        let mut column = PrimitiveBuilder::<T>::new();
        self.rows
            .iter()
            .for_each(|(key, counts)| column.append_option(value(key, counts)));
        column.finish()
    }
}

pub(super) fn minutes_of(list: &ArrayRef) -> Minutes {
    let counts = list.as_primitive::<Int32Type>().values();
    Minutes::from_list(counts.iter().map(|&events| events.max(0) as u32))
}

impl Counts {
    fn merge(&mut self, other: Self) {
        self.events += other.events;
        self.clients.merge(&other.clients);
        self.minutes.merge(&other.minutes);
        self.example = choose_example(self.example.take(), other.example);
        self.first_seen = self.first_seen.min(other.first_seen);
        self.last_seen = self.last_seen.max(other.last_seen);
    }
}
