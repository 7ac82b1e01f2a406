//! Rows of several files added up, by the texts that stand there: classes of other versions and of rules pass through
//! unchanged.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::Range;
use std::sync::Arc;

use arrow_array::types::{Int32Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{ArrayRef, PrimitiveArray, RecordBatch, StringArray};

use crate::rollup::choose_example;

use super::columns::{Columns, Counts, Key, Place, TEXTS};
use super::hourly;

/// Rows of many files, those that have everything in common added up.
#[derive(Default)]
pub(super) struct Merged {
    rows: BTreeMap<Key, Counts>,
}

impl Merged {
    /// `None` if one of them is none of ours.
    pub(super) fn add(&mut self, batch: &RecordBatch, buckets: &Range<i64>) -> Option<()> {
        let columns = Columns::of(batch)?;
        for row in 0..columns.len() {
            if buckets.contains(&columns.bucket(row)) {
                self.add_row(columns.key(row), columns.counts(row)?);
            }
        }
        Some(())
    }

    pub(super) fn add_row(&mut self, key: Key, counts: Counts) {
        match self.rows.entry(key) {
            Entry::Vacant(place) => {
                place.insert(counts);
            }
            Entry::Occupied(mut sum) => sum.get_mut().merge(counts),
        }
    }

    /// Where its first row belongs.
    pub(super) fn first_place(&self) -> Option<Place<'_>> {
        let ((bucket, [pool, host, ..], _), _) = self.rows.first_key_value()?;
        let [pool, host] = [pool, host].map(|text| text.as_deref().unwrap_or_default());
        Some((*bucket, pool, host))
    }

    /// Takes its first row.
    pub(super) fn pop_first(&mut self) -> Option<(Key, Counts)> {
        self.rows.pop_first()
    }
}

/// The column of this name of the `hourly` table.
pub(super) fn column(rows: &[(Key, Counts)], name: &str) -> ArrayRef {
    let counts = rows.iter().map(|(_, counts)| counts);
    if let Some(at) = TEXTS.iter().position(|text| *text == name) {
        let texts = rows.iter().map(|((_, texts, _), _)| texts[at].as_deref());
        return Arc::new(StringArray::from_iter(texts));
    }
    let time = |value: fn(&Key, &Counts) -> i64| -> ArrayRef {
        let times = rows.iter().map(|(key, counts)| value(key, counts));
        let times = PrimitiveArray::<TimestampMicrosecondType>::from_iter_values(times);
        Arc::new(times.with_timezone("UTC"))
    };
    let numbers = |number: fn(&Counts) -> i64| -> ArrayRef {
        let numbers = counts.clone().map(number);
        Arc::new(PrimitiveArray::<Int64Type>::from_iter_values(numbers))
    };
    match name {
        "bucket" => time(|key, _| key.0),
        "first_seen" => time(|_, counts| counts.first_seen),
        "last_seen" => time(|_, counts| counts.last_seen),
        "status" => {
            let statuses = rows.iter().map(|((_, _, status), _)| *status);
            Arc::new(PrimitiveArray::<Int32Type>::from_iter(statuses))
        }
        "events" => numbers(|counts| counts.events),
        "clients" => numbers(|counts| counts.clients.estimate() as i64),
        "minutes" => hourly::minutes(counts.map(|counts| &counts.minutes)),
        "example" => {
            let examples = counts.map(|counts| counts.example.as_deref());
            Arc::new(StringArray::from_iter(examples))
        }
        _ => hourly::sketches(counts.map(|counts| &counts.clients)),
    }
}

impl Counts {
    fn merge(&mut self, other: Self) {
        self.events = self.events.saturating_add(other.events);
        self.clients.merge(&other.clients);
        self.minutes.merge(&other.minutes);
        self.example = choose_example(self.example.take(), other.example);
        self.first_seen = self.first_seen.min(other.first_seen);
        self.last_seen = self.last_seen.max(other.last_seen);
    }
}
