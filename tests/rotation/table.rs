//! What a dataset says, and what was logged in truth.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::fs::File;
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, RecordBatch};
use badgateway::rollup::Clients;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::calendar::HOUR;
use super::program::parquet_files;
use super::record::Meaning;

const TEXTS: [&str; 10] = [
    "host", "pool", "scheme", "peer", "server", "class", "kind", "phase", "os_error", "level",
];

/// Bucket in seconds, texts, status: what tells rows apart.
type Key = (i64, [Option<String>; TEXTS.len()], Option<i32>);

/// What does not tell them apart.
#[derive(Debug, Clone)]
pub struct Sum {
    pub events: i64,
    first_seen: i64,
    last_seen: i64,
    clients: Clients,
}

/// Rows that have everything in common, added up.
pub type Table = BTreeMap<Key, Sum>;

/// Reads a dataset as any other reader would.
pub fn read(dataset: &Path) -> Table {
    let mut table = Table::new();
    for path in parquet_files(dataset) {
        let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
        for batch in reader.build().unwrap() {
            add(&mut table, &batch.unwrap());
        }
    }
    table
}

fn add(table: &mut Table, batch: &RecordBatch) {
    let column = |name| batch.column_by_name(name).unwrap();
    let time = |name| column(name).as_primitive::<TimestampMicrosecondType>();
    let texts = TEXTS.map(|name| column(name).as_string::<i32>());
    let status = column("status").as_primitive::<Int32Type>();
    let events = column("events").as_primitive::<Int64Type>();
    let sketch = column("clients_sketch").as_binary::<i32>();
    let (bucket, first, last) = (time("bucket"), time("first_seen"), time("last_seen"));
    for row in 0..batch.num_rows() {
        let text = texts.map(|text| text.is_valid(row).then(|| text.value(row).to_owned()));
        let status = status.is_valid(row).then(|| status.value(row));
        let sum = Sum {
            events: events.value(row),
            first_seen: first.value(row),
            last_seen: last.value(row),
            clients: Clients::from_sketch(sketch.value(row)).unwrap(),
        };
        let key = (bucket.value(row) / 1_000_000, text, status);
        table
            .entry(key)
            .and_modify(|old| old.merge(&sum))
            .or_insert(sum);
    }
}

impl Sum {
    fn merge(&mut self, other: &Self) {
        self.events += other.events;
        self.first_seen = self.first_seen.min(other.first_seen);
        self.last_seen = self.last_seen.max(other.last_seen);
        self.clients.merge(&other.clients);
    }

    /// The same events, and from the same clients: together they are no more.
    fn is_same(&self, other: &Self) -> bool {
        let numbers = |sum: &Self| (sum.events, sum.first_seen, sum.last_seen);
        let mut both = self.clients.clone();
        both.merge(&other.clients);
        let both = both.estimate();
        numbers(self) == numbers(other)
            && self.clients.estimate() == both
            && other.clients.estimate() == both
    }
}

pub fn events(table: &Table) -> i64 {
    table.values().map(|sum| sum.events).sum()
}

/// Holds two tables to be equal, row for row.
pub fn assert_same(ours: &Table, theirs: &Table, what: &str) {
    let show = |sum: &Sum| {
        let Sum {
            events,
            first_seen,
            last_seen,
            clients,
        } = sum;
        format!(
            "{events} events, {first_seen} to {last_seen}, {} clients",
            clients.estimate()
        )
    };
    differ(ours, theirs, what, Sum::is_same, show);
}

/// Where an event was counted in truth: bucket, peer and class.
type Place = (i64, Option<String>, String);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    events: i64,
    first_seen: i64,
    last_seen: i64,
    clients: BTreeSet<String>,
}

/// What was logged, known from logging it.
#[derive(Debug, Clone, Default)]
pub struct Truth(BTreeMap<Place, Seen>);

impl Truth {
    pub fn add(&mut self, moment: i64, meaning: &Meaning) {
        let place = (
            moment.div_euclid(HOUR) * HOUR,
            meaning.peer.clone(),
            meaning.class.to_owned(),
        );
        let seen = self.0.entry(place).or_insert_with(|| Seen {
            events: 0,
            first_seen: moment,
            last_seen: moment,
            clients: BTreeSet::new(),
        });
        seen.events += 1;
        seen.first_seen = seen.first_seen.min(moment);
        seen.last_seen = seen.last_seen.max(moment);
        seen.clients.extend(meaning.client.clone());
    }

    pub fn events(&self) -> i64 {
        self.0.values().map(|seen| seen.events).sum()
    }

    /// Holds a table to tell the truth.
    pub fn assert_told(&self, table: &Table, what: &str) {
        let mut sums: BTreeMap<Place, Sum> = BTreeMap::new();
        for ((bucket, texts, _), sum) in table {
            let text = |name| texts[TEXTS.iter().position(|text| *text == name).unwrap()].clone();
            let place = (*bucket, text("peer"), text("class").unwrap());
            sums.entry(place)
                .and_modify(|old| old.merge(sum))
                .or_insert(sum.clone());
        }
        // Exact up to 384, then within 2 % or so: four standard errors of what the sketch promises.
        let close = |place: &Place, estimate: u64| {
            let exact = self
                .0
                .get(place)
                .map_or(0, |seen| seen.clients.len() as u64);
            let margin = if exact > 384 { exact * 13 / 200 } else { 0 };
            if estimate.abs_diff(exact) <= margin {
                exact
            } else {
                estimate
            }
        };
        let ours: BTreeMap<Place, _> = sums
            .iter()
            .map(|(place, sum)| {
                let clients = close(place, sum.clients.estimate());
                let seconds = |micros: i64| micros / 1_000_000;
                let seen = (seconds(sum.first_seen), seconds(sum.last_seen));
                (place.clone(), (sum.events, seen.0, seen.1, clients))
            })
            .collect();
        let truth = self.0.iter();
        let truth: BTreeMap<Place, _> = truth
            .map(|(place, seen)| {
                let clients = seen.clients.len() as u64;
                (
                    place.clone(),
                    (seen.events, seen.first_seen, seen.last_seen, clients),
                )
            })
            .collect();
        differ(&ours, &truth, what, PartialEq::eq, |told| {
            format!("{told:?}")
        });
    }
}

fn differ<K: Ord + Debug, V>(
    ours: &BTreeMap<K, V>,
    theirs: &BTreeMap<K, V>,
    what: &str,
    is_same: impl Fn(&V, &V) -> bool,
    show: impl Fn(&V) -> String,
) {
    let keys: BTreeSet<&K> = ours.keys().chain(theirs.keys()).collect();
    let told = |value: Option<&V>| value.map_or("nothing".to_owned(), &show);
    let different: Vec<String> = keys
        .into_iter()
        .filter(|&key| match (ours.get(key), theirs.get(key)) {
            (Some(ours), Some(theirs)) => !is_same(ours, theirs),
            _ => true,
        })
        .map(|key| {
            format!(
                "{key:?}: {}, not {}",
                told(ours.get(key)),
                told(theirs.get(key))
            )
        })
        .collect();
    let first = &different[..different.len().min(12)];
    assert!(
        different.is_empty(),
        "{what}: {} rows differ:\n{}",
        different.len(),
        first.join("\n")
    );
}
