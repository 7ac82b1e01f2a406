use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type, TimestampMicrosecondType};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::log;
use crate::program::{FORMATS, House, root, samples, words};
use crate::read::{Event, Value, text, value};

/// All formats' events, which must be the same.
fn same(house: &House, arguments: &[&str]) -> Vec<Event> {
    let mut all: Option<Vec<Event>> = None;
    for (format, read) in FORMATS {
        let events = read(&house.bytes(format, arguments));
        match &all {
            None => all = Some(events),
            Some(first) => {
                assert_eq!(events.len(), first.len(), "{format}");
                for (one, other) in events.iter().zip(first) {
                    assert_eq!(one, other, "{format}");
                }
            }
        }
    }
    all.unwrap()
}

#[test]
fn all_formats_give_the_same_events_of_the_samples() {
    let logs = samples();
    let logs: Vec<&str> = logs.iter().map(String::as_str).collect();
    let events = same(&House::new(), &logs);
    assert!(events.len() > 400, "{}", events.len());
    // In the order of the logs, and of the records in them.
    let places: Vec<(usize, &Value)> = events
        .iter()
        .map(|event| {
            let source = text(event, "source");
            let log = logs.iter().position(|log| *log == source).unwrap();
            (log, value(event, "offset"))
        })
        .collect();
    assert!(places.is_sorted());
}

#[test]
fn all_formats_give_the_same_events_of_a_hostile_log_however_it_is_cut() {
    let house = House::with(&log(100_000));
    let events = same(&house, &["error.log"]);
    assert!(events.len() > 150, "{}", events.len());
    for chunks in ["1", "5000", "1000000000"] {
        for threads in ["1", "7"] {
            let how = ["error.log", "--chunk-size", chunks, "-j", threads];
            assert_eq!(same(&house, &how), events, "{how:?}");
        }
    }
}

#[test]
fn no_event_is_an_event_in_no_format() {
    let house = House::with(b"2026/11/01 09:15:02 [notice] 7#7: start worker process 8\n");
    assert_eq!(same(&house, &["error.log"]), Vec::<Event>::new());
}

#[test]
fn a_number_that_nginx_does_not_write_is_absent_in_all_formats() {
    let record = |number: &str| {
        format!(
            "2026/11/01 09:15:02 [error] {number}#7: *{number} no live upstreams while connecting to upstream\n"
        )
    };
    let most = i64::MAX.to_string();
    let house = House::with((record(&most) + &record("9223372036854775808")).as_bytes());
    let events = same(&house, &["error.log"]);
    let found = ["pid", "connection"].map(|name| [0, 1].map(|at: usize| value(&events[at], name)));
    let expected = [&Value::Number(i64::MAX), &Value::Absent];
    assert_eq!(found, [expected, expected]);
}

/// What tells rows of `hourly` apart, in its order; `bucket` first.
const KEY: [&str; 12] = [
    "bucket", "host", "pool", "scheme", "peer", "server", "class", "kind", "phase", "os_error",
    "level", "status",
];

type Counts = BTreeMap<Vec<Value>, i64>;

/// Events by hour, and by whatever else tells rows of `hourly` apart.
fn count(events: &[Event]) -> Counts {
    const HOUR: i64 = 3_600_000_000;
    let mut counts = Counts::new();
    for event in events {
        let key = KEY.map(|name| match name {
            "bucket" => match value(event, "time") {
                Value::Time(time) => Value::Time(time.div_euclid(HOUR) * HOUR),
                other => panic!("{other:?}"),
            },
            name => value(event, name).clone(),
        });
        *counts.entry(key.to_vec()).or_default() += 1;
    }
    counts
}

/// The rows that `aggregate` writes.
fn aggregated(house: &House, logs: &[&str]) -> Counts {
    let output = Command::new(env!("CARGO_BIN_EXE_badgateway"))
        .args(["aggregate", "--no-discover", "--timezone", "UTC", "-q"])
        .args(["--host", "web1", "--out", "dataset"])
        .args(logs)
        .current_dir(house.path(""))
        .output()
        .unwrap();
    assert_eq!(
        (output.status.code(), words(&output)),
        (Some(0), String::new())
    );
    let mut counts = Counts::new();
    for entry in fs::read_dir(house.path("dataset/hourly")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|name| name == "parquet") {
            rows(&path, &mut counts);
        }
    }
    counts
}

fn rows(path: &Path, counts: &mut Counts) {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap());
    for batch in reader.unwrap().build().unwrap() {
        let batch = batch.unwrap();
        let column = |name: &str| batch.column_by_name(name).unwrap();
        for row in 0..batch.num_rows() {
            let key = KEY.map(|name| match (name, column(name)) {
                (_, values) if values.is_null(row) => Value::Absent,
                ("bucket", values) => {
                    Value::Time(values.as_primitive::<TimestampMicrosecondType>().value(row))
                }
                ("status", values) => {
                    Value::Number(values.as_primitive::<Int32Type>().value(row).into())
                }
                (_, values) => Value::Text(values.as_string::<i32>().value(row).to_owned()),
            });
            let events = column("events").as_primitive::<Int64Type>().value(row);
            *counts.entry(key.to_vec()).or_default() += events;
        }
    }
}

#[test]
fn events_add_up_to_the_rows_of_aggregate() {
    let house = House::with(&log(1_500_000));
    let events = same(&house, &["error.log"]);
    let (ours, rows) = (count(&events), aggregated(&house, &["error.log"]));
    assert!(rows.len() > 300, "{}", rows.len());
    assert_eq!(rows.values().sum::<i64>(), events.len() as i64);
    assert_eq!(ours, rows);
}

#[test]
fn events_of_each_sample_add_up_to_the_rows_of_aggregate() {
    let mut compared = 0;
    for log in samples() {
        let house = House::new();
        let log = Path::new(&log);
        let name = log.file_name().unwrap().to_str().unwrap();
        fs::copy(log, house.path(name)).unwrap();
        let events = FORMATS[0].1(&house.bytes("ndjson", &[name]));
        // One without a time is counted at one that it does not have.
        if events
            .iter()
            .any(|event| *value(event, "time") == Value::Absent)
        {
            continue;
        }
        compared += 1;
        assert_eq!(count(&events), aggregated(&house, &[name]), "{name}");
    }
    assert!(compared > 20, "{compared}");
    assert!(root().join("samples").is_dir());
}
