//! Events as NDJSON, CSV, Arrow and Parquet: each format, read back, gives the same ones; what strangers have
//! written acts in none of them; and memory does not grow with a log.

#[path = "../../benches/generator/mod.rs"]
mod generator;

mod hostile;
mod memory;
mod places;
mod program;
mod read;
mod readers;
mod same;

use generator::{Settings, generate};

/// A log of every kind of event, with many records that try to mislead, and records of several lines.
fn log(bytes: u64) -> Vec<u8> {
    let settings = Settings {
        upstream_share: 0.9,
        hostile_share: 0.2,
        multi_line_share: 0.1,
        ..Settings::default()
    };
    let mut log = Vec::new();
    generate(&settings, bytes, &mut log).unwrap();
    log
}
