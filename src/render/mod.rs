//! What people and programs are shown: a [`Document`](report::Document) for the terminal, as Markdown and JSON, events
//! as NDJSON, CSV and Arrow, rows for Prometheus and as CSV, classes explained. All text from a log was written by
//! strangers; nothing here lets its bytes act.

mod brief;
mod classes;
mod csv;
mod events;
mod explanation;
mod export;
mod number;
mod plain;
pub mod report;
mod safe;
mod shell;
mod site;
mod wrap;

pub use brief::{brief, others};
pub use classes::Classes;
pub use csv::CsvLine;
pub use events::{
    ArrowStream, Batches, COLUMNS, CodedBatches, Column, Csv, Fields, Gather, Kind, Ndjson, Time,
    Value, event_schema, event_schema_of,
};
pub use explanation::Explained;
pub use export::{OpenMetrics, Textfile, table, table_head};
pub use number::{bytes, count, plural};
pub use safe::Safe;
pub use shell::{is_word, quoted};
pub use site::{Case, Site};
pub use wrap::Wrap;
