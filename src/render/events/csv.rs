use crate::record::Text;
use crate::render::CsvLine;
use crate::rollup::Event;

use super::stamp::Stamp;
use super::{COLUMNS, Fields, Gather, Value};

/// Events as lines of CSV, as [`CsvLine`] writes them.
#[derive(Debug, Default)]
pub struct Csv {
    lines: Vec<u8>,
    stamp: Stamp,
}

impl Csv {
    /// The line with the names of the columns, which comes first.
    pub fn header() -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut line = CsvLine::new(&mut bytes);
        for column in COLUMNS {
            line.word(Some(column.name));
        }
        line.end();
        bytes
    }
}

impl Gather for Csv {
    type Piece = Vec<u8>;

    fn add(&mut self, event: &Event<'_>) {
        let mut line = CsvLine::new(&mut self.lines);
        let mut digits = itoa::Buffer::new();
        for value in Fields::new(event).values() {
            match value {
                Value::Time(value) => line.word(value.map(|time| self.stamp.text(time))),
                Value::Long(value) => line.word(value.map(|number| digits.format(number))),
                Value::Int(value) => line.word(value.map(|number| digits.format(number))),
                Value::Word(value) => line.word(value),
                Value::Text(value) => line.bytes(value.map(Text)),
            }
        }
        line.end();
    }

    fn finish(&mut self) {}

    fn piece(&self) -> &Vec<u8> {
        &self.lines
    }

    fn clear(&mut self) {
        self.lines.clear();
    }
}
