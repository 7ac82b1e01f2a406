use std::io::Write;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{Field, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{
    ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves,
};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use rayon::prelude::*;

/// A Parquet file whose row groups are written one after the other, and the columns of each side by side on all
/// threads: encoding and compressing them takes longer than all that comes before.
///
/// A group stays in memory, compressed, until it is whole.
pub(super) struct Groups<W: Write + Send> {
    writer: SerializedFileWriter<W>,
    columns: ArrowRowGroupWriterFactory,
    schema: SchemaRef,
    group: Vec<ArrowColumnWriter>,
}

impl<W: Write + Send> Groups<W> {
    pub(super) fn new(
        out: W,
        schema: SchemaRef,
        properties: WriterProperties,
    ) -> Result<Self, ParquetError> {
        let writer = ArrowWriter::try_new(out, SchemaRef::clone(&schema), Some(properties))?;
        let (writer, columns) = writer.into_serialized_writer()?;
        Ok(Self {
            writer,
            columns,
            schema,
            group: Vec::new(),
        })
    }

    /// Adds rows to the group.
    pub(super) fn add(&mut self, batch: &RecordBatch) -> Result<(), ParquetError> {
        if self.group.is_empty() {
            self.group = self.new_group()?;
        }
        let fields = self.schema.fields().par_iter();
        let columns = self.group.par_iter_mut().zip(batch.columns()).zip(fields);
        columns.try_for_each(|((column, values), field)| write(column, field, values))
    }

    /// As many bytes of the group are in memory.
    pub(super) fn bytes(&self) -> usize {
        self.group.iter().map(ArrowColumnWriter::memory_size).sum()
    }

    /// Ends the group.
    pub(super) fn end(&mut self) -> Result<(), ParquetError> {
        if self.group.is_empty() {
            return Ok(());
        }
        let columns = std::mem::take(&mut self.group).into_par_iter();
        let chunks = columns.map(ArrowColumnWriter::close);
        let chunks = chunks.collect::<Result<_, _>>()?;
        self.append(chunks)
    }

    /// Writes a whole group. The values of a column, which is told by its name, are made when its turn comes, piece
    /// by piece.
    pub(super) fn write<V: Iterator<Item = ArrayRef>>(
        &mut self,
        values: impl Fn(&str) -> V + Sync,
    ) -> Result<(), ParquetError> {
        let columns = self.new_group()?.into_par_iter();
        let columns = columns.zip(self.schema.fields().par_iter()).with_max_len(1);
        let chunks = columns.map(|(mut column, field)| {
            let mut pieces = values(field.name());
            pieces.try_for_each(|piece| write(&mut column, field, &piece))?;
            column.close()
        });
        let chunks = chunks.collect::<Result<_, _>>()?;
        self.append(chunks)
    }

    fn new_group(&self) -> Result<Vec<ArrowColumnWriter>, ParquetError> {
        let number = self.writer.flushed_row_groups().len();
        self.columns.create_column_writers(number)
    }

    fn append(&mut self, chunks: Vec<ArrowColumnChunk>) -> Result<(), ParquetError> {
        let mut group = self.writer.next_row_group()?;
        let mut chunks = chunks.into_iter();
        chunks.try_for_each(|chunk| chunk.append_to_row_group(&mut group))?;
        group.close()?;
        Ok(())
    }

    /// Ends the file; without that, it is none.
    pub(super) fn finish(mut self) -> Result<(), ParquetError> {
        self.end()?;
        self.writer.close().map(drop)
    }
}

fn write(
    column: &mut ArrowColumnWriter,
    field: &Field,
    values: &ArrayRef,
) -> Result<(), ParquetError> {
    let mut leaves = compute_leaves(field, values)?.into_iter();
    leaves.try_for_each(|leaf| column.write(&leaf))
}
