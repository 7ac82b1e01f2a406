//! The program, run by night, by a clock that is faked or by the real one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::SystemTime;

use chrono::DateTime;

use super::files::{open, seconds, set_modified};

/// Which time it is for the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// libfaketime says what time it is.
    Faked,
    /// The files are made older or younger before each run, as they are for a faked clock.
    Real,
    /// It is now, and nothing is simulated.
    Now,
}

/// How the program is called.
#[derive(Debug, Clone)]
pub struct Program {
    pub clock: Clock,
    pub zone: chrono_tz::Tz,
    pub folder: PathBuf,
    /// What it is to read, within `folder`.
    pub logs: Vec<&'static str>,
}

/// What it said.
pub struct Said {
    pub status: i32,
    pub words: String,
    pub output: String,
}

impl Program {
    /// `aggregate` at this time.
    pub fn aggregate(&self, now: i64, more: &[&str]) -> Said {
        let zone = self.zone.to_string();
        let mut arguments = vec![
            "aggregate",
            "--no-discover",
            "--out",
            "dataset",
            "--timezone",
            &zone,
            "--host",
            "web1",
        ];
        // So small that a day's log is several chunks.
        arguments.extend(["--chunk-size", "4096"]);
        arguments.extend(&self.logs);
        arguments.extend(more);
        let shift = match self.clock {
            Clock::Faked | Clock::Now => 0,
            Clock::Real => seconds(SystemTime::now()) - now,
        };
        self.shift(shift);
        let said = self.run(now, &arguments);
        self.shift(-shift);
        said
    }

    pub fn run(&self, now: i64, arguments: &[&str]) -> Said {
        said(self.command(now, arguments).output().unwrap())
    }

    pub fn command(&self, now: i64, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_badgateway"));
        self.set_clock(&mut command, now);
        command
            .args(arguments)
            .current_dir(&self.folder)
            .stdin(Stdio::null());
        command
    }

    pub fn set_clock(&self, command: &mut Command, now: i64) {
        command.env("TZ", "UTC");
        if self.clock == Clock::Faked {
            let now = DateTime::from_timestamp(now, 0).unwrap();
            command
                .env("LD_PRELOAD", libfaketime())
                .env("FAKETIME", now.format("@%Y-%m-%d %H:%M:%S").to_string())
                .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
                .env("NO_FAKE_STAT", "1");
        }
    }

    pub fn dataset(&self) -> PathBuf {
        self.folder.join("dataset")
    }

    fn shift(&self, seconds_more: i64) {
        if seconds_more == 0 {
            return;
        }
        for log in &self.logs {
            for entry in fs::read_dir(self.folder.join(log)).unwrap() {
                let file = open(&entry.unwrap().path());
                let modified = seconds(file.metadata().unwrap().modified().unwrap());
                set_modified(&file, modified + seconds_more);
            }
        }
    }
}

impl Said {
    /// The file that was written, by its name.
    pub fn wrote(&self) -> Option<&str> {
        let at = self.words.find("/hourly/")? + "/hourly/".len();
        self.words[at..].lines().next()
    }
}

fn said(output: Output) -> Said {
    Said {
        status: output.status.code().unwrap_or(-1),
        words: String::from_utf8(output.stderr).unwrap(),
        output: String::from_utf8(output.stdout).unwrap(),
    }
}

fn libfaketime() -> PathBuf {
    let places = "/usr/lib/*/faketime/libfaketime.so.1";
    let mut found = glob::glob(places).unwrap().flatten();
    found.next().expect("libfaketime, of the package faketime")
}

/// The files of a dataset, sorted by name.
pub fn parquet_files(dataset: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(dataset.join("hourly")) else {
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}
