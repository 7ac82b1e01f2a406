//! Events read back by readers that are not ours: DuckDB, Polars, PyArrow.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::program::{FORMATS, House, root, samples};
use crate::{hostile, log};

fn python() -> PathBuf {
    match std::env::var_os("BADGATEWAY_PYTHON") {
        Some(python) => python.into(),
        None => root().join("target/readers/bin/python"),
    }
}

#[test]
#[ignore = "needs Python with DuckDB, Polars and PyArrow; tests/all sets it up"]
fn duckdb_polars_and_pyarrow_find_the_same_events_in_each_format() {
    let house = House::with(&log(2_000_000));
    fs::write(house.path("hostile.log"), hostile::harm()).unwrap();
    let mut logs = samples();
    logs.extend(["error.log".to_owned(), "hostile.log".to_owned()]);
    let logs: Vec<&str> = logs.iter().map(String::as_str).collect();
    for (format, _) in FORMATS {
        fs::write(
            house.path(&format!("events.{format}")),
            house.bytes(format, &logs),
        )
        .unwrap();
    }
    let check = Command::new(python())
        .arg(root().join("tests/readers/events.py"))
        .arg(house.path(""))
        .arg(env!("CARGO_BIN_EXE_badgateway"))
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&check.stderr);
    assert!(check.status.success(), "{words}");
    println!("{}", String::from_utf8_lossy(&check.stdout));
}
