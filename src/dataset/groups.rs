use std::io::Write;
use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_schema::{Field, SchemaRef};
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{
    ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves,
};
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::ColumnDescPtr;
use rayon::prelude::*;

/// A Parquet file whose row groups are written one after the other, and the columns of each side by side on all
/// threads: encoding and compressing them takes longer than all that comes before.
pub(super) struct Groups<W: Write + Send> {
    writer: SerializedFileWriter<W>,
    columns: ArrowRowGroupWriterFactory,
    schema: SchemaRef,
}

/// A column of a group, as it stands in the file.
pub(super) enum Chunk {
    /// What the library has made.
    Written(ArrowColumnChunk),
    /// What we have made, and what the file's footer says about it.
    Encoded(Bytes, ColumnCloseResult),
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
        })
    }

    /// The fields of the schema, with what the file's footer says about their columns.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&Arc<Field>, ColumnDescPtr)> {
        let columns = self.writer.schema_descr().columns().iter().cloned();
        self.schema.fields().iter().zip(columns)
    }

    /// Writes whole groups, so many. The values of a column, which is told by its group's number and its name, are made
    /// when its turn comes, piece by piece.
    pub(super) fn write<V: Iterator<Item = ArrayRef>>(
        &mut self,
        count: usize,
        values: impl Fn(usize, &str) -> V + Sync,
    ) -> Result<(), ParquetError> {
        let mut columns = Vec::new();
        for group in 0..count {
            let new = self.new_columns(group)?.into_iter();
            columns.extend(new.zip(self.schema.fields()).map(|of| (group, of)));
        }
        let columns = columns.into_par_iter().with_max_len(1);
        let chunks = columns.map(|(group, (mut column, field))| {
            let mut pieces = values(group, field.name());
            pieces.try_for_each(|piece| write(&mut column, field, &piece))?;
            column.close().map(Chunk::Written)
        });
        let chunks: Vec<Chunk> = chunks.collect::<Result<_, _>>()?;
        let mut chunks = chunks.into_iter();
        let width = self.schema.fields().len();
        (0..count).try_for_each(|_| self.append(chunks.by_ref().take(width).collect()))
    }

    /// What encodes the columns of the next group.
    pub(super) fn new_group(&self) -> Result<Vec<ArrowColumnWriter>, ParquetError> {
        self.new_columns(0)
    }

    /// What encodes the columns of a group behind the next one.
    fn new_columns(&self, behind: usize) -> Result<Vec<ArrowColumnWriter>, ParquetError> {
        let number = self.writer.flushed_row_groups().len() + behind;
        self.columns.create_column_writers(number)
    }

    /// Writes the columns of a group.
    pub(super) fn append(&mut self, chunks: Vec<Chunk>) -> Result<(), ParquetError> {
        let mut group = self.writer.next_row_group()?;
        for chunk in chunks {
            match chunk {
                Chunk::Written(chunk) => chunk.append_to_row_group(&mut group)?,
                Chunk::Encoded(bytes, close) => group.append_column(&bytes, close)?,
            }
        }
        group.close()?;
        Ok(())
    }

    /// Ends the file; without that, it is none.
    pub(super) fn finish(self) -> Result<(), ParquetError> {
        self.writer.close().map(drop)
    }
}

/// Encodes values of a column.
pub(super) fn write(
    column: &mut ArrowColumnWriter,
    field: &Field,
    values: &ArrayRef,
) -> Result<(), ParquetError> {
    let mut leaves = compute_leaves(field, values)?.into_iter();
    leaves.try_for_each(|leaf| column.write(&leaf))
}
