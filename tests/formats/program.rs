//! The program from outside.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::read::{self, Event};

/// The formats, and who reads them back.
/// Reads what the program wrote.
pub type Reader = fn(&[u8]) -> Vec<Event>;

pub const FORMATS: [(&str, Reader); 4] = [
    ("ndjson", read::ndjson),
    ("csv", read::csv),
    ("arrow", read::arrow),
    ("parquet", read::parquet),
];

/// A folder of a test's own.
pub struct House(tempfile::TempDir);

impl House {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A folder with a log in it.
    pub fn with(log: &[u8]) -> Self {
        let house = Self::new();
        fs::write(house.path("error.log"), log).unwrap();
        house
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// `badgateway events --format …`, on the logs of the arguments.
    pub fn events(&self, format: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_badgateway"));
        command
            .args(["events", "--no-discover", "--timezone", "UTC"])
            .args(["--host", "web1", "--format", format])
            .args(arguments)
            .current_dir(self.0.path())
            .stdin(Stdio::null());
        command
    }

    /// The bytes of a format, written to a file.
    pub fn bytes(&self, format: &str, arguments: &[&str]) -> Vec<u8> {
        let mut command = self.events(format, arguments);
        let output = command.args(["-q", "--out", "events.out"]).output();
        let output = output.unwrap();
        assert_eq!(
            (output.status.code(), words(&output)),
            (Some(0), String::new())
        );
        assert_eq!(output.stdout, b"");
        fs::read(self.path("events.out")).unwrap()
    }
}

pub fn words(output: &Output) -> String {
    let words = String::from_utf8(output.stderr.clone()).unwrap();
    assert!(!words.contains("panicked"), "{words}");
    words
}

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The samples, by their paths.
pub fn samples() -> Vec<String> {
    let entries = fs::read_dir(root().join("samples")).unwrap();
    let mut logs: Vec<String> = entries
        .map(|entry| entry.unwrap().path().display().to_string())
        .filter(|path| path.ends_with(".log"))
        .collect();
    logs.sort();
    assert!(logs.len() > 20);
    logs
}
