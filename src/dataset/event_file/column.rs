use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_schema::{DataType, Field};
use parquet::arrow::arrow_writer::ArrowColumnWriter;
use parquet::errors::ParquetError;
use parquet::schema::types::ColumnDescPtr;

use super::texts::Texts;
use crate::dataset::groups::{Chunk, write};

/// A column of the group of rows that is being written.
pub(super) enum Column {
    /// Texts, which we encode.
    Texts(Texts),
    /// Others, for which the library has another writer in each group.
    Others(Arc<Field>, Option<Box<ArrowColumnWriter>>),
}

impl Column {
    pub(super) fn new(field: &Arc<Field>, column: ColumnDescPtr) -> Self {
        match field.data_type() {
            DataType::Utf8 => Self::Texts(Texts::new(column)),
            _ => Self::Others(Arc::clone(field), None),
        }
    }

    /// Begins a group.
    pub(super) fn begin(&mut self, group: ArrowColumnWriter) {
        if let Self::Others(_, writer) = self {
            *writer = Some(Box::new(group));
        }
    }

    pub(super) fn add(&mut self, values: &ArrayRef) -> Result<(), ParquetError> {
        match self {
            Self::Texts(texts) => texts.add(values),
            Self::Others(field, writer) => {
                write(writer.as_mut().expect("a group has begun"), field, values)?;
            }
        }
        Ok(())
    }

    /// How many bytes it takes.
    pub(super) fn memory(&self) -> usize {
        match self {
            Self::Texts(texts) => texts.memory(),
            Self::Others(_, writer) => writer.as_ref().map_or(0, |writer| writer.memory_size()),
        }
    }

    /// Ends the group.
    pub(super) fn finish(&mut self) -> Result<Chunk, ParquetError> {
        match self {
            Self::Texts(texts) => texts
                .finish()
                .map(|(bytes, close)| Chunk::Encoded(bytes, close)),
            Self::Others(_, writer) => {
                let writer = writer.take().expect("a group has begun");
                writer.close().map(Chunk::Written)
            }
        }
    }
}
