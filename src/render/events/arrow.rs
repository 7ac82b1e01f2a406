use std::collections::HashMap;
use std::io::{self, BufWriter, Write};
use std::sync::{Arc, LazyLock};

use arrow_array::{ArrayRef, RecordBatch};
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef, TimeUnit};

use crate::rollup::Event;

use super::batches::Columns;
use super::builder::Builder;
use super::{COLUMNS, Fields, Kind};

/// The columns as Arrow has them. Types are those that every engine reads alike: no unsigned integers, no
/// nanoseconds, no dictionaries; what always has a value is not nullable.
pub fn event_schema() -> SchemaRef {
    static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
        let field = |column: super::Column| {
            let kind = match column.kind {
                Kind::Time => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
                Kind::Long => DataType::Int64,
                Kind::Int => DataType::Int32,
                Kind::Word | Kind::Text => DataType::Utf8,
            };
            Field::new(column.name, kind, column.is_nullable)
        };
        Arc::new(Schema::new(COLUMNS.map(field).to_vec()))
    });
    Arc::clone(&SCHEMA)
}

/// The columns of a batch that grows: texts plain.
#[derive(Debug)]
pub struct Plain {
    columns: [Builder; COLUMNS.len()],
    rows: usize,
}

impl Default for Plain {
    fn default() -> Self {
        Self {
            columns: COLUMNS.map(|column| Builder::new(column.kind)),
            rows: 0,
        }
    }
}

impl Columns for Plain {
    fn schema() -> SchemaRef {
        event_schema()
    }

    fn append(&mut self, event: &Event<'_>) -> usize {
        self.rows += 1;
        let fields = Fields::new(event);
        let columns = self.columns.iter_mut().zip(fields.values());
        columns.map(|(column, value)| column.append(value)).sum()
    }

    fn rows(&self) -> usize {
        self.rows
    }

    fn finish(&mut self) -> Vec<ArrayRef> {
        self.rows = 0;
        self.columns.iter_mut().map(Builder::finish).collect()
    }

    fn reserve(&mut self, rows: usize) {
        let columns = self.columns.iter_mut();
        columns.for_each(|column| column.reserve(rows));
    }
}

/// The same, with metadata that say which version has made the events (`badgateway.version`), and the zone in which the
/// logs were written (`badgateway.timezone`).
pub fn event_schema_of(zone: &str) -> SchemaRef {
    let metadata = [
        ("badgateway.version", env!("CARGO_PKG_VERSION")),
        ("badgateway.timezone", zone),
    ];
    let metadata: HashMap<String, String> = metadata
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into();
    let schema = event_schema().as_ref().clone();
    Arc::new(schema.with_metadata(metadata))
}

/// An Arrow IPC stream, with the metadata of [`event_schema_of`].
pub struct ArrowStream<W: Write>(StreamWriter<BufWriter<W>>);

impl<W: Write> ArrowStream<W> {
    /// Begins a stream.
    pub fn new(out: W, zone: &str) -> io::Result<Self> {
        let stream = StreamWriter::try_new_buffered(out, &event_schema_of(zone));
        stream.map(Self).map_err(io_error)
    }

    /// Writes some more.
    pub fn write(&mut self, batches: &[RecordBatch]) -> io::Result<()> {
        let mut batches = batches.iter();
        batches.try_for_each(|batch| self.0.write(batch).map_err(io_error))
    }

    /// Ends the stream; without that, readers say that it is cut.
    pub fn finish(mut self) -> io::Result<()> {
        self.0.finish().map_err(io_error)
    }
}

fn io_error(error: ArrowError) -> io::Error {
    match error {
        ArrowError::IoError(_, error) => error,
        other => io::Error::other(other),
    }
}
