use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::builder::{Int32Builder, Int64Builder, TimestampMicrosecondBuilder};

use super::dictionary::Coded;
use super::texts::Texts;
use super::{Kind, Value};

/// A column of Arrow's that grows.
#[derive(Debug)]
pub(super) enum Builder {
    Time(TimestampMicrosecondBuilder),
    Long(Int64Builder),
    Int(Int32Builder),
    Text(Texts),
    Coded(Box<Coded>),
}

impl Builder {
    pub(super) fn new(kind: Kind) -> Self {
        match kind {
            Kind::Time => Self::Time(TimestampMicrosecondBuilder::new().with_timezone("UTC")),
            Kind::Long => Self::Long(Int64Builder::new()),
            Kind::Int => Self::Int(Int32Builder::new()),
            Kind::Word | Kind::Text => Self::Text(Texts::default()),
        }
    }

    /// Appends a value, and tells how many bytes of text that takes.
    pub(super) fn append(&mut self, value: Value<'_>) -> usize {
        match (self, value) {
            (Self::Time(column), Value::Time(time)) => {
                column.append_option(time.map(|time| time.0.0));
            }
            (Self::Long(column), Value::Long(number)) => column.append_option(number),
            (Self::Int(column), Value::Int(number)) => column.append_option(number),
            (Self::Text(column), Value::Word(text)) => column.append(text.map(str::as_bytes)),
            (Self::Text(column), Value::Text(text)) => {
                column.append(text);
                return text.map_or(0, <[u8]>::len);
            }
            (Self::Coded(column), Value::Text(text)) => return column.append(text),
            (column, value) => unreachable!("{value:?} for {column:?}"),
        }
        0
    }

    pub(super) fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Time(column) => Arc::new(column.finish()),
            Self::Long(column) => Arc::new(column.finish()),
            Self::Int(column) => Arc::new(column.finish()),
            Self::Text(column) => Arc::new(column.finish()),
            Self::Coded(column) => column.finish(),
        }
    }

    /// Makes room for so many rows, once the column is finished.
    pub(super) fn reserve(&mut self, rows: usize) {
        match self {
            Self::Time(column) => {
                *column = TimestampMicrosecondBuilder::with_capacity(rows).with_timezone("UTC");
            }
            Self::Long(column) => *column = Int64Builder::with_capacity(rows),
            Self::Int(column) => *column = Int32Builder::with_capacity(rows),
            Self::Text(column) => column.reserve(rows),
            Self::Coded(column) => column.reserve(rows),
        }
    }
}
