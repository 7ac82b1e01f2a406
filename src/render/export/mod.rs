//! The rows of a dataset for other programs: for Prometheus, as history and as sums over a time, and as CSV.

mod exposition;
mod openmetrics;
mod table;
mod textfile;

pub use openmetrics::OpenMetrics;
pub use table::{table, table_head};
pub use textfile::Textfile;
