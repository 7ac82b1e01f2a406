use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, DictionaryArray, Int64Array, StringArray};
use arrow_schema::{DataType, Field, Schema};
use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::statistics::Statistics;

use super::*;

fn schema() -> SchemaRef {
    let field = |name, kind, is_nullable| Field::new(name, kind, is_nullable);
    Arc::new(Schema::new(vec![
        field("pool", DataType::Utf8, false),
        field("number", DataType::Int64, false),
        field("peer", DataType::Utf8, true),
    ]))
}

type Row = (String, Option<String>);

/// Rows in which there are long runs, many texts, and none.
fn rows(count: usize) -> Vec<Row> {
    let row = |at: usize| {
        let peer =
            (!(at / 300).is_multiple_of(3)).then(|| format!("10.0.{}.{}:80", at % 7, at % 251));
        (format!("pool {}", at / 1000), peer)
    };
    (0..count).map(row).collect()
}

fn batch(rows: &[Row], first: usize, is_coded: bool) -> RecordBatch {
    let coded = |texts: StringArray| -> ArrayRef {
        match is_coded {
            true => Arc::new(texts.iter().collect::<DictionaryArray<Int32Type>>()),
            false => Arc::new(texts),
        }
    };
    let numbers = first as i64..(first + rows.len()) as i64;
    RecordBatch::try_from_iter([
        ("pool", coded(rows.iter().map(|row| Some(&row.0)).collect())),
        (
            "number",
            Arc::new(Int64Array::from_iter_values(numbers)) as ArrayRef,
        ),
        (
            "peer",
            coded(rows.iter().map(|row| row.1.as_ref()).collect()),
        ),
    ])
    .unwrap()
}

fn file(batches: &[RecordBatch]) -> Bytes {
    let mut out = Vec::new();
    let mut file = EventFile::new(&mut out, schema(), "UTC").unwrap();
    file.write(batches).unwrap();
    file.finish().unwrap();
    out.into()
}

fn read(file: &Bytes) -> Vec<Row> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(file.clone()).unwrap();
    let mut rows = Vec::new();
    for batch in reader.build().unwrap() {
        let batch = batch.unwrap();
        let [pools, peers] = [0, 2].map(|at| batch.column(at).as_string::<i32>().iter());
        let texts = pools.zip(peers);
        rows.extend(texts.map(|(pool, peer)| (pool.unwrap().to_owned(), peer.map(str::to_owned))));
    }
    rows
}

#[test]
fn texts_are_the_same_with_a_dictionary_and_without() {
    let rows = rows(70_001);
    let (one, rest) = rows.split_at(999);
    let (other, last) = rest.split_at(69_000);
    for is_coded in [false, true] {
        let file = file(&[
            batch(one, 0, is_coded),
            batch(other, one.len(), !is_coded),
            batch(last, 69_999, is_coded),
        ]);
        assert!(read(&file) == rows, "{is_coded}");
    }
}

#[test]
fn a_column_without_any_text_is_one() {
    let rows: Vec<Row> = (0..100).map(|_| (String::new(), None)).collect();
    assert_eq!(read(&file(&[batch(&rows, 0, true)])), rows);
}

#[test]
fn a_group_tells_its_least_and_greatest_texts_unless_they_are_long() {
    let mut rows = rows(5000);
    rows[4000].0 = "x".repeat(65);
    let file = file(&[batch(&rows, 0, false)]);
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    let group = reader.metadata().row_group(0);
    let told = |at: usize| match group.column(at).statistics().unwrap() {
        Statistics::ByteArray(told) => told.clone(),
        other => panic!("{other:?}"),
    };
    let (pool, peer) = (told(0), told(2));
    assert_eq!((pool.min_opt(), pool.max_opt()), (None, None));
    assert_eq!(pool.null_count_opt(), Some(0));
    let texts = || rows.iter().filter_map(|row| row.1.as_deref());
    assert_eq!(
        peer.min_opt().unwrap().data(),
        texts().min().unwrap().as_bytes()
    );
    assert_eq!(
        peer.max_opt().unwrap().data(),
        texts().max().unwrap().as_bytes()
    );
    let absent = rows.iter().filter(|row| row.1.is_none()).count();
    assert_eq!(peer.null_count_opt(), Some(absent as u64));
}

#[test]
fn many_texts_end_a_group() {
    let rows: Vec<Row> = (0..40_000)
        .map(|at| (format!("{at:0>1000}"), None))
        .collect();
    let batches = rows.chunks(1000).map(|rows| batch(rows, 0, true));
    let file = file(&batches.collect::<Vec<_>>());
    assert!(read(&file) == rows);
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    assert!(reader.metadata().num_row_groups() > 2);
}
