//! Each format read back, by code that knows nothing of the writers.

use std::fmt;
use std::io::Write;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, RecordBatch};
use arrow_ipc::reader::StreamReader;
use arrow_schema::{DataType, Schema, TimeUnit};
use chrono::DateTime;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

/// A value of a field.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    Absent,
    /// In microseconds.
    Time(i64),
    Number(i64),
    Text(String),
}

/// An event's values, in the order of [`FIELDS`].
pub type Event = Vec<Value>;

/// The fields, as DESIGN promises them; a `?` where they may be absent.
pub const FIELDS: [&str; 24] = [
    "time?",
    "level?",
    "pid?",
    "tid?",
    "connection?",
    "class",
    "kind",
    "phase?",
    "os_error?",
    "status?",
    "scheme?",
    "peer?",
    "pool",
    "upstream?",
    "server?",
    "client?",
    "request?",
    "host_header?",
    "referrer?",
    "message",
    "action?",
    "host",
    "source",
    "offset",
];

pub const NUMBERS: [&str; 5] = ["pid", "tid", "connection", "status", "offset"];

pub fn names() -> Vec<&'static str> {
    FIELDS
        .iter()
        .map(|name| name.trim_end_matches('?'))
        .collect()
}

/// The value of a field.
pub fn value<'a>(event: &'a Event, name: &str) -> &'a Value {
    let at = names().iter().position(|other| *other == name).unwrap();
    &event[at]
}

/// The text of a field.
pub fn text<'a>(event: &'a Event, name: &str) -> &'a str {
    match value(event, name) {
        Value::Text(text) => text,
        other => panic!("{name} is {other:?}"),
    }
}

fn time(text: &str) -> Value {
    assert!(text.ends_with('Z'), "{text}");
    Value::Time(
        DateTime::parse_from_rfc3339(text)
            .unwrap()
            .timestamp_micros(),
    )
}

/// The pairs of an object, in their order.
struct Pairs(Vec<(String, serde_json::Value)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each;
        impl<'de> Visitor<'de> for Each {
            type Value = Pairs;
            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Each)
    }
}

pub fn ndjson(bytes: &[u8]) -> Vec<Event> {
    let lines = std::str::from_utf8(bytes).unwrap();
    assert!(lines.is_empty() || lines.ends_with('\n'));
    let event = |line: &str| {
        let Pairs(pairs) = serde_json::from_str(line).unwrap();
        let (found, values): (Vec<String>, Vec<serde_json::Value>) = pairs.into_iter().unzip();
        assert_eq!(found, names());
        let values = found.iter().zip(values).map(|(name, value)| match value {
            serde_json::Value::Null => Value::Absent,
            serde_json::Value::Number(number) => Value::Number(number.as_i64().unwrap()),
            serde_json::Value::String(text) if name == "time" => time(&text),
            serde_json::Value::String(text) => Value::Text(text),
            other => panic!("{other}"),
        });
        values.collect()
    };
    lines.lines().map(event).collect()
}

/// The cells of CSV: `None` for nothing at all, `""` is an empty text.
pub fn cells(bytes: &[u8]) -> Vec<Vec<Option<String>>> {
    let text = std::str::from_utf8(bytes).unwrap();
    let mut rows = vec![Vec::new()];
    let mut characters = text.chars().peekable();
    while characters.peek().is_some() {
        let mut cell = String::new();
        let is_quoted = characters.next_if_eq(&'"').is_some();
        while is_quoted || !matches!(characters.peek(), Some(',' | '\n')) {
            match characters.next() {
                Some('"') if is_quoted => match characters.next_if_eq(&'"') {
                    Some(quote) => cell.push(quote),
                    None => break,
                },
                Some(character) => {
                    assert!(
                        is_quoted || !"\"\r".contains(character),
                        "{cell}{character}"
                    );
                    cell.push(character);
                }
                None => panic!("cut within {cell}"),
            }
        }
        let row = rows.last_mut().unwrap();
        row.push((is_quoted || !cell.is_empty()).then_some(cell));
        match characters.next() {
            Some(',') => {}
            Some('\n') => rows.push(Vec::new()),
            other => panic!("{other:?} behind a cell"),
        }
    }
    assert_eq!(rows.pop(), Some(Vec::new()), "the last line ends");
    rows
}

pub fn csv(bytes: &[u8]) -> Vec<Event> {
    let mut rows = cells(bytes).into_iter();
    let head: Vec<Option<String>> = rows.next().unwrap();
    let head: Vec<String> = head.into_iter().map(Option::unwrap).collect();
    assert_eq!(head, names());
    let event = |row: Vec<Option<String>>| {
        assert_eq!(row.len(), head.len(), "{row:?}");
        let values = head.iter().zip(row).map(|(name, cell)| match cell {
            None => Value::Absent,
            Some(cell) if name == "time" => time(&cell),
            Some(cell) if NUMBERS.contains(&name.as_str()) => Value::Number(cell.parse().unwrap()),
            // As the README says how to have a text back.
            Some(cell) => Value::Text(cell.strip_prefix('\'').unwrap_or(&cell).to_owned()),
        });
        values.collect()
    };
    rows.map(event).collect()
}

pub fn arrow(bytes: &[u8]) -> Vec<Event> {
    let reader = StreamReader::try_new(bytes, None).unwrap();
    let schema = reader.schema();
    check(&schema);
    assert_eq!(schema.metadata()["badgateway.timezone"], "UTC");
    reader.flat_map(|batch| events(&batch.unwrap())).collect()
}

pub fn parquet(bytes: &[u8]) -> Vec<Event> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    check(reader.schema());
    let reader = reader.build().unwrap();
    reader.flat_map(|batch| events(&batch.unwrap())).collect()
}

fn check(schema: &Schema) {
    let found: Vec<String> = schema
        .fields()
        .iter()
        .map(|field| {
            let kind = match field.name().as_str() {
                "time" => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
                "status" => DataType::Int32,
                name if NUMBERS.contains(&name) => DataType::Int64,
                _ => DataType::Utf8,
            };
            assert_eq!(*field.data_type(), kind, "{field}");
            let mark = if field.is_nullable() { "?" } else { "" };
            format!("{}{mark}", field.name())
        })
        .collect();
    assert_eq!(found, FIELDS);
}

fn events(batch: &RecordBatch) -> Vec<Event> {
    let value = |column: &dyn Array, row: usize| match column.data_type() {
        _ if column.is_null(row) => Value::Absent,
        DataType::Timestamp(..) => {
            Value::Time(column.as_primitive::<TimestampMicrosecondType>().value(row))
        }
        DataType::Int32 => Value::Number(column.as_primitive::<Int32Type>().value(row).into()),
        DataType::Int64 => Value::Number(column.as_primitive::<Int64Type>().value(row)),
        _ => Value::Text(column.as_string::<i32>().value(row).to_owned()),
    };
    let event = |row| {
        batch
            .columns()
            .iter()
            .map(|column| value(column, row))
            .collect()
    };
    (0..batch.num_rows()).map(event).collect()
}
