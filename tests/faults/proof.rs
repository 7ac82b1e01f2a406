//! What is proved after a fault, and after an undisturbed run.

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use rand::RngExt;

use super::count::parquet_files;
use super::program::{Ended, finish, plainly, start};
use super::rotation::Log;
use super::world::World;

impl World<'_> {
    /// Notes how a process has ended to which this was done, which must be sensible, and looks whether
    /// anything stands in the dataset twice.
    pub fn look(&mut self, kind: &'static str, ended: &Ended, signals: &[i32]) {
        self.remember(format!("{kind}: {ended:?}"));
        self.tally.note(kind, ended);
        let places = [self.log_folder(), self.dataset.clone()];
        let sensible = ended.is_sensible([&places[0], &places[1]], signals);
        sensible.unwrap_or_else(|what| panic!("{kind}: {what}"));
        self.counts(kind);
    }

    fn counts(&mut self, kind: &'static str) -> Vec<i64> {
        self.tally.checked(kind, self.events.len());
        let counts = self.count.of(&self.dataset, &self.events);
        counts.unwrap_or_else(|what| panic!("{kind}: {what}"))
    }

    /// Has an undisturbed run do its work, and looks whether every event that was written stands in the
    /// dataset once. Then old files may go.
    pub fn prove(&mut self, kind: &'static str) {
        if self.dice.random_bool(0.3) {
            (0..self.logs.len()).for_each(|at| self.settle(at));
        }
        self.logs.iter_mut().for_each(Log::complete);
        let arguments = self.aggregate();
        let begin = Instant::now();
        let ended = finish(start(plainly(&arguments)));
        self.duration = (self.duration + begin.elapsed()) / 2;
        self.remember(format!("undisturbed: {ended:?}"));
        self.tally.note(kind, &ended);
        let unfinished: Vec<PathBuf> = self.logs.iter().flat_map(Log::unfinished).collect();
        let is_excused = |line: &str| {
            let mut names = unfinished.iter().map(|path| path.to_str().unwrap());
            names.any(|name| line.contains(&format!("{name}: ")))
        };
        assert!(matches!(ended.code, Some(0 | 1)), "{ended:?}");
        assert!(
            ended.lines().all(is_excused),
            "{ended:?}, though only {unfinished:?} are unfinished"
        );
        let counts = self.counts(kind);
        if let Some(serial) = counts.iter().position(|&count| count != 1) {
            let lost = counts.iter().filter(|&&count| count != 1).count();
            panic!("{kind}: e{serial} is lost, and {lost} events altogether");
        }
        assert_eq!(self.leftovers(".writing-"), 0);
        let old: Vec<PathBuf> = self.logs.iter().flat_map(Log::forget).collect();
        self.remember(format!("old by now: {old:?}"));
        if self.files() > 20 || self.dice.random_bool(0.05) {
            self.tidy();
        }
    }

    /// Proves once more that nothing is lost and nothing doubled, before and behind a compaction.
    pub fn end(mut self) {
        (0..self.logs.len()).for_each(|at| self.settle(at));
        self.prove("at the end of a round");
        self.tidy();
        self.prove("at the end of a round");
        self.tally.end(self.events.len());
    }

    /// Has an undisturbed compaction do its work.
    pub fn tidy(&mut self) {
        let ended = finish(start(plainly(&self.compact())));
        self.remember(format!("compacted: {ended:?}"));
        assert!(ended.is_done() && ended.words.is_empty(), "{ended:?}");
        assert_eq!(self.leftovers(".compact-"), 0);
    }

    pub fn files(&self) -> usize {
        parquet_files(&self.dataset).unwrap().len()
    }

    /// How many unfinished files or folders there are in the dataset.
    pub fn leftovers(&self, prefix: &str) -> usize {
        let names = fs::read_dir(&self.dataset).into_iter().flatten();
        let names = names.map(|entry| entry.unwrap().file_name());
        names
            .filter(|name| name.to_str().unwrap().starts_with(prefix))
            .count()
    }
}
