use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::SchemaRef;

use crate::rollup::Event;

use super::Gather;

/// Events as Arrow's columns. A part of a log becomes one batch, or some, where its texts are long.
#[derive(Debug, Default)]
pub struct BatchesOf<C> {
    done: Vec<RecordBatch>,
    columns: C,
    /// Of text, in the batch that grows.
    bytes: usize,
}

/// The columns of a batch that grows.
pub trait Columns: Default + Send {
    /// What they are.
    fn schema() -> SchemaRef;

    /// Appends an event, and tells how many bytes of text that takes.
    fn append(&mut self, event: &Event<'_>) -> usize;

    /// How many events there are.
    fn rows(&self) -> usize;

    /// Ends the batch.
    fn finish(&mut self) -> Vec<ArrayRef>;

    /// Makes room for so many events, once the batch is at its end.
    fn reserve(&mut self, rows: usize);
}

/// A text column's places are numbers of 32 bits.
const MOST_BYTES: usize = 64 << 20;

impl<C: Columns> BatchesOf<C> {
    fn end_batch(&mut self) {
        if self.columns.rows() == 0 {
            return;
        }
        let batch = RecordBatch::try_new(C::schema(), self.columns.finish());
        self.done.push(batch.expect("the columns are the schema's"));
        self.bytes = 0;
    }
}

impl<C: Columns> Gather for BatchesOf<C> {
    type Piece = Vec<RecordBatch>;

    fn add(&mut self, event: &Event<'_>) {
        self.bytes += self.columns.append(event);
        if self.bytes >= MOST_BYTES {
            self.end_batch();
        }
    }

    fn finish(&mut self) {
        self.end_batch();
    }

    fn piece(&self) -> &Vec<RecordBatch> {
        &self.done
    }

    fn clear(&mut self) {
        let rows = self.done.last().map_or(0, RecordBatch::num_rows);
        self.done.clear();
        self.columns.reserve(rows);
    }
}
