use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, BinaryArray, ListArray, PrimitiveArray, RecordBatch, StringArray};

use crate::rollup::{Clients, Minutes};

use super::DAY;
use super::hourly::minutes_of;

/// What tells rows apart: bucket, texts and status, in the order in which rows are sorted.
pub(super) type Key = (i64, [Option<String>; TEXTS.len()], Option<i32>);

/// The columns of text, the pool first: files are sorted by it.
pub(super) const TEXTS: [&str; 10] = [
    "pool", "host", "class", "kind", "phase", "os_error", "level", "scheme", "peer", "server",
];

/// What a row has counted.
#[derive(Debug, PartialEq)]
pub(super) struct Counts {
    pub(super) events: i64,
    pub(super) clients: Clients,
    pub(super) minutes: Minutes,
    pub(super) first_seen: i64,
    pub(super) last_seen: i64,
    pub(super) example: Option<String>,
}

/// The rows of a batch, as they stand in a file.
pub(super) struct Columns {
    bucket: PrimitiveArray<TimestampMicrosecondType>,
    texts: [StringArray; TEXTS.len()],
    status: PrimitiveArray<Int32Type>,
    events: PrimitiveArray<Int64Type>,
    sketch: BinaryArray,
    first: PrimitiveArray<TimestampMicrosecondType>,
    last: PrimitiveArray<TimestampMicrosecondType>,
    minutes: ListArray,
    example: StringArray,
}

/// What a file's rows come sorted by, all of ours of whatever version: bucket, pool and host.
pub(super) type Place<'a> = (i64, &'a str, &'a str);

/// More events no bucket has.
const MOST_EVENTS: i64 = 1 << 40;

impl Columns {
    /// `None` if one is missing.
    pub(super) fn of(batch: &RecordBatch) -> Option<Self> {
        let column = |name| batch.column_by_name(name);
        let time = |name| {
            let times = column(name)?.as_primitive::<TimestampMicrosecondType>();
            Some(times.clone())
        };
        let texts = TEXTS.map(|name| Some(column(name)?.as_string::<i32>().clone()));
        let texts: Option<Vec<StringArray>> = texts.into_iter().collect();
        Some(Self {
            bucket: time("bucket")?,
            texts: texts?.try_into().ok()?,
            status: column("status")?.as_primitive().clone(),
            events: column("events")?.as_primitive().clone(),
            sketch: column("clients_sketch")?.as_binary().clone(),
            first: time("first_seen")?,
            last: time("last_seen")?,
            minutes: column("minutes")?.as_list().clone(),
            example: column("example")?.as_string().clone(),
        })
    }

    /// How many rows there are.
    pub(super) fn len(&self) -> usize {
        self.bucket.len()
    }

    pub(super) fn bucket(&self, row: usize) -> i64 {
        self.bucket.value(row)
    }

    pub(super) fn place(&self, row: usize) -> Place<'_> {
        let [pool, host, ..] = &self.texts;
        (self.bucket.value(row), pool.value(row), host.value(row))
    }

    pub(super) fn key(&self, row: usize) -> Key {
        let texts = self.texts.each_ref();
        let texts = texts.map(|text| text.is_valid(row).then(|| text.value(row).to_owned()));
        let status = self.status.is_valid(row).then(|| self.status.value(row));
        (self.bucket.value(row), texts, status)
    }

    /// `None`, if no version of ours has written that.
    pub(super) fn counts(&self, row: usize) -> Option<Counts> {
        let example = self.example.is_valid(row);
        let counts = Counts {
            events: self.events.value(row),
            clients: Clients::from_sketch(self.sketch.value(row))?,
            minutes: minutes_of(&self.minutes.value(row)),
            first_seen: self.first.value(row),
            last_seen: self.last.value(row),
            example: example.then(|| self.example.value(row).to_owned()),
        };
        let bucket = self.bucket.value(row);
        let is_sound = (0..=MOST_EVENTS).contains(&counts.events)
            && bucket <= counts.first_seen
            && counts.first_seen <= counts.last_seen
            && counts.last_seen <= bucket.saturating_add(DAY);
        is_sound.then_some(counts)
    }
}
