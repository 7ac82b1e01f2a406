//! What the footer of each file says about the run that wrote it.

use chrono::{DateTime, Utc};
use parquet::errors::ParquetError;
use parquet::file::metadata::{
    FooterTail, KeyValue, ParquetMetaDataOptions, ParquetMetaDataReader, ParquetStatisticsPolicy,
};

use super::DatasetError;
use super::entry::{self, Entry};
use super::guard::guarded;
use super::home::Listed;

/// When the run began, RFC 3339.
pub(super) const RUN: &str = "badgateway.run";
/// The logs that were read, as JSON.
pub(super) const LEDGER: &str = "badgateway.ledger";
/// The buckets' width in seconds.
pub(super) const BUCKET: &str = "badgateway.bucket_seconds";
/// The zone in which the logs were written.
pub(super) const ZONE: &str = "badgateway.timezone";
/// The time before which nothing is kept, RFC 3339.
pub(super) const KEPT_SINCE: &str = "badgateway.kept_since";
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
        self.with_ledger(entry::write_entries(entries))
    }

    pub(super) fn with_ledger(&self, ledger: String) -> Vec<KeyValue> {
        let mut values = self.without_ledger();
        values.push(KeyValue::new(LEDGER.to_owned(), ledger));
        values
    }

    pub(super) fn without_ledger(&self) -> Vec<KeyValue> {
        let mut values = origin(&self.zone);
        let width = self.bucket_seconds.to_string();
        values.push(KeyValue::new(BUCKET.to_owned(), width));
        values.push(KeyValue::new(RUN.to_owned(), self.run.to_rfc3339()));
        values
    }
}

/// Which version has written a file, and in which zone the logs were written.
pub(super) fn origin(zone: &str) -> Vec<KeyValue> {
    let value = |key: &str, value: &str| KeyValue::new(key.to_owned(), value.to_owned());
    vec![value(VERSION, env!("CARGO_PKG_VERSION")), value(ZONE, zone)]
}

/// The value of a key, if the footer has it.
pub(super) fn value<'a>(values: &'a [KeyValue], key: &str) -> Option<&'a str> {
    let found = values.iter().find(|value| value.key == key)?;
    found.value.as_deref()
}

/// Reads the key-value pairs of a file's footer, with one access to the disk as a rule.
pub(super) fn read(file: &Listed) -> Result<Vec<KeyValue>, DatasetError> {
    let unreadable = |source| DatasetError::Io {
        path: file.path().to_path_buf(),
        source,
    };
    let not_parquet = |source| DatasetError::NotParquet {
        path: file.path().to_path_buf(),
        source,
    };
    let blob = file.open().map_err(unreadable)?;
    let mut end = blob.end(LONGEST_AS_A_RULE).map_err(unreadable)?;
    let tail: &[u8; TAIL] = end
        .last_chunk()
        .ok_or_else(|| not_parquet(ParquetError::General("too short".to_owned())))?;
    let metadata = FooterTail::try_new(tail)
        .map_err(not_parquet)?
        .metadata_length();
    if metadata + TAIL > end.len() {
        end = blob.end(metadata + TAIL).map_err(unreadable)?;
    }
    let cut = || not_parquet(ParquetError::General("its footer is cut".to_owned()));
    let from = end.len().checked_sub(metadata + TAIL).ok_or_else(cut)?;
    // Nobody asks for the statistics here.
    let options = ParquetMetaDataOptions::new()
        .with_column_stats_policy(ParquetStatisticsPolicy::SkipAll)
        .with_encoding_stats_policy(ParquetStatisticsPolicy::SkipAll)
        .with_size_stats_policy(ParquetStatisticsPolicy::SkipAll);
    let metadata = &end[from..end.len() - TAIL];
    let decode = || ParquetMetaDataReader::decode_metadata_with_options(metadata, Some(&options));
    let metadata = guarded(decode).flatten().map_err(not_parquet)?;
    let values = metadata.file_metadata().key_value_metadata();
    Ok(values.cloned().unwrap_or_default())
}

/// The length of the footer and the magic, at the very end of a Parquet file.
const TAIL: usize = 8;

const LONGEST_AS_A_RULE: usize = 32 * 1024;
