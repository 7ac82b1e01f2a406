//! The program from outside, and what it says.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use parquet::file::reader::{FileReader, SerializedFileReader};
use serde_json::Value;

/// A folder with logs and whatever else a test needs.
pub struct House {
    folder: tempfile::TempDir,
}

/// What a run said, and how it ended.
pub struct Said {
    pub status: Option<i32>,
    pub output: Vec<u8>,
    pub words: String,
}

/// Where a log is read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    File,
    Stdin,
    Fifo,
}

impl House {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("log")).unwrap();
        Self { folder }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).unwrap();
    }

    pub fn append(&self, name: &str, bytes: &[u8]) {
        let mut file = File::options().append(true).open(self.path(name)).unwrap();
        file.write_all(bytes).unwrap();
    }

    pub fn rename(&self, from: &str, to: &str) {
        fs::rename(self.path(from), self.path(to)).unwrap();
    }

    pub fn remove(&self, name: &str) {
        fs::remove_file(self.path(name)).unwrap();
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_badgateway"));
        command
            .args(arguments)
            // Pools are not to be called what this machine's configuration calls them.
            .arg("--no-discover")
            .current_dir(self.folder.path())
            .env("TZ", "UTC")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Said {
        Said::of(self.command(arguments).output().unwrap())
    }

    /// Runs a command on the log in the file `name`, or on its bytes through a pipe.
    pub fn read(&self, from: From, name: &str, arguments: &[&str]) -> Said {
        let [command, rest @ ..] = arguments else {
            panic!("a command is missing");
        };
        let log = match from {
            From::File => name,
            From::Stdin => "-",
            From::Fifo => "fifo",
        };
        let mut command = self.command(&[&[command, log], rest].concat());
        if from == From::Stdin {
            command.stdin(File::open(self.path(name)).unwrap());
        }
        if from != From::Fifo {
            return Said::of(command.output().unwrap());
        }
        let fifo = self.path("fifo");
        let mode = rustix::fs::Mode::from(0o600);
        let kind = rustix::fs::FileType::Fifo;
        rustix::fs::mknodat(rustix::fs::CWD, &fifo, kind, mode, 0).unwrap();
        let child = command.spawn().unwrap();
        let mut pipe = File::options().write(true).open(&fifo).unwrap();
        let bytes = fs::read(self.path(name)).unwrap();
        // Who has seen enough closes the pipe.
        let _ = pipe.write_all(&bytes);
        drop(pipe);
        let said = Said::of(child.wait_with_output().unwrap());
        fs::remove_file(&fifo).unwrap();
        said
    }

    /// Runs `aggregate` on all logs.
    pub fn aggregate(&self) -> Said {
        let host = ["--host", "web1"];
        self.run(&[["aggregate", "log", "--out", "dataset"].as_slice(), &host].concat())
    }

    /// All rows of a dataset.
    pub fn rows(&self, dataset: &str) -> Vec<String> {
        let mut rows = Vec::new();
        for file in parquet_files(&self.path(dataset)) {
            let reader = SerializedFileReader::new(File::open(file).unwrap()).unwrap();
            let of_file = reader.get_row_iter(None).unwrap();
            rows.extend(of_file.map(|row| row.unwrap().to_string()));
        }
        rows.sort();
        rows
    }

    /// How often each of the numbered events of [`super::numbered`] was counted; sorted.
    pub fn counted(&self) -> Vec<(u32, i64)> {
        let number = |row: &str| {
            let (_, peer) = row.split_once("peer: \"10.0.").unwrap();
            let (high, peer) = peer.split_once('.').unwrap();
            let (low, _) = peer.split_once(':').unwrap();
            high.parse::<u32>().unwrap() * 256 + low.parse::<u32>().unwrap()
        };
        let events = |row: &str| {
            let (_, events) = row.split_once("events: ").unwrap();
            events.split(',').next().unwrap().parse().unwrap()
        };
        let rows = self.rows("dataset");
        let mut all: Vec<(u32, i64)> = rows.iter().map(|row| (number(row), events(row))).collect();
        all.sort_unstable();
        all
    }
}

fn parquet_files(dataset: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(dataset.join("hourly")) else {
        return Vec::new();
    };
    entries.map(|entry| entry.unwrap().path()).collect()
}

impl Said {
    pub fn of(output: std::process::Output) -> Self {
        let words = String::from_utf8(output.stderr).unwrap();
        assert!(!words.contains("panicked"), "{words}");
        Self {
            status: output.status.code(),
            output: output.stdout,
            words,
        }
    }

    /// The events, without the name of their source.
    pub fn events(&self) -> Vec<Value> {
        events(&self.output)
    }

    /// What is said besides what was read and written.
    pub fn complaints(&self) -> Vec<&str> {
        let is_usual = |line: &&str| {
            let words = line.trim_start_matches("badgateway: ");
            ["read ", "nothing new in ", "wrote "]
                .iter()
                .any(|usual| words.starts_with(usual))
                || words.contains("; worst: ")
                || words.contains(" of class upstream_other, ")
        };
        self.words.lines().filter(|line| !is_usual(line)).collect()
    }
}

/// The events of some lines of JSON, without the name of their source.
pub fn events(lines: &[u8]) -> Vec<Value> {
    let events = serde_json::Deserializer::from_slice(lines).into_iter();
    events
        .map(|event| {
            let mut event: Value = event.unwrap();
            event.as_object_mut().unwrap().remove("source");
            event
        })
        .collect()
}
