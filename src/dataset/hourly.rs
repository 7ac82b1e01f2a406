use std::sync::{Arc, LazyLock};

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{ArrayRef, BinaryArray, ListArray, PrimitiveArray, RecordBatch, StringArray};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{ArrowError, DataType, Field, FieldRef, Schema, SchemaRef, TimeUnit};

use crate::record::{Level, Moment, OsError};
use crate::rollup::{Clients, Minutes, Row};
use crate::taxonomy::Phase;

/// The rollup's table, and the folder of a dataset in which it lies; whatever the buckets' width.
pub const HOURLY: &str = "hourly";

/// The columns of the `hourly` table. Types are those that every engine reads alike: no unsigned
/// integers, no nanoseconds, no dictionaries; what always has a value is not nullable.
pub fn schema() -> SchemaRef {
    static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
        let time = || DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        let column = |name, kind| Field::new(name, kind, false);
        let nullable = |name, kind| Field::new(name, kind, true);
        Arc::new(Schema::new(vec![
            column("bucket", time()),
            column("host", DataType::Utf8),
            column("pool", DataType::Utf8),
            nullable("scheme", DataType::Utf8),
            nullable("peer", DataType::Utf8),
            nullable("server", DataType::Utf8),
            column("class", DataType::Utf8),
            column("kind", DataType::Utf8),
            nullable("phase", DataType::Utf8),
            nullable("os_error", DataType::Utf8),
            nullable("level", DataType::Utf8),
            nullable("status", DataType::Int32),
            column("events", DataType::Int64),
            column("clients", DataType::Int64),
            column("clients_sketch", DataType::Binary),
            column("first_seen", time()),
            column("last_seen", time()),
            column("minutes", DataType::List(minute())),
            nullable("example", DataType::Utf8),
        ]))
    });
    Arc::clone(&SCHEMA)
}

/// What the lists of `minutes` hold.
fn minute() -> FieldRef {
    Arc::new(Field::new_list_field(DataType::Int32, false))
}

/// Rows as Arrow columns.
pub fn batch(rows: &[Row]) -> Result<RecordBatch, ArrowError> {
    let bytes = rows.iter().map(|row| row.clients.sketch_length());
    batch_of(bytes.sum(), |name| column(rows, name))
}

/// The columns of rows whose sketches, of which a row has most, have so many bytes; an error where they are too many for
/// one batch.
pub(super) fn batch_of(
    bytes: usize,
    column: impl Fn(&str) -> ArrayRef,
) -> Result<RecordBatch, ArrowError> {
    if i32::try_from(bytes).is_err() {
        return Err(ArrowError::OffsetOverflowError(bytes));
    }
    let schema = schema();
    let columns = schema.fields().iter().map(|field| column(field.name()));
    RecordBatch::try_new(SchemaRef::clone(&schema), columns.collect())
}

/// The column of this name.
pub(super) fn column(rows: &[Row], name: &str) -> ArrayRef {
    match name {
        "bucket" => times(rows, |row| row.bucket),
        "host" => texts(rows, |row| Some(&row.host)),
        "pool" => texts(rows, |row| Some(&row.pool)),
        "scheme" => texts(rows, |row| row.scheme.as_deref()),
        "peer" => texts(rows, |row| row.peer.as_deref()),
        "server" => texts(rows, |row| row.server.as_deref()),
        "class" => texts(rows, |row| Some(row.class.name())),
        "kind" => texts(rows, |row| Some(row.class.kind().letter())),
        "phase" => texts(rows, |row| row.phase.map(Phase::name)),
        "os_error" => texts(rows, |row| row.os_error.map(OsError::name)),
        "level" => texts(rows, |row| row.level.map(Level::name)),
        "status" => Arc::new(PrimitiveArray::<Int32Type>::from_iter(
            rows.iter().map(|row| row.status.map(i32::from)),
        )),
        "events" => counts(rows, |row| row.events),
        "clients" => counts(rows, |row| row.clients.estimate()),
        "clients_sketch" => sketches(rows.iter().map(|row| &row.clients)),
        "first_seen" => times(rows, |row| row.first_seen),
        "last_seen" => times(rows, |row| row.last_seen),
        "minutes" => minutes(rows.iter().map(|row| &row.minutes)),
        "example" => texts(rows, |row| row.example.as_deref()),
        _ => unreachable!("the schema has no column {name}"),
    }
}

/// The sketches of each row's clients.
pub(super) fn sketches<'a>(rows: impl ExactSizeIterator<Item = &'a Clients> + Clone) -> ArrayRef {
    let mut ends = Vec::with_capacity(rows.len() + 1);
    let mut sketches = Vec::with_capacity(rows.clone().map(Clients::sketch_length).sum());
    ends.push(0);
    for clients in rows {
        clients.append_sketch(&mut sketches);
        ends.push(i32::try_from(sketches.len()).expect("a day has less than 2 GiB of sketches"));
    }
    let ends = OffsetBuffer::new(ends.into());
    Arc::new(BinaryArray::new(ends, sketches.into(), None))
}

/// The counts of each row's minutes, as a list that ends with the last minute that has events.
pub(super) fn minutes<'a>(rows: impl ExactSizeIterator<Item = &'a Minutes> + Clone) -> ArrayRef {
    let mut ends = Vec::with_capacity(rows.len() + 1);
    let mut values: Vec<i32> = Vec::with_capacity(rows.clone().map(Minutes::length).sum());
    ends.push(0);
    for minutes in rows {
        let begin = values.len();
        for (minute, events) in minutes.counts() {
            values.resize(begin + usize::from(minute), 0);
            values.push(i32::try_from(events).unwrap_or(i32::MAX));
        }
        ends.push(i32::try_from(values.len()).expect("a day has less than 2^31 minutes"));
    }
    let ends = OffsetBuffer::new(ends.into());
    let values = Arc::new(PrimitiveArray::<Int32Type>::new(values.into(), None));
    Arc::new(ListArray::new(minute(), ends, values, None))
}

fn texts<'a>(rows: &'a [Row], text: impl Fn(&'a Row) -> Option<&'a str>) -> ArrayRef {
    Arc::new(StringArray::from_iter(rows.iter().map(text)))
}

fn counts(rows: &[Row], count: impl Fn(&Row) -> u64) -> ArrayRef {
    let values = rows.iter().map(|row| count(row) as i64);
    Arc::new(PrimitiveArray::<Int64Type>::from_iter_values(values))
}

fn times(rows: &[Row], time: impl Fn(&Row) -> Moment) -> ArrayRef {
    let values = rows.iter().map(|row| time(row).0);
    Arc::new(
        PrimitiveArray::<TimestampMicrosecondType>::from_iter_values(values).with_timezone("UTC"),
    )
}

/// The counts of minutes that a row has.
pub(super) fn minutes_of(list: &ArrayRef) -> Minutes {
    let counts = list.as_primitive::<Int32Type>().values();
    Minutes::from_list(counts.iter().map(|&events| events.max(0) as u32))
}
