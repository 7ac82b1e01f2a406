//! Rows of several files added up, by the texts that stand there: classes of other versions and of rules pass through
//! unchanged.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use arrow_array::builder::{PrimitiveBuilder, StringBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType, PrimitiveArray, RecordBatch, StringArray};

use crate::rollup::{Clients, Minutes, choose_example};

use super::hourly;
use super::hourly::minutes_of;

/// What tells rows apart: bucket, texts and status, in the order in which rows are sorted.
pub(super) type Key = (i64, [Option<String>; TEXTS.len()], Option<i32>);

/// The columns of text, the pool first: files are sorted by it.
const TEXTS: [&str; 10] = [
    "pool", "host", "class", "kind", "phase", "os_error", "level", "scheme", "peer", "server",
];

pub(super) struct Counts {
    pub(super) events: i64,
    pub(super) clients: Clients,
    pub(super) minutes: Minutes,
    pub(super) first_seen: i64,
    pub(super) last_seen: i64,
    pub(super) example: Option<String>,
}

/// Rows of many files, those that have everything in common added up.
#[derive(Default)]
pub(super) struct Merged {
    rows: BTreeMap<Key, Counts>,
}

impl Merged {
    /// `None` if a sketch is none.
    pub(super) fn add(&mut self, batch: &RecordBatch, buckets: &Range<i64>) -> Option<()> {
        let column = |name| batch.column_by_name(name);
        let bucket = column("bucket")?.as_primitive::<TimestampMicrosecondType>();
        let mut texts = [None; TEXTS.len()];
        for (text, name) in texts.iter_mut().zip(TEXTS) {
            *text = Some(column(name)?.as_string::<i32>());
        }
        let status = column("status")?.as_primitive::<Int32Type>();
        let events = column("events")?.as_primitive::<Int64Type>();
        let sketch = column("clients_sketch")?.as_binary::<i32>();
        let first = column("first_seen")?.as_primitive::<TimestampMicrosecondType>();
        let last = column("last_seen")?.as_primitive::<TimestampMicrosecondType>();
        let minutes = column("minutes")?.as_list::<i32>();
        let example = column("example")?.as_string::<i32>();
        for row in 0..batch.num_rows() {
            if !buckets.contains(&bucket.value(row)) {
                continue;
            }
            let text = texts.map(|text| {
                let text = text.filter(|text| text.is_valid(row))?;
                Some(text.value(row).to_owned())
            });
            let status = status.is_valid(row).then(|| status.value(row));
            let counts = Counts {
                events: events.value(row),
                clients: Clients::from_sketch(sketch.value(row))?,
                minutes: minutes_of(&minutes.value(row)),
                first_seen: first.value(row),
                last_seen: last.value(row),
                example: example.is_valid(row).then(|| example.value(row).to_owned()),
            };
            match self.rows.entry((bucket.value(row), text, status)) {
                std::collections::btree_map::Entry::Vacant(place) => {
                    place.insert(counts);
                }
                std::collections::btree_map::Entry::Occupied(mut sum) => {
                    sum.get_mut().merge(counts);
                }
            }
        }
        Some(())
    }

    pub(super) fn into_iter(self) -> impl Iterator<Item = (Key, Counts)> {
        self.rows.into_iter()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(super) fn events(&self) -> i64 {
        self.rows.values().map(|counts| counts.events).sum()
    }

    /// The column of this name of the `hourly` table; rows are sorted.
    pub(super) fn column(&self, name: &str) -> ArrayRef {
        if let Some(at) = TEXTS.iter().position(|text| *text == name) {
            let mut column = StringBuilder::new();
            self.rows
                .keys()
                .for_each(|(_, texts, _)| column.append_option(texts[at].as_deref()));
            return Arc::new(column.finish());
        }
        let time = |value: fn(&Key, &Counts) -> i64| -> ArrayRef {
            let column =
                self.numbers::<TimestampMicrosecondType>(|key, counts| Some(value(key, counts)));
            Arc::new(column.with_timezone("UTC"))
        };
        match name {
            "bucket" => time(|key, _| key.0),
            "first_seen" => time(|_, counts| counts.first_seen),
            "last_seen" => time(|_, counts| counts.last_seen),
            "status" => Arc::new(self.numbers::<Int32Type>(|key, _| key.2)),
            "events" => Arc::new(self.numbers::<Int64Type>(|_, counts| Some(counts.events))),
            "clients" => Arc::new(
                self.numbers::<Int64Type>(|_, counts| Some(counts.clients.estimate() as i64)),
            ),
            "minutes" => hourly::minutes(self.rows.values().map(|counts| &counts.minutes)),
            "example" => Arc::new(StringArray::from_iter(
                self.rows.values().map(|counts| counts.example.as_deref()),
            )),
            _ => hourly::sketches(self.rows.values().map(|counts| &counts.clients)),
        }
    }

    fn numbers<T: ArrowPrimitiveType>(
        &self,
        value: impl Fn(&Key, &Counts) -> Option<T::Native>,
    ) -> PrimitiveArray<T> {
        let mut column = PrimitiveBuilder::<T>::new();
        self.rows
            .iter()
            .for_each(|(key, counts)| column.append_option(value(key, counts)));
        column.finish()
    }
}

impl Counts {
    fn merge(&mut self, other: Self) {
        self.events += other.events;
        self.clients.merge(&other.clients);
        self.minutes.merge(&other.minutes);
        self.example = choose_example(self.example.take(), other.example);
        self.first_seen = self.first_seen.min(other.first_seen);
        self.last_seen = self.last_seen.max(other.last_seen);
    }
}
