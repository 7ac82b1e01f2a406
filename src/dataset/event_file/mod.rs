mod column;
mod hybrid;
mod pages;
#[cfg(test)]
mod tests;
mod texts;

use std::io::{self, Write};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use parquet::basic::Encoding;
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use rayon::prelude::*;

use super::groups::Groups;
use super::{footer, write};
use column::Column;

/// A Parquet file of events. Their texts are encoded here, all other columns by the Parquet library.
///
/// A group of rows stays in memory until it is whole. It is whole when it has as many rows as DuckDB takes at once, or
/// takes 16 MiB.
pub struct EventFile<W: Write + Send> {
    groups: Groups<W>,
    columns: Vec<Column>,
    rows: usize,
}

const MOST_ROWS: usize = 122_880;

const MOST_BYTES: usize = 16 << 20;

impl<W: Write + Send> EventFile<W> {
    /// Begins a file with batches of this `schema`, of events from logs that were written in `zone`.
    pub fn new(out: W, schema: SchemaRef, zone: &str) -> io::Result<Self> {
        let properties = properties(zone).map_err(io_error)?;
        let groups = Groups::new(out, schema, properties).map_err(io_error)?;
        let columns = groups
            .fields()
            .map(|(field, column)| Column::new(field, column));
        Ok(Self {
            columns: columns.collect(),
            groups,
            rows: 0,
        })
    }

    /// Writes some more.
    pub fn write(&mut self, batches: &[RecordBatch]) -> io::Result<()> {
        let mut batches = batches.iter();
        batches.try_for_each(|batch| self.add(batch).map_err(io_error))
    }

    /// Ends the file; without that, it is none.
    pub fn finish(mut self) -> io::Result<()> {
        self.end_group().map_err(io_error)?;
        self.groups.finish().map_err(io_error)
    }

    fn add(&mut self, batch: &RecordBatch) -> Result<(), ParquetError> {
        if self.rows == 0 {
            let columns = self.columns.iter_mut().zip(self.groups.new_group()?);
            columns.for_each(|(column, writer)| column.begin(writer));
        }
        let columns = self.columns.par_iter_mut().zip(batch.columns());
        columns.try_for_each(|(column, values)| column.add(values))?;
        self.rows += batch.num_rows();
        let bytes: usize = self.columns.iter().map(Column::memory).sum();
        match self.rows >= MOST_ROWS || bytes >= MOST_BYTES {
            true => self.end_group(),
            false => Ok(()),
        }
    }

    fn end_group(&mut self) -> Result<(), ParquetError> {
        if self.rows == 0 {
            return Ok(());
        }
        self.rows = 0;
        let chunks = self.columns.par_iter_mut().map(Column::finish);
        let chunks = chunks.collect::<Result<_, _>>()?;
        self.groups.append(chunks)
    }
}

fn properties(zone: &str) -> Result<WriterProperties, ParquetError> {
    // A group is read as a whole: it has no index of its pages.
    let mut properties = write::common(footer::origin(zone))?
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true);
    // Hardly two events have the same, or it is near the one before.
    for name in ["time", "connection", "offset"] {
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
