use std::io::{self, Write};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves};
use parquet::basic::Encoding;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::ColumnPath;
use rayon::prelude::*;

use super::{footer, write};

/// A Parquet file of events. Encoding and compressing takes longer than all that comes before it, so the
/// columns are written side by side on all threads.
///
/// A group of rows stays in memory, compressed, until it is whole. It is whole when it has as many rows as
/// DuckDB takes at once, or takes 16 MiB.
pub struct EventFile<W: Write + Send> {
    writer: SerializedFileWriter<W>,
    columns: ArrowRowGroupWriterFactory,
    schema: SchemaRef,
    group: Vec<ArrowColumnWriter>,
    rows: usize,
}

const MOST_ROWS: usize = 122_880;

const MOST_BYTES: usize = 16 << 20;

impl<W: Write + Send> EventFile<W> {
    /// Begins a file with batches of this `schema`, of events from logs that were written in `zone`.
    pub fn new(out: W, schema: SchemaRef, zone: &str) -> io::Result<Self> {
        let properties = properties(zone).map_err(io_error)?;
        let writer = ArrowWriter::try_new(out, SchemaRef::clone(&schema), Some(properties));
        let writer = writer.and_then(ArrowWriter::into_serialized_writer);
        let (writer, columns) = writer.map_err(io_error)?;
        Ok(Self {
            writer,
            columns,
            schema,
            group: Vec::new(),
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
        self.writer.close().map(drop).map_err(io_error)
    }

    fn add(&mut self, batch: &RecordBatch) -> Result<(), ParquetError> {
        if self.group.is_empty() {
            let number = self.writer.flushed_row_groups().len();
            self.group = self.columns.create_column_writers(number)?;
        }
        let fields = self.schema.fields().par_iter();
        let columns = self.group.par_iter_mut().zip(batch.columns()).zip(fields);
        columns.try_for_each(|((column, values), field)| {
            let mut leaves = compute_leaves(field, values)?.into_iter();
            leaves.try_for_each(|leaf| column.write(&leaf))
        })?;
        self.rows += batch.num_rows();
        let bytes: usize = self.group.iter().map(ArrowColumnWriter::memory_size).sum();
        match self.rows >= MOST_ROWS || bytes >= MOST_BYTES {
            true => self.end_group(),
            false => Ok(()),
        }
    }

    fn end_group(&mut self) -> Result<(), ParquetError> {
        if self.group.is_empty() {
            return Ok(());
        }
        self.rows = 0;
        let columns = std::mem::take(&mut self.group).into_par_iter();
        let chunks: Vec<_> = columns
            .map(ArrowColumnWriter::close)
            .collect::<Result<_, _>>()?;
        let mut group = self.writer.next_row_group()?;
        for chunk in chunks {
            chunk.append_to_row_group(&mut group)?;
        }
        group.close()?;
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
