//! What people and programs are shown: a [`Summary`](crate::rollup::Summary) for the terminal, events
//! as NDJSON, CSV and Arrow, classes explained. All text from a log was written by strangers; nothing here lets its bytes act.

mod classes;
mod csv;
mod events;
mod explanation;
mod number;
pub mod report;
mod safe;
mod shell;
mod site;
mod terminal;
mod wrap;

pub use classes::Classes;
pub use csv::CsvLine;
pub use events::{
    ArrowStream, Batches, COLUMNS, Column, Csv, Fields, Gather, Kind, Ndjson, Time, Value,
    event_schema,
};
pub use explanation::Explained;
pub use number::{bytes, count, plural};
pub use safe::Safe;
pub use shell::{is_word, quoted};
pub use site::{Case, Site};
pub use terminal::{Report, brief};
pub use wrap::Wrap;
