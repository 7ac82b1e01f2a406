//! A folder with logs and a dataset of them, and DuckDB.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn readers() -> PathBuf {
    root().join("target/readers/bin")
}

pub struct House {
    folder: TempDir,
}

impl House {
    /// An empty folder in which `grafana` is ours, and a folder `bin` of programs.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let house = Self { folder };
        symlink(root().join("grafana"), house.path("grafana")).unwrap();
        fs::create_dir(house.path("bin")).unwrap();
        symlink(
            env!("CARGO_BIN_EXE_badgateway"),
            house.path("bin/badgateway"),
        )
        .unwrap();
        // Tables are for people; a test reads the same rows as JSON.
        house.program(
            "duckdb",
            &format!("exec '{}' -json \"$@\"", readers().join("duckdb").display()),
        );
        house.program(
            "python3",
            &format!("exec '{}' \"$@\"", readers().join("python").display()),
        );
        house
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn program(&self, name: &str, command: &str) {
        let path = self.path("bin").join(name);
        fs::write(&path, format!("#!/bin/sh\n{command}\n")).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// What a shell says to a command in this folder.
    pub fn shell(&self, command: &str) -> Output {
        let path = std::env::var("PATH").unwrap();
        Command::new("bash")
            .args(["-euo", "pipefail", "-c", command])
            .current_dir(self.folder.path())
            .env("PATH", format!("{}:{path}", self.path("bin").display()))
            .env("HOME", self.folder.path())
            .env("TZ", "UTC")
            .output()
            .unwrap()
    }

    pub fn badgateway(&self, arguments: &str) -> String {
        let output = self.shell(&format!("badgateway {arguments}"));
        let words = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{arguments}: {words}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// The rows of a query, with the views over `dataset`.
    pub fn rows(&self, dataset: &str, query: &str) -> Vec<Value> {
        let dataset = self.path(dataset);
        let output = Command::new(self.path("bin/duckdb"))
            .current_dir(self.folder.path())
            .arg("-cmd")
            .arg(format!("SET VARIABLE dataset = '{}'", dataset.display()))
            .args(["-cmd", ".read grafana/duckdb.sql", "-c", query])
            .output()
            .unwrap();
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{query}: {words}");
        rows(&output.stdout)
    }

    /// The same with the Python module, which is of another version.
    pub fn rows_in_python(&self, dataset: &str, query: &str) -> Vec<Value> {
        let script = "import sys, json, duckdb\n\
            duckdb.execute(f\"SET VARIABLE dataset = '{sys.argv[1]}'\")\n\
            duckdb.execute(open('grafana/duckdb.sql').read())\n\
            duckdb.execute(f\"COPY ({sys.argv[2]}) TO '{sys.argv[3]}' (FORMAT json, ARRAY true)\")";
        let answer = self.path("answer.json");
        let output = Command::new(self.path("bin/python3"))
            .current_dir(self.folder.path())
            .args(["-c", script])
            .arg(self.path(dataset))
            .arg(query)
            .arg(&answer)
            .output()
            .unwrap();
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{query}: {words}");
        rows(&fs::read(answer).unwrap())
    }
}

/// Rows that DuckDB wrote as JSON; of none it writes nothing.
pub fn rows(json: &[u8]) -> Vec<Value> {
    match json.trim_ascii() {
        b"" => Vec::new(),
        json => serde_json::from_slice(json)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(json))),
    }
}
