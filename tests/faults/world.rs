//! A machine: logs that are written to and rotated, and a dataset.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::thread::sleep;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use rand::{RngExt, SeedableRng};
use tempfile::TempDir;

use super::Dice;
use super::count::Count;
use super::disk::Disk;
use super::event::{self, Event};
use super::program;
use super::rotation::Log;
use super::scheme::{SCHEMES, Scheme};
use super::tally::Tally;

pub struct World<'a> {
    folder: TempDir,
    pub dataset: PathBuf,
    /// On which the dataset lies, if it has one of its own.
    pub disk: Option<Disk>,
    pub logs: Vec<Log>,
    pub events: Vec<Event>,
    time: DateTime<Utc>,
    pub count: Count,
    pub dice: Dice,
    pub tally: &'a Tally,
    seed: u64,
    history: Vec<String>,
    /// How long a run takes.
    pub duration: Duration,
}

impl<'a> World<'a> {
    pub fn new(seed: u64, tally: &'a Tally) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let logs = folder.path().join("log");
        fs::create_dir(&logs).unwrap();
        Self {
            dataset: folder.path().join("dataset"),
            disk: None,
            logs: SCHEMES
                .iter()
                .map(|&scheme| Log::new(&logs, scheme))
                .collect(),
            folder,
            events: Vec::new(),
            time: Utc.with_ymd_and_hms(2026, 1, 20, 9, 15, 0).unwrap(),
            count: Count::default(),
            dice: Dice::seed_from_u64(seed),
            tally,
            seed,
            history: Vec::new(),
            duration: Duration::from_millis(30),
        }
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn log_folder(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    pub fn aggregate(&mut self) -> Vec<OsString> {
        program::aggregate(&self.log_folder(), &self.dataset, &mut self.dice)
    }

    pub fn compact(&self) -> Vec<OsString> {
        program::compact(&self.dataset)
    }

    /// For whoever looks for the reason of a failure.
    pub fn remember(&mut self, what: impl Into<String>) {
        self.history.push(what.into());
    }

    /// Time passes: records are written, and logs are rotated a few steps on. At least one event is new.
    pub fn stir(&mut self) {
        let before = self.events.len();
        self.time += TimeDelta::seconds(match self.dice.random_bool(0.05) {
            true => self.dice.random_range(0..5 * 86_400),
            false => self.dice.random_range(0..4_000),
        });
        for _ in 0..self.dice.random_range(1..8) {
            let at = self.dice.random_range(0..self.logs.len());
            match self.dice.random_range(0..10) {
                0..6 => self.write(at),
                6 => self.rotate(at),
                _ => self.step(at),
            }
        }
        if self.events.len() == before {
            self.append();
        }
    }

    /// Records are written, one event at least, and nothing is rotated.
    pub fn append(&mut self) {
        let before = self.events.len();
        while self.events.len() == before {
            let at = self.dice.random_range(0..self.logs.len());
            self.write(at);
        }
    }

    /// Has records written to a log of some kind, many if need be, and tells which log it is.
    pub fn append_much(&mut self, is_of_kind: impl Fn(&Scheme) -> bool) -> PathBuf {
        loop {
            let at = self.dice.random_range(0..self.logs.len());
            if !self.logs[at].can_be_written() {
                self.settle(at);
            }
            if is_of_kind(&SCHEMES[at]) {
                let records = [5, 50, 400][self.dice.random_range(0..3)];
                self.write_records(at, records);
                return self.log_folder().join(SCHEMES[at].name);
            }
        }
    }

    /// Has a few records written to this log.
    pub fn append_to(&mut self, path: &Path) {
        let at = SCHEMES
            .iter()
            .position(|scheme| path.ends_with(scheme.name));
        self.write_records(at.unwrap(), 3);
    }

    /// Has a log that is copied truncated, and filled again until it is longer than before.
    pub fn refill(&mut self, path: &Path) {
        let name = |scheme: &Scheme| path.ends_with(scheme.name);
        let at = SCHEMES.iter().position(name).unwrap();
        let length = || fs::metadata(path).unwrap().len();
        let before = length();
        self.settle(at);
        self.time += TimeDelta::hours(25);
        self.rotate(at);
        self.settle(at);
        while length() <= before {
            self.write(at);
        }
    }

    fn write(&mut self, at: usize) {
        let records = match self.dice.random_bool(0.05) {
            true => self.dice.random_range(20..100),
            false => self.dice.random_range(1..8),
        };
        self.write_records(at, records);
    }

    fn write_records(&mut self, at: usize, records: usize) {
        let log = &mut self.logs[at];
        if !log.can_be_written() {
            return;
        }
        self.history
            .push(format!("{records} records for {}", SCHEMES[at].name));
        for _ in 0..records {
            self.time += TimeDelta::seconds(self.dice.random_range(0..60));
            let record = match self.dice.random_bool(0.1) {
                true => event::other(self.time, &mut self.dice),
                false => {
                    let serial = self.events.len();
                    let (record, event) = event::record(serial, self.time, &mut self.dice);
                    self.events.push(event);
                    record
                }
            };
            let seen = match self.dice.random_bool(0.1) {
                true => self.dice.random_range(0..record.len()),
                false => record.len(),
            };
            log.write(&record, seen);
        }
    }

    /// Sometimes a log is rotated several times at once, and all that are begin alike.
    fn rotate(&mut self, at: usize) {
        let date = |time: DateTime<Utc>| time.format("%Y%m%d-%H").to_string();
        if self.dice.random_bool(0.1) {
            let line = event::reopening(self.time);
            for at in 0..self.logs.len() {
                self.logs[at].rotate(&date(self.time));
                self.settle(at);
                self.logs[at].write(&line, line.len());
            }
            return;
        }
        self.logs[at].rotate(&date(self.time));
        if self.dice.random_bool(0.15) {
            for _ in 0..self.dice.random_range(1..4) {
                self.settle(at);
                self.write(at);
                self.time += TimeDelta::hours(25);
                self.logs[at].rotate(&date(self.time));
            }
        }
    }

    fn step(&mut self, at: usize) {
        for _ in 0..self.dice.random_range(1..6) {
            let told = self.logs[at].step(&mut self.dice);
            self.history.extend(told);
        }
    }

    pub fn settle(&mut self, at: usize) {
        while self.logs[at].is_being_rotated() {
            self.step(at);
        }
    }

    /// Ends a process, while time passes.
    pub fn stir_beside(&mut self, child: &mut Child) {
        while child.try_wait().unwrap().is_none() {
            self.stir();
            sleep(Duration::from_micros(self.dice.random_range(0..20_000)));
        }
    }

    /// Sleeps for some part of the time that a run takes.
    pub fn sleep(&mut self) {
        // The commit is at its end.
        let from = if self.dice.random_bool(0.5) { 0.6 } else { 0.0 };
        let share: f64 = self.dice.random_range(from..1.1);
        sleep(self.duration.mul_f64(share));
    }
}

impl Drop for World<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.tally.fail();
            self.folder.disable_cleanup(true);
            let from = self.history.len().saturating_sub(60);
            let last = self.history[from..].join("\n  ");
            let folder = self.folder();
            eprintln!(
                "seed {}, in {folder:?}, {} events; at last:\n  {last}",
                self.seed,
                self.events.len()
            );
        }
    }
}
