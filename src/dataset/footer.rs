//! What the footer of each file says about the run that wrote it.

use chrono::{DateTime, Utc};
use parquet::file::metadata::KeyValue;

use super::ledger::{self, Entry};

/// When the run began, RFC 3339.
pub(super) const RUN: &str = "badgateway.run";
/// The logs that were read, as JSON.
pub(super) const LEDGER: &str = "badgateway.ledger";
/// The buckets' width in seconds.
pub(super) const BUCKET: &str = "badgateway.bucket_seconds";
const ZONE: &str = "badgateway.timezone";
const VERSION: &str = "badgateway.version";

/// What the footer of a file says about the run that wrote it.
#[derive(Debug, Clone)]
pub struct Provenance {
    /// The zone in which the logs were written.
    pub zone: String,
    /// The buckets' width in seconds.
    pub bucket_seconds: i64,
    /// When the run began.
    pub run: DateTime<Utc>,
}

impl Provenance {
    pub(super) fn key_values(&self, entries: &[Entry]) -> Vec<KeyValue> {
        [
            (VERSION, env!("CARGO_PKG_VERSION").to_owned()),
            (ZONE, self.zone.clone()),
            (BUCKET, self.bucket_seconds.to_string()),
            (RUN, self.run.to_rfc3339()),
            (LEDGER, ledger::write_entries(entries)),
        ]
        .into_iter()
        .map(|(key, value)| KeyValue::new(key.to_owned(), value))
        .collect()
    }
}

/// The value of a key, if the footer has it.
pub(super) fn value<'a>(values: &'a [KeyValue], key: &str) -> Option<&'a str> {
    let found = values.iter().find(|value| value.key == key)?;
    found.value.as_deref()
}
