use std::sync::{Arc, LazyLock};

use arrow_array::builder::{BinaryBuilder, Int32Builder, ListBuilder};
use arrow_array::types::{Int32Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{ArrayRef, PrimitiveArray, RecordBatch, StringArray};
use arrow_schema::{ArrowError, DataType, Field, FieldRef, Schema, SchemaRef, TimeUnit};

use crate::record::{Level, Moment, OsError};
use crate::rollup::{Minutes, Row};
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
    let sketches: usize = rows.iter().map(|row| row.clients_sketch.len()).sum();
    let mut sketch = BinaryBuilder::with_capacity(rows.len(), sketches);
    rows.iter()
        .for_each(|row| sketch.append_value(&row.clients_sketch));
    RecordBatch::try_new(
        schema(),
        vec![
            times(rows, |row| row.bucket),
            texts(rows, |row| Some(&row.host)),
            texts(rows, |row| Some(&row.pool)),
            texts(rows, |row| row.scheme.as_deref()),
            texts(rows, |row| row.peer.as_deref()),
            texts(rows, |row| row.server.as_deref()),
            texts(rows, |row| Some(row.class.name())),
            texts(rows, |row| Some(row.class.kind().letter())),
            texts(rows, |row| row.phase.map(Phase::name)),
            texts(rows, |row| row.os_error.map(OsError::name)),
            texts(rows, |row| row.level.map(Level::name)),
            Arc::new(PrimitiveArray::<Int32Type>::from_iter(
                rows.iter().map(|row| row.status.map(i32::from)),
            )),
            counts(rows, |row| row.events),
            counts(rows, |row| row.clients),
            Arc::new(sketch.finish()),
            times(rows, |row| row.first_seen),
            times(rows, |row| row.last_seen),
            minutes(rows.iter().map(|row| &row.minutes)),
            texts(rows, |row| row.example.as_deref()),
        ],
    )
}

/// The counts of each row's minutes, as a list that ends with the last minute that has events.
pub(super) fn minutes<'a>(rows: impl Iterator<Item = &'a Minutes>) -> ArrayRef {
    let mut lists = ListBuilder::new(Int32Builder::new()).with_field(minute());
    for minutes in rows {
        for events in minutes.list() {
            lists
                .values()
                .append_value(i32::try_from(events).unwrap_or(i32::MAX));
        }
        lists.append(true);
    }
    Arc::new(lists.finish())
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
