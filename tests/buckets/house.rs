//! A server, and the program that talks to it.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

use super::line::{Fate, Line, Request};
use super::server::Server;

pub struct House {
    pub server: Server,
    pub folder: TempDir,
}

impl House {
    pub fn new() -> Self {
        Self {
            server: Server::start(),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// A log with failures of a day, as many as `ports` has.
    pub fn log(&self, name: &str, day: &str, ports: std::ops::Range<u16>) -> PathBuf {
        let path = self.folder.path().join(name);
        let mut log = Vec::new();
        for port in ports {
            writeln!(
                log,
                "{day} 09:15:02 [error] 7#7: *{port} connect() failed (111: Connection refused) while \
                 connecting to upstream, client: 192.0.2.{}, server: a, request: \"GET / HTTP/1.1\", \
                 upstream: \"http://127.0.0.1:{port}/\", host: \"a\"",
                port % 250
            )
            .unwrap();
        }
        fs::write(&path, log).unwrap();
        path
    }

    /// A line to the server on which every request is answered.
    pub fn line(&self) -> Line {
        Line::new(self.server.port, |_: Request<'_>| Fate::Answered)
    }

    pub fn command(&self, port: u16, arguments: &[&str]) -> Command {
        command(port, self.folder.path(), arguments)
    }

    /// Runs the program, which is to succeed. Told is what it has printed.
    pub fn run(&self, arguments: &[&str]) -> String {
        let output = self.run_at(self.server.port, arguments);
        String::from_utf8(output.stdout).unwrap()
    }

    /// The same, for a server or a line at this port.
    pub fn run_at(&self, port: u16, arguments: &[&str]) -> Output {
        let output = self.command(port, arguments).output().unwrap();
        let words = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {words}");
        output
    }

    pub fn output(&self, arguments: &[&str]) -> Output {
        let mut command = self.command(self.server.port, arguments);
        command.output().unwrap()
    }

    pub fn aggregate(&self, log: &Path, dataset: &str) {
        self.run(&aggregating(log, dataset).each_ref().map(String::as_str));
    }

    pub fn compact(&self, dataset: &str) {
        self.run(&["compact", "--dataset", &url(dataset)]);
    }

    /// How many events a dataset has, as the program itself reads it.
    pub fn events(&self, dataset: &str) -> u64 {
        let rows = self.run(&["export", "-q", "--format=csv", "--dataset", &url(dataset)]);
        let mut lines = rows.lines();
        let names = lines.next().unwrap_or_default().split(',');
        let at = names.into_iter().position(|name| name == "events").unwrap();
        let events = lines.map(|line| line.split(',').nth(at).unwrap().parse::<u64>().unwrap());
        events.sum()
    }
}

pub fn url(key: &str) -> String {
    format!("s3://logs/{key}")
}

pub fn aggregating(log: &Path, dataset: &str) -> [String; 6] {
    let out = format!("--out={}", url(dataset));
    let log = log.display().to_string();
    let words = [
        "aggregate",
        "--no-discover",
        "--timezone=UTC",
        "--host=web1",
    ];
    let [one, two, three, four] = words.map(str::to_owned);
    [one, two, three, four, out, log]
}

pub fn command(port: u16, folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_badgateway"));
    command
        .args(arguments)
        .current_dir(folder)
        .env("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{port}"))
        .env("AWS_ALLOW_HTTP", "true")
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("AWS_REGION", "us-east-1");
    command
}
