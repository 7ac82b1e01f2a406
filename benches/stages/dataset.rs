//! From rows to a file that is on the disk.

use std::time::Duration;

use badgateway::dataset::{Addition, Dataset, Ledger, Provenance};
use badgateway::record::Moment;
use badgateway::rollup::Rows;
use badgateway::source::Privacy;
use chrono::Utc;
use divan::Bencher;
use divan::counter::ItemsCount;
use tempfile::TempDir;

use crate::logs::{SHARES, log, must_hold};
use crate::rollup::{HOUR, counted};

#[divan::bench(args = SHARES)]
fn commit(bencher: Bencher, share: f64) {
    let rows = counted(log(share)).into_rows();
    let count = rows.len();
    let rows = Rows::Held(rows);
    let first = folder();
    write(&first, &rows);
    let held = Dataset::new(first.path()).open().expect("a dataset");
    let always = Moment(i64::MIN)..Moment(i64::MAX);
    let read = held.rows(&always, &[]).collect::<Result<Vec<_>, _>>();
    let read = read.expect("its rows");
    assert_eq!(read.len(), count);
    must_hold(&read, &log(share).written);
    bencher
        .counter(ItemsCount::new(count))
        .with_inputs(folder)
        .bench_local_values(|folder| {
            write(&folder, &rows);
            folder
        });
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn write(folder: &TempDir, rows: &Rows) {
    let run = Dataset::new(folder.path()).begin("bench", Duration::ZERO, |_| {});
    let provenance = Provenance {
        zone: "UTC".to_owned(),
        bucket_seconds: HOUR / 1_000_000,
        run: Utc::now(),
    };
    let run = run.expect("no other run");
    let ledger = Ledger::default();
    let addition = Addition {
        rows,
        entries: &[],
        provenance: &provenance,
        ledger: &ledger,
        privacy: Privacy::Private,
    };
    run.commit(addition, |_| {}).expect("room on the disk");
}
