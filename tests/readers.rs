//! Datasets read back by readers that are not ours: DuckDB, Polars, PyArrow, Apache DataSketches.

use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The Python that `tests/all` sets up.
fn python() -> PathBuf {
    match std::env::var_os("BADGATEWAY_PYTHON") {
        Some(python) => python.into(),
        None => root().join("target/readers/bin/python"),
    }
}

#[test]
#[ignore = "needs Python with DuckDB, Polars, PyArrow and DataSketches; tests/all sets it up"]
fn a_dataset_of_the_samples_holds_the_counts_stated_beside_them() {
    let out = tempfile::tempdir().unwrap();
    let samples = root().join("samples");
    let aggregate = Command::new(env!("CARGO_BIN_EXE_badgateway"))
        .args([
            "aggregate",
            "--no-discover",
            "--timezone",
            "UTC",
            "--host",
            "web1",
            "--out",
        ])
        .arg(out.path())
        .arg(samples.join("*.log"))
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&aggregate.stderr);
    assert_eq!(aggregate.status.code(), Some(0), "{words}");
    let check = Command::new(python())
        .arg(root().join("tests/readers/check.py"))
        .arg(&samples)
        .arg(out.path())
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&check.stderr);
    assert!(check.status.success(), "{words}");
    println!("{}", String::from_utf8_lossy(&check.stdout));
}
