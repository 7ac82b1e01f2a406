//! The program from outside, and what it found out.

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, TimestampMicrosecondType};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;

use super::truth::{Buckets, Night, Times};

/// A folder with logs and datasets, and the zone in which the logs were written.
pub struct House {
    folder: tempfile::TempDir,
    night: Night,
}

impl House {
    pub fn new(night: Night) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("log")).unwrap();
        Self { folder, night }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).unwrap();
    }

    pub fn append(&self, name: &str, bytes: &[u8]) {
        let mut file = File::options().append(true).open(self.path(name)).unwrap();
        file.write_all(bytes).unwrap();
    }

    /// Runs a command; the zone is the machine's.
    pub fn run(&self, arguments: &[&str]) -> Vec<u8> {
        self.run_in(self.night.zone.name(), arguments)
    }

    /// Runs a command on a machine in this zone.
    pub fn run_in(&self, zone: &str, arguments: &[&str]) -> Vec<u8> {
        let output = Command::new(env!("CARGO_BIN_EXE_badgateway"))
            .args(arguments)
            .arg("--no-discover")
            .current_dir(self.folder.path())
            .env("TZ", zone)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let words = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {words}");
        output.stdout
    }

    pub fn aggregate(&self) {
        self.run(&["aggregate", "log", "--out", "dataset", "--bucket", "1m"]);
    }

    /// What a dataset says, read as any other reader would.
    pub fn buckets(&self, dataset: &str) -> Buckets {
        let mut buckets = Buckets::new();
        let table = self.path(dataset).join("hourly");
        for entry in fs::read_dir(table).unwrap() {
            let file = File::open(entry.unwrap().path()).unwrap();
            let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
            for batch in reader.build().unwrap() {
                let batch = batch.unwrap();
                let column = |name| batch.column_by_name(name).unwrap();
                let time = |name, row| {
                    let micros = column(name).as_primitive::<TimestampMicrosecondType>();
                    micros.value(row) / 1_000_000
                };
                for row in 0..batch.num_rows() {
                    let events = column("events").as_primitive::<Int64Type>().value(row);
                    let bucket = buckets.entry(time("bucket", row));
                    let bucket = bucket.or_insert((0, i64::MAX, i64::MIN));
                    *bucket = (
                        bucket.0 + events,
                        bucket.1.min(time("first_seen", row)),
                        bucket.2.max(time("last_seen", row)),
                    );
                }
            }
        }
        buckets
    }
}

/// When events happened, as lines of JSON say it.
pub fn times(lines: &[u8]) -> Times {
    let mut times = Times::new();
    for event in serde_json::Deserializer::from_slice(lines).into_iter::<Value>() {
        let event = event.unwrap();
        let number = event["connection"].as_u64().unwrap() as u32;
        let time = event["time"].as_str().unwrap();
        let time = chrono::DateTime::parse_from_rfc3339(time).unwrap();
        let twice = times.insert(number, time.timestamp());
        assert!(twice.is_none(), "{number} is there twice");
    }
    times
}
