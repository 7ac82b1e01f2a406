//! The error log, and the classes of what was added to it.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

pub struct Log {
    pub path: PathBuf,
    /// What stands before it was looked at.
    seen: usize,
}

impl Log {
    pub fn new(path: PathBuf) -> Self {
        Self { path, seen: 0 }
    }

    /// Whether something was added since the last look.
    pub fn has_news(&self) -> bool {
        fs::metadata(&self.path).is_ok_and(|meta| meta.len() > self.seen as u64)
    }

    /// What was added since the last look.
    pub fn news(&mut self) -> String {
        let bytes = fs::read(&self.path).unwrap_or_default();
        let news = String::from_utf8_lossy(&bytes[self.seen..]).into_owned();
        self.seen = bytes.len();
        news
    }
}

/// The classes of the events in a text.
pub fn classes(text: &str) -> BTreeSet<String> {
    let mut events = Command::new(env!("CARGO_BIN_EXE_badgateway"))
        .args(["events", "--timezone", "UTC", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = events.stdin.take().unwrap();
    input.write_all(text.as_bytes()).unwrap();
    drop(input);
    let output = events.wait_with_output().unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    let events = lines.lines().map(|line| {
        let event: Value = serde_json::from_str(line).unwrap();
        event["class"].as_str().unwrap().to_owned()
    });
    events.collect()
}
