use crate::render::CsvLine;
use crate::rollup::Event;

use super::{COLUMNS, Fields, Gather, Value};

/// Events as lines of CSV, as [`CsvLine`] writes them.
#[derive(Debug, Default)]
pub struct Csv(Vec<u8>);

impl Csv {
    /// The line with the names of the columns, which comes first.
    pub fn header() -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut line = CsvLine::new(&mut bytes);
        for column in COLUMNS {
            line.plain(Some(column.name));
        }
        line.end();
        bytes
    }
}

impl Gather for Csv {
    type Piece = Vec<u8>;

    fn add(&mut self, event: &Event<'_>) {
        let mut line = CsvLine::new(&mut self.0);
        for value in Fields::new(event).values() {
            match value {
                Value::Time(value) => line.plain(value),
                Value::Long(value) => line.plain(value),
                Value::Int(value) => line.plain(value),
                Value::Word(value) => line.plain(value),
                Value::Text(value) => line.text(value),
            }
        }
        line.end();
    }

    fn finish(self) -> Vec<u8> {
        self.0
    }
}
