//! Events as NDJSON, CSV and Arrow: the same fields, in the same order, in each of them.
//!
//! Each thread gathers the events of a part of a log in the form in which they are written; whoever
//! puts the parts in order only has to write.

mod arrow;
mod batches;
mod builder;
mod coded;
mod columns;
mod csv;
mod dictionary;
mod fields;
mod ndjson;
mod stamp;
mod texts;

use crate::rollup::Event;

pub use arrow::{ArrowStream, event_schema, event_schema_of};
pub use columns::{COLUMNS, Column, Kind, Value};
pub use csv::Csv;
pub use fields::{Fields, Time};
pub use ndjson::Ndjson;

/// Batches for readers of any kind.
pub type Batches = batches::BatchesOf<arrow::Plain>;

/// Batches for what is written with dictionaries.
pub type CodedBatches = batches::BatchesOf<coded::Coded>;

/// Gathers the events of a part of a log, and then those of another one.
pub trait Gather: Default + Send {
    /// What becomes of them.
    type Piece;

    /// Adds one; they come in the order of their records.
    fn add(&mut self, event: &Event<'_>);

    /// Says that these are all of the part.
    fn finish(&mut self);

    /// All of the part, in that order.
    fn piece(&self) -> &Self::Piece;

    /// Forgets them, but keeps the memory.
    fn clear(&mut self);
}
