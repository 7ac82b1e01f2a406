//! The table of incidents: one file, made anew of the `hourly` table whenever that has changed.
//!
//! It holds nothing that the rows of `hourly` do not tell, so it may be late, or lost, without harm: the next run
//! sees that it was made of other files, and makes it again. And it does not matter in how many runs the rows came.

use std::fs;
use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use arrow_array::types::{Int64Type, TimestampMicrosecondType};
use arrow_array::{ArrayRef, PrimitiveArray, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use parquet::arrow::ArrowWriter;
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use sha2::{Digest, Sha256};

use crate::record::Moment;
use crate::rollup::{Bursts, Failures, Incident, Rows, Thresholds};
use crate::source::Privacy;

use super::home::{Home, Listed, Prefix};
use super::parts::parts;
use super::rows::Classes;
use super::run::{COMMIT_LOCK, lock, stays_within, sync_folder};
use super::unfinished::Unfinished;
use super::{Dataset, DatasetError, Held, footer, write};

/// The table, and the folder of a dataset in which it lies.
pub const INCIDENTS: &str = "incidents";

const FILE: &str = "incidents.parquet";

/// How the names of unfinished files begin. They lie outside of the tables.
const TEMPORARY: &str = ".writing-incidents-";

/// The files of `hourly` of which the table was made, as a hash.
const MADE_OF: &str = "badgateway.made_of";
/// What made an incident.
const THRESHOLDS: &str = "badgateway.incident_thresholds";

/// More names than this are not told of an incident.
const NAMES: usize = 20;

/// What a run has just written.
pub struct Fresh<'a> {
    /// The file.
    pub path: &'a Path,
    /// The failures in its rows.
    pub failures: Failures,
    /// Its rows.
    pub rows: &'a Rows,
}

impl Dataset {
    /// Makes the table of incidents anew, if `hourly` or the thresholds have changed since it was made. What is `fresh`
    /// need not be read for that.
    pub fn refresh_incidents(
        &self,
        thresholds: &Thresholds,
        patience: Duration,
        fresh: Option<Fresh<'_>>,
    ) -> Result<(), DatasetError> {
        let lock = match &self.home {
            Home::Folder(folder) => {
                stays_within(folder, &folder.join(INCIDENTS))?;
                Some(lock(folder, COMMIT_LOCK, patience, |_| {})?)
            }
            // Two at once make the same, or the later one makes what the next run finds to be old.
            Home::Bucket(_) => None,
        };
        let files = self.files()?.ok_or_else(|| self.no_dataset())?;
        let thresholds_said = format!(
            "failures={} factor={} gap_minutes={}",
            thresholds.failures, thresholds.factor, thresholds.gap_minutes
        );
        let said = [(MADE_OF, made_of(&files)?), (THRESHOLDS, thresholds_said)];
        if self
            .incidents_file()
            .is_some_and(|file| is_made_of(&file, &said))
        {
            return Ok(());
        }
        let held = self.hold(files)?;
        let incidents = incidents(&held, thresholds, fresh)?;
        let said = said.map(|(key, value)| KeyValue::new(key.to_owned(), value));
        let written = match &self.home {
            Home::Folder(folder) => {
                write_in_folder(folder, &incidents, said.to_vec(), held.privacy())
            }
            Home::Bucket(prefix) => {
                let mut bytes = Vec::new();
                write_table(&incidents, said.to_vec(), &mut bytes)
                    .and_then(|()| Ok(prefix.bucket.put(&key(prefix), bytes.into())?))
            }
        };
        drop(lock);
        written.map_err(|source| DatasetError::Parquet {
            path: self.place().join(INCIDENTS),
            source,
        })
    }

    /// The file as it is now.
    fn incidents_file(&self) -> Option<Listed> {
        match &self.home {
            Home::Folder(folder) => Some(Listed::file(folder.join(INCIDENTS).join(FILE))),
            Home::Bucket(prefix) => {
                let object = prefix.bucket.look(&key(prefix));
                object.ok()?.map(Listed::object)
            }
        }
    }
}

/// The key of the table in a bucket.
fn key(prefix: &Prefix) -> String {
    prefix.key(&format!("{INCIDENTS}/{FILE}"))
}

/// Names and lengths of the files of `hourly`; none of them ever changes.
fn made_of(files: &[Listed]) -> Result<String, DatasetError> {
    let mut hash = Sha256::new();
    for file in files {
        let length = file.length().map_err(|source| DatasetError::Io {
            path: file.path().to_path_buf(),
            source,
        })?;
        hash.update(
            file.path()
                .file_name()
                .unwrap_or_default()
                .as_encoded_bytes(),
        );
        hash.update([0]);
        hash.update(length.to_le_bytes());
    }
    Ok(hash
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect())
}

fn write_in_folder(
    folder: &Path,
    incidents: &[Incident],
    said: Vec<KeyValue>,
    privacy: Privacy,
) -> Result<(), ParquetError> {
    let table = folder.join(INCIDENTS);
    fs::create_dir_all(&table)?;
    remove_unfinished(folder)?;
    let mut file = tempfile::Builder::new();
    file.prefix(TEMPORARY);
    file.permissions(privacy.permissions());
    let (file, _unfinished) = Unfinished::made(|| file.tempfile_in(folder))?;
    write_table(incidents, said, file.as_file())?;
    file.as_file().sync_all()?;
    file.persist(table.join(FILE))
        .map_err(|error| error.error)?;
    Ok(sync_folder(&table)?)
}

fn remove_unfinished(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(TEMPORARY) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// So many fresh rows are looked at together.
const AT_ONCE: usize = 2_048;

/// First the failures of each minute are read, then the rows of the days that have bursts, one after the other: a
/// dataset may be older than memory is large.
fn incidents(
    held: &Held,
    thresholds: &Thresholds,
    fresh: Option<Fresh<'_>>,
) -> Result<Vec<Incident>, DatasetError> {
    // The file may be a part of a larger one by now.
    let fresh = fresh.filter(|fresh| held.has(fresh.path));
    let path = fresh.as_ref().map(|fresh| fresh.path);
    let (mut failures, rows) = match fresh {
        Some(fresh) => (fresh.failures, Some(fresh.rows)),
        None => (Failures::default(), None),
    };
    held.add_failures(&mut failures, path)?;
    let mut bursts = failures.bursts(thresholds, None);
    // Classes of rules are others when they are read.
    let rows = rows.filter(|rows| !rows.may_be_ruled());
    let is_fresh = |day: &Range<Moment>| {
        let mut tables = held.tables_of(day);
        rows.is_some() && tables.all(|table| Some(table.path()) == path)
    };
    let days = held.days(&(Moment(i64::MIN)..Moment(i64::MAX)));
    let days: Vec<Range<Moment>> = days.filter(|day| bursts.may_be_in(day)).collect();
    let mut days = days.into_iter().peekable();
    let classes = Classes::default();
    let mut tell_until = |bursts: &mut Bursts, bucket| {
        while let Some(day) = days.next_if(|day| day.end <= bucket) {
            if !is_fresh(&day) {
                held.tell(bursts, &day, &classes)?;
            }
        }
        let next: Option<&Range<Moment>> = days.peek();
        Ok(next.is_some_and(|day| day.contains(&bucket) && is_fresh(day)))
    };
    if let (Some(rows), Some(path)) = (rows, path) {
        let failed = |source| DatasetError::Io {
            path: path.to_path_buf(),
            source,
        };
        parts(rows, AT_ONCE, failed, |part| {
            if tell_until(&mut bursts, part[0].bucket)? {
                bursts.add(part);
            }
            Ok(())
        })?;
    }
    tell_until(&mut bursts, Moment(i64::MAX))?;
    Ok(bursts.incidents())
}

/// Whether there is a whole file that says all this. One that cannot be read is made again.
fn is_made_of(file: &Listed, said: &[(&str, String)]) -> bool {
    let Ok(values) = footer::read(file) else {
        return false;
    };
    let says = |(key, value): &(&str, String)| footer::value(&values, key) == Some(value);
    said.iter().all(says)
}

/// The columns of the `incidents` table.
fn schema() -> SchemaRef {
    static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
        let time = || DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        let column = |name, kind| Field::new(name, kind, false);
        Arc::new(Schema::new(vec![
            column("pool", DataType::Utf8),
            column("started", time()),
            column("ended", time()),
            column("events", DataType::Int64),
            column("peak_per_minute", DataType::Int64),
            column("class", DataType::Utf8),
            column("peers", DataType::Utf8),
            column("servers", DataType::Utf8),
            column("clients", DataType::Int64),
            Field::new("example", DataType::Utf8, true),
        ]))
    });
    Arc::clone(&SCHEMA)
}

fn write_table(
    incidents: &[Incident],
    said: Vec<KeyValue>,
    out: impl io::Write + Send,
) -> Result<(), ParquetError> {
    let texts = |text: &dyn Fn(&Incident) -> Option<String>| -> ArrayRef {
        Arc::new(StringArray::from_iter(incidents.iter().map(text)))
    };
    let times = |time: fn(&Incident) -> Moment| -> ArrayRef {
        let times = incidents.iter().map(|incident| time(incident).0);
        let times = PrimitiveArray::<TimestampMicrosecondType>::from_iter_values(times);
        Arc::new(times.with_timezone("UTC"))
    };
    let counts = |count: fn(&Incident) -> u64| -> ArrayRef {
        let counts = incidents.iter().map(|incident| count(incident) as i64);
        Arc::new(PrimitiveArray::<Int64Type>::from_iter_values(counts))
    };
    let columns = vec![
        texts(&|incident| Some(incident.pool.clone())),
        times(|incident| incident.started),
        times(|incident| incident.ended),
        counts(|incident| incident.events),
        counts(|incident| incident.peak_per_minute),
        texts(&|incident| Some(incident.class().name().to_owned())),
        texts(&|incident| Some(listed(&incident.peers))),
        texts(&|incident| Some(listed(&incident.servers))),
        counts(|incident| incident.clients),
        texts(&|incident| incident.example.clone()),
    ];
    let properties = write::common(said)?.build();
    let mut writer = ArrowWriter::try_new(out, schema(), Some(properties))?;
    writer.write(&RecordBatch::try_new(schema(), columns)?)?;
    writer.close()?;
    Ok(())
}

/// The names, the worst first, with commas between them.
fn listed(names: &[(String, u64)]) -> String {
    let names: Vec<&str> = names
        .iter()
        .take(NAMES)
        .map(|(name, _)| name.as_str())
        .collect();
    names.join(", ")
}
