//! What a dataset has counted already.
//!
//! Each run notes in the footer of the file it writes which logs it read, and how far: progress and
//! data cannot part. The ledger is what all footers say together.

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};

use crate::record::Moment;
use crate::source::{Mark, Signature};

use super::entry::{Entry, Id};
use super::home::Listed;
use super::page::{Page, in_order, kept_since, live};
use super::{Dataset, DatasetError};

/// Everything a dataset says about what it has counted.
#[derive(Debug, Default)]
pub struct Ledger {
    /// What no other entry takes the place of.
    entries: HashMap<Id, Entry>,
    /// Which of them begin so.
    alike: HashMap<Option<Mark>, Vec<Id>>,
    /// By what the file system says of a file on a machine: what it holds, and whether it is a copy.
    signatures: HashMap<(String, Signature), (Id, bool)>,
    /// The files whose footers were read.
    files: HashSet<PathBuf>,
    kept_since: Option<Moment>,
    lost: Vec<Lost>,
}

/// A part of a log whose counts are in no file any more, though later runs have read on behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// Where the log was seen last.
    pub path: PathBuf,
    /// Up to which of its (decompressed) bytes it was counted in the file that is gone.
    pub end: u64,
}

impl Ledger {
    /// Reads the footers of all files of a table; of these, if they were listed just now. `None` if there is no dataset.
    pub(super) fn read(
        dataset: &Dataset,
        mut listed: Option<Vec<Listed>>,
    ) -> Result<Option<Self>, DatasetError> {
        let mut before = None;
        loop {
            let files = match listed.take() {
                Some(files) => Some(files),
                None => dataset.files()?,
            };
            let Some(files) = files else {
                return Ok(None);
            };
            let paths: Vec<PathBuf> = files.iter().map(|file| file.path().to_path_buf()).collect();
            match Page::read_all(&files) {
                Ok(pages) => return Self::of(&pages, paths.into_iter().collect()).map(Some),
                // It was compacted meanwhile; what it said stands in another file now. A link that leads
                // nowhere is found again.
                Err(DatasetError::Io { source, .. })
                    if source.kind() == io::ErrorKind::NotFound
                        && before.as_ref() != Some(&paths) =>
                {
                    before = Some(paths);
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn of(pages: &[Page], files: HashSet<PathBuf>) -> Result<Self, DatasetError> {
        let mut ledger = Self {
            files,
            kept_since: kept_since(pages),
            ..Self::default()
        };
        let mut ids = HashSet::new();
        let lines = in_order(pages);
        for &(page, line) in &lines {
            let id = page.mark(line.id())?;
            ids.insert(id);
            if let Some(signature) = line.signature() {
                let key = (line.machine.clone(), signature);
                ledger.signatures.insert(key, (id, line.copy));
            }
        }
        for (page, line) in live(&lines)? {
            if !line.copy {
                let entry = page.mark(line.entry())?;
                if let Some((end, _)) = entry.continues.filter(|before| !ids.contains(before)) {
                    let path = entry.sight.path.clone();
                    ledger.lost.push(Lost { path, end });
                }
                ledger
                    .alike
                    .entry(entry.key())
                    .or_default()
                    .push(entry.id());
                ledger.entries.insert(entry.id(), entry);
            }
        }
        Ok(ledger)
    }

    /// The time before which the dataset keeps nothing.
    pub fn kept_since(&self) -> Moment {
        self.kept_since.unwrap_or(Moment(i64::MIN))
    }

    /// What was counted in files that are gone.
    pub fn lost(&self) -> &[Lost] {
        &self.lost
    }

    /// Which entry holds all of a file of which nothing has changed since it was read, and whether the
    /// file is but a copy.
    pub fn unchanged(&self, machine: &str, signature: Signature) -> Option<(Id, bool)> {
        self.signatures
            .get(&(machine.to_owned(), signature))
            .copied()
    }

    /// An entry that no other takes the place of.
    pub fn entry(&self, id: Id) -> Option<&Entry> {
        self.entries.get(&id)
    }

    /// The entries that a log with this key may be.
    pub fn candidates(&self, key: Option<Mark>) -> Vec<Entry> {
        let short = self.alike.get(&None).into_iter().flatten();
        let alike = key.and_then(|key| self.alike.get(&Some(key)));
        let ids = short.chain(alike.into_iter().flatten());
        ids.filter_map(|id| self.entries.get(id)).cloned().collect()
    }

    /// The logs of a machine that could have been written to after they were read, and were not met
    /// any more where `is_expected` says.
    pub fn gone(
        &self,
        machine: &str,
        met: &HashSet<Id>,
        is_expected: impl Fn(&Path) -> bool,
    ) -> Vec<Entry> {
        let is_missed = |entry: &&Entry| {
            let sight = &entry.sight;
            sight.machine == machine
                && entry.may_be_longer()
                && !met.contains(&entry.id())
                && is_expected(&sight.path)
                && !self.was_read_on(entry)
        };
        let mut gone: Vec<Entry> = self.entries.values().filter(is_missed).cloned().collect();
        gone.sort_by(|one, other| one.sight.path.cmp(&other.sight.path));
        for entry in &mut gone {
            entry.is_gone = true;
            entry.continues = None;
        }
        gone
    }

    /// Whether a later run has read the same log on, though what it continued is lost.
    fn was_read_on(&self, entry: &Entry) -> bool {
        let alike = self.alike.get(&entry.key()).into_iter().flatten();
        let mut longer = alike.filter(|(length, _)| *length > entry.fingerprint.length);
        longer.any(|id| entry.fingerprint.begins(&self.entries[id].fingerprint))
    }

    /// Whether another run has counted, since this ledger was read, something of what `entries` have. `files` are those
    /// of the table now.
    pub(super) fn is_contradicted(
        &self,
        files: &[Listed],
        entries: &[Entry],
    ) -> Result<bool, DatasetError> {
        let is_new = |file: &&Listed| !self.files.contains(file.path());
        for file in files.iter().filter(is_new) {
            let is_rival = |theirs: &Entry| {
                let same = |ours: &Entry| match ours.key() {
                    None => ours.id() == theirs.id(),
                    key => key == theirs.key() && ours.fingerprint.agrees(&theirs.fingerprint),
                };
                !self.entries.contains_key(&theirs.id()) && entries.iter().any(same)
            };
            let page = Page::read(file)?;
            for line in &page.lines {
                let theirs = page.mark(line.entry())?;
                if is_rival(&theirs) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}
