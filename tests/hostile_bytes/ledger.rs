//! Whatever stands in a footer is understood or is an error, and compacting loses nothing of what was understood.

use std::collections::HashSet;
use std::fs::{self, File};
use std::path::Path;
use std::time::Duration;

use badgateway::dataset::{Dataset, Entry, HOURLY, Id, Ledger, schema};
use badgateway::record::Moment;
use parquet::arrow::ArrowWriter;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;

const KEYS: [&str; 5] = [
    "badgateway.run",
    "badgateway.timezone",
    "badgateway.bucket_seconds",
    "badgateway.kept_since",
    "badgateway.ledger",
];

/// A file without rows; its footer says what stands in the lines of a text, in the order of the keys.
fn write(path: &Path, text: &str) {
    let values = KEYS.iter().zip(text.splitn(KEYS.len(), '\n'));
    let values = values.filter(|(_, value)| !value.is_empty());
    let values = values.map(|(key, value)| KeyValue::new((*key).to_owned(), value.to_owned()));
    let properties = WriterProperties::builder().set_key_value_metadata(Some(values.collect()));
    let file = File::create(path).unwrap();
    let writer = ArrowWriter::try_new(file, schema(), Some(properties.build())).unwrap();
    writer.close().unwrap();
}

/// What a ledger says, as far as it can be asked, of logs that may hold what is kept.
fn told(ledger: &Ledger) -> (Moment, HashSet<Id>) {
    let since = ledger.kept_since();
    let short = ledger.candidates(None);
    let gone = ledger.gone("web1", &HashSet::new(), |_| true);
    let entries = short.iter().chain(&gone);
    let kept = entries.filter(|entry| entry.sight.modified.saturating_mul(1_000_000) >= since.0);
    (since, kept.map(Entry::id).collect())
}

/// Two footers, with a line of two dashes between them.
pub fn check(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (one, other) = text.split_once("\n--\n").unwrap_or((&text, ""));
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join(HOURLY);
    fs::create_dir(&table).unwrap();
    write(&table.join("a.parquet"), one);
    if !other.is_empty() {
        write(&table.join("b.parquet"), other);
    }
    let dataset = Dataset::new(folder.path());
    let Ok(before) = dataset.ledger() else { return };
    let _ = dataset.open();
    if dataset.compact(None, Duration::ZERO, |_| {}).is_ok() {
        let after = dataset.ledger().unwrap();
        assert_eq!(told(&before), told(&after));
    }
}
