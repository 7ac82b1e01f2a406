//! Runs of the program, and what they meet.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::Path;

use chrono::{DateTime, NaiveDateTime};
use parquet::file::reader::{FileReader, SerializedFileReader};

use super::calendar::Day;
use super::program::{Clock, Said, parquet_files};
use super::site::Site;
use super::world::World;

impl World {
    /// A run that meets records which are being written, and files which are being compressed.
    pub fn run_by_night(&mut self, day: &Day) {
        let mut halves = Vec::new();
        for site in 0..self.sites.len() {
            self.sites[site].flush();
            if self.random.percent(3) && self.sites[site].scheme.delay {
                self.sites[site].begin_packing(self.now, &mut self.random);
            }
            if !self.random.percent(10) || day.is_near_step(self.now) {
                continue;
            }
            let traffic = &mut self.sites[site].traffic;
            let entry = match self.random.percent(40) {
                true => traffic.lines(self.now, day),
                false => traffic.entry(self.now, day, None, 60),
            };
            let text = &entry.record.text;
            let mut cut = 1 + self.random.below(text.len() - 1);
            if self.random.percent(50) {
                cut = memchr::memchr(b'\n', text)
                    .map_or(cut, |at| at + 1)
                    .min(text.len() - 1);
            }
            self.sites[site].write(self.now, &text[..cut]);
            self.sites[site].flush();
            halves.push((site, entry.record.text[cut..].to_vec()));
            self.know(entry.means, entry.record.meaning.as_ref());
        }
        let bad = match self.random.percent(2) {
            true => self.administrator.copy_to_bad_disk(&self.sites),
            false => None,
        };
        match &bad {
            None if self.random.percent(5) => self.run_as_shown(),
            None => self.run(),
            Some((bad, is_sum)) => {
                let said = self.aggregate();
                let is_named = said.words.contains("bad-error.log.gz: ");
                let is_quiet = said.status == 0 && !is_sum;
                let words = said.words;
                assert!(
                    is_quiet || said.status == 1 && is_named,
                    "{}: {words}",
                    said.status
                );
                fs::remove_file(bad).unwrap();
            }
        }
        for (site, rest) in halves {
            self.sites[site].write(self.now, &rest);
            self.sites[site].flush();
        }
        self.sites.iter_mut().for_each(Site::finish_packing);
    }

    /// A run that has nothing to complain of.
    pub fn run(&mut self) {
        let said = self.aggregate();
        let when = DateTime::from_timestamp(self.now, 0).unwrap();
        assert_eq!(
            said.status, 0,
            "{when}, seed {}: {}",
            self.plan.seed, said.words
        );
    }

    /// A run that reads what a dry run has shown before. Of what is compressed it is not known whether
    /// something is new in it.
    fn run_as_shown(&mut self) {
        self.sites.iter_mut().for_each(Site::flush);
        let before = parquet_files(&self.program.dataset());
        let said = self.program.aggregate(self.now, &["--dry-run"]);
        assert_eq!(said.status, 0, "{}", said.words);
        assert_eq!(
            parquet_files(&self.program.dataset()),
            before,
            "a dry run writes nothing"
        );
        self.run();
        let shown = said.output.lines().filter_map(|line| line.split_once(": "));
        let shown: Vec<(&str, &str)> = shown
            .filter(|(_, what)| !what.starts_with("nothing new") && *what != "empty")
            .collect();
        let after = parquet_files(&self.program.dataset());
        let new = after.iter().find(|file| !before.contains(file));
        let known: BTreeSet<_> = before
            .iter()
            .flat_map(|file| noted(file))
            .map(|log| log.1)
            .collect();
        let mut read: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (path, id) in new.into_iter().flat_map(|file| noted(file)) {
            if !known.contains(&id) {
                read.entry(id).or_default().push(path);
            }
        }
        // Two files may hold the same, and both are noted.
        let is_shown = |path: &String| shown.iter().any(|(name, _)| path.ends_with(name));
        let mut hidden = read.values().filter(|paths| !paths.iter().any(is_shown));
        assert_eq!(hidden.next(), None, "it was read, but {shown:?} was shown");
        let is_read = |name: &str| read.values().flatten().any(|path| path.ends_with(name));
        let is_left =
            |(name, what): &&(&str, &str)| !what.contains("what it holds") && !is_read(name);
        assert_eq!(
            shown.iter().find(is_left),
            None,
            "it was shown, but {read:?} was read"
        );
    }

    fn aggregate(&mut self) -> Said {
        self.sites.iter_mut().for_each(Site::flush);
        self.runs += 1;
        let said = self.program.aggregate(self.now, &[]);
        if let (Clock::Faked, Some(name)) = (self.plan.clock, said.wrote()) {
            let stamp = NaiveDateTime::parse_from_str(&name[..15], "%Y%m%dT%H%M%S").unwrap();
            let ran = stamp.and_utc().timestamp();
            assert!(
                (self.now..self.now + 60).contains(&ran),
                "the clock is not faked: {name}"
            );
        }
        said
    }

    pub fn compact(&self) {
        let said = self
            .program
            .run(self.now, &["compact", "--dataset", "dataset"]);
        assert_eq!(said.status, 0, "{}", said.words);
    }
}

/// The logs that a file of the dataset notes, copies left out: where each is, and what tells it apart.
fn noted(file: &Path) -> Vec<(String, String)> {
    let reader = SerializedFileReader::new(File::open(file).unwrap()).unwrap();
    let pairs = reader
        .metadata()
        .file_metadata()
        .key_value_metadata()
        .unwrap();
    // After a compaction one file has it for all.
    let Some(ledger) = pairs.iter().find(|pair| pair.key == "badgateway.ledger") else {
        return Vec::new();
    };
    let lines: Vec<serde_json::Value> =
        serde_json::from_str(ledger.value.as_ref().unwrap()).unwrap();
    let logs = lines.iter().filter(|line| line["copy"] != true);
    logs.map(|line| {
        (
            line["path"].as_str().unwrap().to_owned(),
            format!("{}{}", line["length"], line["end"]),
        )
    })
    .collect()
}
