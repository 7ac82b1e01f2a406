use std::fs::File;
use std::path::Path;

use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};

use super::*;
use crate::dataset::home::Listed;
use crate::dataset::{HOUR, Provenance, write};
use crate::record::Moment;
use crate::rollup::{Clients, Minutes, Row, Rows};
use crate::taxonomy::Class;

fn row(bucket: i64, pool: &str, host: &str, server: Option<&str>, events: u64) -> Row {
    let bucket = Moment(bucket * HOUR * 1_000_000);
    Row {
        bucket,
        pool: pool.into(),
        host: host.into(),
        class: Class::ALL[events as usize % 3],
        phase: None,
        os_error: None,
        level: None,
        status: None,
        scheme: None,
        peer: None,
        server: server.map(Into::into),
        events,
        clients: Clients::default(),
        minutes: Minutes::from_list([events as u32]),
        first_seen: bucket,
        last_seen: Moment(bucket.0 + events as i64),
        example: None,
    }
}

fn table(folder: &Path, name: &str, rows: Vec<Row>) -> Table {
    let path = folder.join(name);
    let provenance = Provenance {
        zone: "UTC".to_owned(),
        bucket_seconds: HOUR,
        run: chrono::Utc::now(),
    };
    let out = File::create(&path).unwrap();
    write::write(&Rows::Held(rows), provenance.key_values(&[]), out, |_| {}).unwrap();
    Table::open(&Listed::file(path)).unwrap()
}

#[test]
fn rows_of_small_and_of_large_files_are_what_adding_them_up_gives() {
    let mut dice = Xoshiro256PlusPlus::seed_from_u64(7);
    let folder = tempfile::tempdir().unwrap();
    let lengths = [SMALL + 5_000, 7_000, 3, SMALL + 1, 400];
    let mut tables = Vec::new();
    for (number, length) in lengths.into_iter().enumerate() {
        let mut rows = Vec::new();
        for _ in 0..length {
            let [bucket, pool, host] = [26, 30, 2].map(|most| dice.random_range(0..most));
            let server = dice.random_range(0..60);
            let server = (server > 0).then(|| format!("s{server}"));
            let (pool, host) = (format!("p{pool}"), format!("web{host}"));
            let events = dice.random_range(1..9);
            rows.push(row(bucket, &pool, &host, server.as_deref(), events));
        }
        rows.sort_by(Row::order);
        rows.dedup_by(|again, row| again.order(row).is_eq());
        tables.push(table(folder.path(), &format!("{number}.parquet"), rows));
    }
    // One bucket lies on the next day, one is not asked for.
    let buckets = HOUR * 1_000_000..24 * HOUR * 1_000_000;
    for tables in [&tables[..], &tables[..1], &tables[2..3], &tables[1..3]] {
        let mut added = Merged::default();
        for table in tables {
            table.add_to(&mut added, &buckets).unwrap();
        }
        let expected: Vec<_> = std::iter::from_fn(|| added.pop_first()).collect();
        let merged = Merging::new(tables, &buckets).unwrap();
        let merged: Vec<_> = merged.map(Result::unwrap).collect();
        assert!(!merged.is_empty());
        assert_eq!(merged, expected);
    }
}

#[test]
fn rows_that_no_version_has_written_are_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let good = || row(7, "shop", "web1", None, 5);
    let before = Moment(good().bucket.0 - 1);
    let late = Moment(good().bucket.0 + 25 * HOUR * 1_000_000);
    let odd = [
        ("order", vec![row(7, "tree", "web1", None, 5), good()]),
        ("hosts", vec![row(7, "shop", "web2", None, 5), good()]),
        (
            "many",
            vec![Row {
                events: 1 << 41,
                ..good()
            }],
        ),
        (
            "less",
            vec![Row {
                events: u64::MAX,
                ..good()
            }],
        ),
        (
            "early",
            vec![Row {
                first_seen: before,
                ..good()
            }],
        ),
        (
            "late",
            vec![Row {
                last_seen: late,
                ..good()
            }],
        ),
    ];
    let read = |rows| {
        let table = table(folder.path(), "table.parquet", rows);
        Merging::new([&table], &(0..i64::MAX))?.collect::<Result<Vec<_>, _>>()
    };
    assert_eq!(read(vec![good()]).unwrap().len(), 1);
    for (what, rows) in odd {
        let error = read(rows).unwrap_err();
        assert!(matches!(error, DatasetError::Row { .. }), "{what}: {error}");
    }
}
