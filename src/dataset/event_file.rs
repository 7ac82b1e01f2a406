use std::io::{self, Write};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use parquet::basic::Encoding;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::schema::types::ColumnPath;

use super::groups::Groups;
use super::{footer, write};

/// A Parquet file of events.
///
/// A group of rows stays in memory until it is whole. It is whole when it has as many rows as DuckDB takes at once, or
/// takes 16 MiB.
pub struct EventFile<W: Write + Send> {
    groups: Groups<W>,
    rows: usize,
}

const MOST_ROWS: usize = 122_880;

const MOST_BYTES: usize = 16 << 20;

impl<W: Write + Send> EventFile<W> {
    /// Begins a file with batches of this `schema`, of events from logs that were written in `zone`.
    pub fn new(out: W, schema: SchemaRef, zone: &str) -> io::Result<Self> {
        let properties = properties(zone).map_err(io_error)?;
        let groups = Groups::new(out, schema, properties).map_err(io_error)?;
        Ok(Self { groups, rows: 0 })
    }

    /// Writes some more.
    pub fn write(&mut self, batches: &[RecordBatch]) -> io::Result<()> {
        let mut batches = batches.iter();
        batches.try_for_each(|batch| self.add(batch).map_err(io_error))
    }

    /// Ends the file; without that, it is none.
    pub fn finish(self) -> io::Result<()> {
        self.groups.finish().map_err(io_error)
    }

    fn add(&mut self, batch: &RecordBatch) -> Result<(), ParquetError> {
        self.groups.add(batch)?;
        self.rows += batch.num_rows();
        if self.rows >= MOST_ROWS || self.groups.bytes() >= MOST_BYTES {
            self.rows = 0;
            self.groups.end()?;
        }
        Ok(())
    }
}

fn properties(zone: &str) -> Result<WriterProperties, ParquetError> {
    let mut properties = write::common(footer::origin(zone))?
        .set_data_page_size_limit(128 << 10)
        .set_dictionary_page_size_limit(128 << 10);
    // No two events have the same.
    for name in ["connection", "offset"] {
        let column = ColumnPath::from(name);
        properties = properties
            .set_column_dictionary_enabled(column.clone(), false)
            .set_column_encoding(column, Encoding::DELTA_BINARY_PACKED);
    }
    Ok(properties.build())
}

fn io_error(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(error) => match error.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(other) => io::Error::other(other),
        },
        other => io::Error::other(other),
    }
}
