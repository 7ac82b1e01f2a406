//! Datasets: folders of Parquet files that any engine reads with a plain glob.
//!
//! A dataset has one folder per table, `hourly/` for the rollup. A run adds one file to it: written
//! under a temporary name, synced, then renamed, so a reader sees the whole file or none.

mod hourly;
mod write;

pub use hourly::{HOURLY, batch, schema};
pub use write::{Dataset, DatasetError, Provenance};
