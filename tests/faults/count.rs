//! The independent count: what stands in the dataset, read as any other reader would.

use std::collections::HashMap;
use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, TimestampMicrosecondType};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::event::Event;

/// Reads a dataset again and again. Its files never change, so each is read once.
#[derive(Default)]
pub struct Count {
    files: HashMap<(PathBuf, u64, u64), Vec<(usize, i64)>>,
}

impl Count {
    /// How often each event stands in the dataset; an error tells what is wrong with what stands there.
    pub fn of(&mut self, dataset: &Path, events: &[Event]) -> Result<Vec<i64>, String> {
        let mut counts = vec![0; events.len()];
        for path in parquet_files(dataset)? {
            let meta = fs::metadata(&path).map_err(|error| format!("{path:?}: {error}"))?;
            let key = (path, meta.ino(), meta.len());
            if !self.files.contains_key(&key) {
                let rows = read(&key.0, events)?;
                self.files.insert(key.clone(), rows);
            }
            for &(serial, events) in &self.files[&key] {
                counts[serial] += events;
            }
        }
        match counts.iter().position(|&count| count > 1) {
            Some(serial) => Err(format!("e{serial} stands there {} times", counts[serial])),
            None => Ok(counts),
        }
    }
}

/// What a reader's glob finds; there is nothing else in the folder.
pub fn parquet_files(dataset: &Path) -> Result<Vec<PathBuf>, String> {
    let Ok(entries) = fs::read_dir(dataset.join("hourly")) else {
        return Ok(Vec::new());
    };
    let paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    match paths
        .iter()
        .find(|path| path.extension().is_none_or(|ending| ending != "parquet"))
    {
        Some(path) => Err(format!("{path:?} is no Parquet file")),
        None => Ok(paths),
    }
}

const COLUMNS: [&str; 5] = ["bucket", "peer", "server", "class", "events"];

fn read(path: &Path, written: &[Event]) -> Result<Vec<(usize, i64)>, String> {
    let file = File::open(path).map_err(|error| format!("{path:?}: {error}"))?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(file);
    let reader = reader.map_err(|error| format!("{path:?}: {error}"))?;
    let mask = ProjectionMask::columns(reader.parquet_schema(), COLUMNS);
    let mut rows = Vec::new();
    for batch in reader
        .with_projection(mask)
        .build()
        .map_err(|error| error.to_string())?
    {
        let batch = batch.map_err(|error| format!("{path:?}: {error}"))?;
        let column = |name| batch.column_by_name(name).unwrap();
        let buckets = column("bucket").as_primitive::<TimestampMicrosecondType>();
        let counts = column("events").as_primitive::<Int64Type>();
        let [peers, servers, classes] =
            ["peer", "server", "class"].map(|name| column(name).as_string::<i32>());
        for row in 0..batch.num_rows() {
            let (peer, server, class) = (peers.value(row), servers.value(row), classes.value(row));
            let bucket = buckets.value(row);
            let serial = server
                .strip_prefix('e')
                .and_then(|serial| serial.parse().ok());
            let is_as_written = serial.is_some_and(|serial: usize| {
                written.get(serial).is_some_and(|event| {
                    (event.bucket, event.class, event.peer.as_str()) == (bucket, class, peer)
                })
            });
            match serial {
                Some(serial) if is_as_written => rows.push((serial, counts.value(row))),
                _ => {
                    return Err(format!(
                        "{path:?}: no event makes this row: {bucket} {server:?} {class} {peer:?}"
                    ));
                }
            }
        }
    }
    Ok(rows)
}
