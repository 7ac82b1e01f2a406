//! A real S3 server on loopback.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Mutex;

use serde_json::{Value, json};

pub struct Server {
    child: Child,
    asked: Mutex<(ChildStdin, BufReader<ChildStdout>)>,
    pub port: u16,
}

impl Server {
    pub fn start() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let python = root.join("target/readers/bin/python");
        let python = std::env::var_os("BADGATEWAY_READERS").map_or(python, PathBuf::from);
        let mut child = Command::new(&python)
            .arg(root.join("tests/buckets/s3.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", python.display()));
        let stdin = child.stdin.take().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut port = String::new();
        stdout.read_line(&mut port).unwrap();
        Self {
            child,
            asked: Mutex::new((stdin, stdout)),
            port: port.trim().parse().expect("the server says its port"),
        }
    }

    /// All keys that begin so.
    pub fn keys(&self, prefix: &str) -> Vec<String> {
        let keys = self.ask(&json!(["keys", prefix]));
        serde_json::from_value(keys).unwrap()
    }

    /// Writes a file into the bucket.
    pub fn put(&self, key: &str, path: &Path) {
        self.ask(&json!(["put", key, path]));
    }

    pub fn remove(&self, key: &str) {
        self.ask(&json!(["remove", key]));
    }

    /// How many events a reader sees in a dataset that knows nothing but a glob.
    pub fn globbed(&self, dataset: &str) -> u64 {
        let events = self.ask(&json!(["events", format!("{dataset}/hourly/")]));
        events.as_u64().unwrap()
    }

    /// How many events the view in the README finds.
    pub fn viewed(&self, dataset: &str) -> u64 {
        let readme = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
        let readme = std::fs::read_to_string(readme).unwrap();
        let (_, section) = readme.split_once("### In a bucket\n").unwrap();
        let begin = section.find("    CREATE VIEW hourly").unwrap();
        let view = section[begin..].split("\n\n").next().unwrap();
        self.ask(&json!(["viewed", dataset, view]))
            .as_u64()
            .unwrap()
    }

    fn ask(&self, what: &Value) -> Value {
        let mut asked = self.asked.lock().unwrap();
        let (stdin, stdout) = &mut *asked;
        writeln!(stdin, "{what}").unwrap();
        let mut answer = String::new();
        stdout.read_line(&mut answer).unwrap();
        serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{what}: no answer"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
