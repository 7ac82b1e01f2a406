//! Failures read back row by row: memory depends neither on how many rows there are nor on how many files they are
//! in.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, RecordBatch, StringArray};
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;

use crate::record::Moment;
use crate::rollup::{Bursts, Clients, Row};
use crate::taxonomy::Kind;

use super::read::{Table, minutes_of};
use super::rows::Classes;
use super::{DatasetError, Held};

/// What a file tells of the buckets of some time.
struct Stream<'a> {
    table: &'a Table,
    reader: ParquetRecordBatchReader,
    /// The rows that were read last, and how many of them were taken.
    rows: Vec<Row>,
    taken: usize,
}

/// Those that tell of bursts.
const COLUMNS: [&str; 12] = [
    "bucket",
    "pool",
    "class",
    "kind",
    "peer",
    "server",
    "events",
    "clients_sketch",
    "first_seen",
    "last_seen",
    "minutes",
    "example",
];

/// So many rows are read at once, of all files together; and of each file so many at least.
const AT_ONCE: usize = 2_048;
const LEAST: usize = 64;

impl Held {
    /// Adds what the rows of these buckets tell of bursts. What is in several files need not be added up for that.
    pub(super) fn tell(
        &self,
        bursts: &mut Bursts,
        buckets: &Range<Moment>,
        classes: &mut Classes,
    ) -> Result<(), DatasetError> {
        let tables: Vec<&Table> = self.tables_of(buckets).collect();
        let at_once = (AT_ONCE / tables.len().max(1)).max(LEAST);
        let streams = tables.into_iter();
        let streams = streams.map(|table| Stream::new(table, buckets, at_once));
        let mut streams = streams.collect::<Result<Vec<_>, _>>()?;
        if let [stream] = &mut *streams {
            return stream.tell(bursts, buckets, classes);
        }
        for stream in &mut streams {
            stream.fill(bursts, buckets, classes)?;
        }
        while let Some(first) = streams.iter().filter_map(Stream::bucket).min() {
            for stream in &mut streams {
                while stream.bucket() == Some(first) {
                    bursts.add(stream.take());
                    stream.fill(bursts, buckets, classes)?;
                }
            }
        }
        Ok(())
    }
}

impl<'a> Stream<'a> {
    fn new(
        table: &'a Table,
        buckets: &Range<Moment>,
        at_once: usize,
    ) -> Result<Self, DatasetError> {
        let groups = table.groups_of(&(buckets.start.0..buckets.end.0));
        Ok(Self {
            table,
            reader: table.batches(groups, table.columns(&COLUMNS), at_once)?,
            rows: Vec::new(),
            taken: 0,
        })
    }

    /// Adds all it tells: alone, it is in order. While that is done, it is read on.
    fn tell(
        &mut self,
        bursts: &mut Bursts,
        buckets: &Range<Moment>,
        classes: &mut Classes,
    ) -> Result<(), DatasetError> {
        let (table, reader) = (self.table, &mut self.reader);
        let mut next = reader.next();
        while let Some(batch) = next {
            let batch = batch.map_err(|error| table.not_parquet(error.into()))?;
            let add = || rows(&batch, buckets, bursts, classes).map(|rows| bursts.add(&rows));
            let added;
            (added, next) = rayon::join(add, || reader.next());
            added.ok_or_else(|| table.no_sketch())?;
        }
        Ok(())
    }

    /// The bucket of the row that comes next.
    fn bucket(&self) -> Option<Moment> {
        self.rows.get(self.taken).map(|row| row.bucket)
    }

    /// The rows of that bucket, as far as they were read.
    fn take(&mut self) -> &[Row] {
        let bucket = self.bucket();
        let rows = &self.rows[self.taken..];
        let its = rows.partition_point(|row| Some(row.bucket) == bucket);
        self.taken += its;
        &rows[..its]
    }

    /// Reads on, if all rows were taken.
    fn fill(
        &mut self,
        bursts: &Bursts,
        buckets: &Range<Moment>,
        classes: &mut Classes,
    ) -> Result<(), DatasetError> {
        while self.taken == self.rows.len() {
            let Some(batch) = self.reader.next() else {
                return Ok(());
            };
            let batch = batch.map_err(|error| self.table.not_parquet(error.into()))?;
            let rows = rows(&batch, buckets, bursts, classes);
            self.rows = rows.ok_or_else(|| self.table.no_sketch())?;
            self.taken = 0;
        }
        Ok(())
    }
}

/// The rows of a batch that tell of bursts, as far as they do; `None` if a sketch is none.
fn rows(
    batch: &RecordBatch,
    buckets: &Range<Moment>,
    bursts: &Bursts,
    classes: &mut Classes,
) -> Option<Vec<Row>> {
    let column = |name| batch.column_by_name(name);
    let time = |name| Some(column(name)?.as_primitive::<TimestampMicrosecondType>());
    let text = |name| Some(column(name)?.as_string::<i32>());
    let [bucket, first, last] = [time("bucket")?, time("first_seen")?, time("last_seen")?];
    let [pool, class, kind] = [text("pool")?, text("class")?, text("kind")?];
    let [peer, server, example] = [text("peer")?, text("server")?, text("example")?];
    let events = column("events")?.as_primitive::<Int64Type>();
    let sketch = column("clients_sketch")?.as_binary::<i32>();
    let minutes = column("minutes")?.as_list::<i32>();
    let mut rows: Vec<Row> = Vec::new();
    for at in 0..batch.num_rows() {
        let moments = [bucket, first, last].map(|time| Moment(time.value(at)));
        let [bucket, first_seen, last_seen] = moments;
        let example = example.is_valid(at).then(|| example.value(at));
        let tells = kind.value(at) == Kind::Failed.letter()
            && buckets.contains(&bucket)
            && (example.is_some() || bursts.may_be_told_by(pool.value(at), first_seen, last_seen));
        if !tells {
            continue;
        }
        let before = rows.last();
        let name = |column: &StringArray, before: Option<&Arc<str>>| {
            let name = column.is_valid(at).then(|| column.value(at))?;
            let same = before.filter(|before| ***before == *name);
            Some(same.map_or_else(|| name.into(), Arc::clone))
        };
        rows.push(Row {
            bucket,
            pool: name(pool, before.map(|row| &row.pool))?,
            host: Arc::default(),
            class: classes.of(class.value(at), kind.value(at))?,
            phase: None,
            os_error: None,
            level: None,
            status: None,
            scheme: None,
            peer: name(peer, before.and_then(|row| row.peer.as_ref())),
            server: name(server, before.and_then(|row| row.server.as_ref())),
            events: events.value(at) as u64,
            clients: Clients::from_sketch(sketch.value(at))?,
            minutes: minutes_of(&minutes.value(at)),
            first_seen,
            last_seen,
            example: example.map(str::to_owned),
        });
    }
    Some(rows)
}
