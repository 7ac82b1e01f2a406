//! A dataset of the samples and of a generated log, the dashboard over it, and DuckDB as the data source is told to use it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tempfile::TempDir;

use super::dated;
use super::generator::{Settings, generate};
use super::interpolate::{Asks, Chosen, interpolate};
use super::macros::Window;

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A pool whose name would end a text in SQL, and one in which the data source would see a macro.
pub const QUOTED: &str = "it's";
pub const MACRO: &str = "$__timeFilter(pool)";

/// The log of two more pools, as a stranger might have named them.
const STRANGE: &str = r#"2026/11/21 03:14:15 [error] 7#7: *1 connect() to unix:/run/php/it's.sock failed (111: Connection refused) while connecting to upstream, client: 192.0.2.1, server: shop.example, request: "GET / HTTP/1.1", upstream: "fastcgi://unix:/run/php/it's.sock:", host: "shop.example"
2026/11/21 03:14:16 [error] 7#7: *2 connect() to unix:/run/php/$__timeFilter(pool).sock failed (111: Connection refused) while connecting to upstream, client: 192.0.2.1, server: shop.example, request: "GET / HTTP/1.1", upstream: "fastcgi://unix:/run/php/$__timeFilter(pool).sock:", host: "shop.example"
"#;

/// A row of the dataset; the bucket in seconds since 1970.
#[derive(Debug, Deserialize)]
pub struct Row {
    pub bucket: i64,
    pub host: String,
    pub pool: String,
    pub class: String,
    pub kind: String,
    pub status: Option<i32>,
    pub server: Option<String>,
    pub peer: Option<String>,
    pub events: u64,
}

/// An incident of the dataset; times in seconds since 1970.
#[derive(Debug, Deserialize)]
pub struct Incident {
    pub pool: String,
    pub class: String,
    pub started: i64,
    pub ended: i64,
    pub events: u64,
}

pub struct House {
    folder: TempDir,
    pub dashboard: Value,
    /// All rows of the dataset.
    pub rows: Vec<Row>,
    pub incidents: Vec<Incident>,
}

impl House {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = root().join("grafana/dashboards/badgateway-duckdb.json");
        let mut house = Self {
            folder,
            dashboard: serde_json::from_slice(&fs::read(path).unwrap()).unwrap(),
            rows: Vec::new(),
            incidents: Vec::new(),
        };
        let mut log = STRANGE.as_bytes().to_vec();
        let settings = Settings {
            pools: 12,
            upstream_share: 0.9,
            hostile_share: 0.1,
            records_per_second: 0.02,
            start: (2026, 11, 21, 5, 0, 0),
            ..Settings::default()
        };
        generate(&settings, 300_000, &mut log).unwrap();
        fs::write(house.folder.path().join("error.log"), log).unwrap();
        let (_samples, samples) = dated::samples();
        let generated = house.folder.path().join("error.log").display().to_string();
        for (host, logs) in [("web1", &samples), ("web2", &generated)] {
            let arguments = ["--no-discover", "--timezone", "UTC", "--host", host, logs];
            let dataset = house.dataset();
            let aggregate = ["aggregate", "-q", "--out", dataset.to_str().unwrap()];
            badgateway(&[aggregate.as_slice(), &arguments].concat());
        }
        house.rows = house.table(
            "hourly",
            "epoch(bucket)::BIGINT AS bucket, host, pool, class, kind, status, server, peer, events",
        );
        house.incidents = house.table(
            "incidents",
            "pool, class, epoch(started)::BIGINT AS started, epoch(ended)::BIGINT AS ended, events",
        );
        house
    }

    fn dataset(&self) -> PathBuf {
        self.folder.path().join("dataset")
    }

    fn table<T: DeserializeOwned>(&self, folder: &str, columns: &str) -> Vec<T> {
        let files = self.dataset().join(folder).join("*.parquet");
        let rows = duckdb(
            "",
            &[&format!("SELECT {columns} FROM '{}'", files.display())],
        );
        let rows = rows.into_iter().flatten();
        rows.map(|row| serde_json::from_value(row).unwrap())
            .collect()
    }

    /// A dataset need not have the folder.
    pub fn lose_the_incidents(&self) {
        fs::remove_dir_all(self.dataset().join("incidents")).unwrap();
    }

    /// The rows of a query of the dashboard, and the types of its columns. What the provisioned data source is told comes first.
    pub fn ask(
        &self,
        sql: &str,
        mut chosen: BTreeMap<String, Chosen>,
        window: &Window,
        asks: Asks,
    ) -> Answer {
        let (default, dataset) = ("/var/lib/badgateway", self.dataset().display().to_string());
        let constant = self.variable("dataset")["query"].as_str().unwrap();
        assert_eq!(constant, default);
        chosen.insert("dataset".to_owned(), Chosen::One(dataset.clone()));
        let sql = window.expand(&interpolate(sql, &chosen, asks));
        assert!(
            !sql.contains("${") && !sql.contains("$__") || sql.contains("NOT contains("),
            "{sql}"
        );
        let told = told().replace(default, &dataset);
        let mut said = duckdb(&told, &[&format!("DESCRIBE {sql}"), &sql]).into_iter();
        let types = said.next().unwrap().into_iter().map(|column| {
            (
                text(&column["column_name"]).to_owned(),
                text(&column["column_type"]).to_owned(),
            )
        });
        Answer {
            types: types.collect(),
            rows: said.next().unwrap_or_default(),
        }
    }

    pub fn variable(&self, name: &str) -> &Value {
        let variables = self.dashboard["templating"]["list"].as_array().unwrap();
        variables
            .iter()
            .find(|variable| variable["name"] == name)
            .unwrap()
    }
}

/// What DuckDB says to a query.
#[derive(Debug)]
pub struct Answer {
    /// Columns with their types.
    pub types: Vec<(String, String)>,
    pub rows: Vec<Value>,
}

impl Answer {
    pub fn column(&self, name: &str) -> impl Iterator<Item = &Value> {
        self.rows.iter().map(move |row| &row[name])
    }

    /// The sum of a column of numbers; what is null adds nothing.
    pub fn sum(&self, name: &str) -> f64 {
        self.column(name).filter_map(Value::as_f64).sum()
    }

    /// The same for each text of another column.
    pub fn sums(&self, per: &str, name: &str) -> BTreeMap<String, u64> {
        let mut sums = BTreeMap::new();
        for row in &self.rows {
            let number = row[name].as_f64().unwrap_or(0.0);
            assert_eq!(number.fract(), 0.0, "{row}");
            *sums.entry(text(&row[per]).to_owned()).or_insert(0) += number as u64;
        }
        sums
    }
}

pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

fn badgateway(arguments: &[&str]) {
    let output = Command::new(env!("CARGO_BIN_EXE_badgateway"))
        .args(arguments)
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {words}");
}

/// The rows of each query that has any, after `first` was run. The machine's zone must not matter.
fn duckdb(first: &str, queries: &[&str]) -> Vec<Vec<Value>> {
    let output = Command::new(root().join("target/readers/bin/duckdb"))
        .args(["-json", "-cmd", first])
        .args(queries.iter().flat_map(|query| ["-c", query]))
        .env("TZ", "America/New_York")
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && words.is_empty(),
        "{queries:?}\n{words}"
    );
    serde_json::Deserializer::from_slice(&output.stdout)
        .into_iter()
        .map(|rows| rows.unwrap_or_else(|error| panic!("{error}: {queries:?}")))
        .collect()
}

/// `initSql` of the provisioned data source.
fn told() -> String {
    let path = root().join("grafana/provisioning/datasources/badgateway-duckdb.yaml");
    let yaml = fs::read_to_string(path).unwrap();
    let (_, block) = yaml.split_once("initSql: |\n").unwrap();
    let lines = block
        .lines()
        .take_while(|line| line.starts_with("        "));
    let sql = lines.map(str::trim).collect::<Vec<_>>().join(" ");
    assert!(sql.contains("enable_external_access = false"), "{sql}");
    sql
}
