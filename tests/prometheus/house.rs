//! A dataset, and what is made of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::generator::{Settings, generate};

/// Where the generated logs begin: Monday, 2026-11-02 00:00 UTC.
pub const BEGIN: i64 = 1_793_577_600;

pub const HOUR: i64 = 3_600;
pub const DAY: i64 = 24 * HOUR;

/// How many days they cover at most.
pub const DAYS: i64 = 7;

/// A folder with logs and a dataset.
pub struct House {
    folder: TempDir,
}

impl House {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { folder }
    }

    /// A week of two machines.
    pub fn of_a_week() -> Self {
        let house = Self::new();
        for (seed, host) in [(1, "web1"), (2, "web2")] {
            let settings = Settings {
                seed,
                pools: 12,
                servers: 9,
                clients: 300,
                upstream_share: 0.4,
                hostile_share: 0.02,
                start: (2026, 11, 2, 0, 0, 0),
                records_per_second: 0.02,
                ..Settings::default()
            };
            let mut log = Vec::new();
            generate(&settings, 3_000_000, &mut log).unwrap();
            house.aggregate(host, &log);
        }
        house
    }

    /// Counts a log of its own for a machine.
    pub fn aggregate(&self, host: &str, log: &[u8]) {
        let logs = self.folder.path().join("logs");
        fs::create_dir_all(&logs).unwrap();
        let number = fs::read_dir(&logs).unwrap().count();
        let path = logs.join(format!("{number}.log"));
        fs::write(&path, log).unwrap();
        let arguments = [
            "aggregate",
            "--no-discover",
            "-q",
            "--timezone",
            "UTC",
            "--host",
            host,
            "--out",
        ];
        self.output(badgateway(&arguments).arg(self.dataset()).arg(&path));
    }

    pub fn dataset(&self) -> PathBuf {
        self.folder.path().join("dataset")
    }

    pub fn export(&self, arguments: &[&str]) -> String {
        let mut command = badgateway(&["export", "--timezone", "UTC", "--dataset"]);
        self.output(command.arg(self.dataset()).args(arguments))
    }

    /// Every event of the logs of a machine, counted nowhere yet.
    pub fn events(&self, number: usize, host: &str) -> Vec<Value> {
        let log = self.folder.path().join(format!("logs/{number}.log"));
        let mut command = badgateway(&[
            "events",
            "--no-discover",
            "--timezone",
            "UTC",
            "--host",
            host,
        ]);
        let text = self.output(command.arg(log));
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// Has promtool make blocks of an export, beside those that are there, and says where they are.
    pub fn back_fill(&self, metrics: &str) -> PathBuf {
        let file = self.folder.path().join("badgateway.om");
        fs::write(&file, metrics).unwrap();
        let blocks = self.folder.path().join("blocks");
        let mut promtool = Command::new("promtool");
        promtool
            .args([
                "tsdb",
                "create-blocks-from",
                "--max-block-duration=744h",
                "openmetrics",
            ])
            .args([&file, &blocks]);
        self.output(&mut promtool);
        blocks
    }

    /// The rows that DuckDB finds, by columns' names; the query says `$hourly` for the dataset's files.
    pub fn duckdb(&self, query: &str) -> Vec<BTreeMap<String, String>> {
        self.duckdb_each(&[query.to_owned()]).remove(0)
    }

    /// The same for several queries.
    pub fn duckdb_each(&self, queries: &[String]) -> Vec<Vec<BTreeMap<String, String>>> {
        let files = format!("'{}/hourly/*.parquet'", self.dataset().display());
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/readers/bin/duckdb");
        let mut duckdb = Command::new(program);
        duckdb.args(["-json", "-c", "SET TimeZone='UTC'"]);
        for query in queries {
            duckdb.args(["-c", &query.replace("$hourly", &files)]);
        }
        let text = self.output(&mut duckdb);
        let answers = serde_json::Deserializer::from_str(&text);
        let text = |value: Value| match value {
            Value::String(text) => text,
            value => value.to_string(),
        };
        let row = |row: BTreeMap<String, Value>| {
            let fields = row.into_iter();
            fields.map(|(name, value)| (name, text(value))).collect()
        };
        let rows = |rows: Vec<BTreeMap<String, Value>>| rows.into_iter().map(row).collect();
        let answers: Vec<_> = answers
            .into_iter()
            .map(|answer| rows(answer.unwrap()))
            .collect();
        assert_eq!(answers.len(), queries.len());
        answers
    }

    fn output(&self, command: &mut Command) -> String {
        let output = command.stdin(Stdio::null()).output().unwrap();
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{command:?}: {words}");
        String::from_utf8(output.stdout).unwrap()
    }
}

fn badgateway(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_badgateway"));
    command.args(arguments);
    command
}

/// A failure of a pool, and whatever stands in its log for the server's name.
pub fn refused(time: &str, server: &str) -> String {
    format!(
        "{time} [error] 12#12: *23 connect() failed (111: Connection refused) while connecting to upstream, \
         client: 192.0.2.1, server: {server}, request: \"GET / HTTP/1.1\", upstream: \
         \"http://127.0.0.1:8080/\", host: \"a\"\n"
    )
}
