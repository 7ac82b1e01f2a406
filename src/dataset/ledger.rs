//! What a dataset has counted already.
//!
//! Each run notes in the footer of the file it writes which logs it read, and how far: progress and
//! data cannot part. The ledger is what all footers say together.

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::record::Moment;
use crate::source::{End, Fingerprint, Mark, Signature};

use super::{DatasetError, footer, parquet_files};

/// How far a log was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Of what was read of it.
    pub fingerprint: Fingerprint,
    /// The entry that this one takes the place of: the same log, not read so far.
    pub continues: Option<Id>,
    /// Where it was seen.
    pub sight: Sight,
    /// What its clock showed at its end, if that lies in an hour that the zone repeats.
    pub clock: Option<Moment>,
    /// Whether it was missed, and that was said.
    pub is_gone: bool,
}

/// Tells an entry from all others: its length and end.
pub type Id = (u64, End);

/// Where a log was seen last, and in which state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sight {
    /// The machine on which it was seen.
    pub machine: String,
    /// Its path there, or `-`.
    pub path: PathBuf,
    /// What the file system said, if all there was had been read.
    pub signature: Option<Signature>,
    /// When it was last written to, in seconds since 1970.
    pub modified: i64,
    /// Whether more could be written to it: it is a file and not compressed.
    pub may_grow: bool,
    /// Whether it is but a copy of the log, not where the log itself is.
    pub is_copy: bool,
    /// Whether it had its last name, and nobody had written to it for long: it may go.
    pub is_left_alone: bool,
}

impl Entry {
    /// Of a log that was not known before.
    pub fn of(fingerprint: Fingerprint, sight: Sight) -> Self {
        Self {
            fingerprint,
            continues: None,
            sight,
            clock: None,
            is_gone: false,
        }
    }

    /// Says where a copy of the log was seen, or of its beginning.
    pub fn with_copy(mut self, sight: Sight) -> Self {
        self.sight = Sight {
            is_copy: true,
            ..sight
        };
        self
    }

    /// Tells it from all others.
    pub fn id(&self) -> Id {
        (self.fingerprint.length, self.fingerprint.end)
    }

    /// The mark of its first bytes.
    pub fn key(&self) -> Option<Mark> {
        self.fingerprint.marks.first().copied()
    }
}

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
}

/// What is wrong with a footer when it is.
const NO_MARK: &str = "not a mark";

impl Ledger {
    /// Reads the footers of all files of a table.
    pub(super) fn read(table: &Path) -> Result<Self, DatasetError> {
        loop {
            let files = parquet_files(table)?;
            match Page::read_all(&files) {
                Ok(pages) => return Self::of(&pages, files.into_iter().collect()),
                // It was compacted meanwhile; what it said stands in another file now.
                Err(DatasetError::Io { source, .. })
                    if source.kind() == io::ErrorKind::NotFound && table.is_dir() => {}
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
        for page in pages {
            for line in &page.lines {
                if let Some(signature) = line.signature() {
                    let key = (line.machine.clone(), signature);
                    let id = line.id().ok_or_else(|| page.odd(NO_MARK))?;
                    ledger.signatures.insert(key, (id, line.copy));
                }
            }
        }
        for (page, line) in live(pages)? {
            if !line.copy {
                let entry = line.entry().ok_or_else(|| page.odd(NO_MARK))?;
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
            let may_be_longer = sight.may_grow && !sight.is_left_alone && !entry.is_gone;
            sight.machine == machine
                && may_be_longer
                && !met.contains(&entry.id())
                && is_expected(&sight.path)
        };
        let mut gone: Vec<Entry> = self.entries.values().filter(is_missed).cloned().collect();
        gone.sort_by(|one, other| one.sight.path.cmp(&other.sight.path));
        gone.iter_mut().for_each(|entry| entry.is_gone = true);
        gone
    }

    /// Whether another run has counted, since this ledger was read, something of what `entries` have.
    pub(super) fn is_contradicted(
        &self,
        table: &Path,
        entries: &[Entry],
    ) -> Result<bool, DatasetError> {
        for path in parquet_files(table)? {
            if self.files.contains(&path) {
                continue;
            }
            let is_rival = |theirs: &Entry| {
                let same = |ours: &Entry| match ours.key() {
                    None => ours.id() == theirs.id(),
                    key => key == theirs.key() && ours.fingerprint.agrees(&theirs.fingerprint),
                };
                !self.entries.contains_key(&theirs.id()) && entries.iter().any(same)
            };
            let page = Page::read(&path)?;
            for line in &page.lines {
                let theirs = line.entry().ok_or_else(|| page.odd(NO_MARK))?;
                if is_rival(&theirs) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}

/// What one file says.
pub(super) struct Page {
    pub(super) path: PathBuf,
    pub(super) run: DateTime<Utc>,
    pub(super) zone: String,
    kept_since: Option<Moment>,
    lines: Vec<Line>,
}

impl Page {
    pub(super) fn read_all(files: &[PathBuf]) -> Result<Vec<Self>, DatasetError> {
        files.iter().map(|path| Self::read(path)).collect()
    }

    fn read(path: &Path) -> Result<Self, DatasetError> {
        let values = footer::read(path)?;
        let value = |key| footer::value(&values, key);
        let mut page = Self {
            path: path.to_path_buf(),
            run: DateTime::UNIX_EPOCH,
            zone: value(footer::ZONE).unwrap_or_default().to_owned(),
            kept_since: None,
            lines: Vec::new(),
        };
        let time = |text| DateTime::parse_from_rfc3339(text).map_err(|error| page.odd(error));
        let run = value(footer::RUN).map(time).transpose()?;
        let kept_since = value(footer::KEPT_SINCE).map(time).transpose()?;
        if let Some(run) = run {
            page.run = run.to_utc();
        }
        page.kept_since = kept_since.map(|time| Moment(time.timestamp_micros()));
        if let Some(ledger) = value(footer::LEDGER) {
            page.lines = serde_json::from_str(ledger).map_err(|error| page.odd(error))?;
        }
        Ok(page)
    }

    pub(super) fn has_lines(&self) -> bool {
        !self.lines.is_empty()
    }

    fn odd(&self, what: impl ToString) -> DatasetError {
        DatasetError::Footer {
            path: self.path.clone(),
            what: what.to_string(),
        }
    }
}

/// The lines that count: what no other takes the place of, as the last run had it; and its copies.
fn live(pages: &[Page]) -> Result<Vec<(&Page, &Line)>, DatasetError> {
    let mut replaced = HashSet::new();
    let mut lines = Vec::new();
    for page in pages {
        for line in &page.lines {
            replaced.extend(line.continues());
            let id = line.id().ok_or_else(|| page.odd(NO_MARK))?;
            lines.push((line.run(page), id, page, line));
        }
    }
    lines.retain(|(_, id, ..)| !replaced.contains(id));
    // Of equal runs the later line.
    lines.sort_by_key(|&(run, ..)| run);
    let mut latest: HashMap<(Id, Option<&str>), (&Page, &Line)> = HashMap::new();
    for (_, id, page, line) in lines {
        let copy = line.copy.then_some(line.path.as_str());
        latest.insert((id, copy), (page, line));
    }
    Ok(latest.into_values().collect())
}

pub(super) fn kept_since(pages: &[Page]) -> Option<Moment> {
    pages.iter().filter_map(|page| page.kept_since).max()
}

/// All pages as one, in the form in which they stand in a footer. What was last written to before
/// `kept_since` is left out: no run looks at it again.
pub(super) fn merged(pages: &[Page], kept_since: Option<Moment>) -> Result<String, DatasetError> {
    let is_kept = |line: &Line| {
        kept_since.is_none_or(|since| line.modified.saturating_mul(1_000_000) >= since.0)
    };
    let mut lines: Vec<Line> = live(pages)?
        .into_iter()
        .filter(|(_, line)| is_kept(line))
        .map(|(page, line)| Line {
            run: Some(line.run(page).timestamp_micros()),
            ..line.clone()
        })
        .collect();
    lines.sort_by(|one, other| {
        let order = |line: &Line| {
            (
                line.run,
                line.machine.clone(),
                line.path.clone(),
                line.length,
            )
        };
        order(one).cmp(&order(other))
    });
    Ok(serde_json::to_string(&lines).expect("lines hold texts and numbers"))
}

/// Entries as they stand in a footer.
pub(super) fn write_entries(entries: &[Entry]) -> String {
    let lines: Vec<Line> = entries.iter().map(Line::of).collect();
    serde_json::to_string(&lines).expect("lines hold texts and numbers")
}

/// An entry as JSON. Names and meanings are for good: older files are read by newer programs.
#[derive(Clone, Serialize, Deserialize)]
struct Line {
    path: String,
    machine: String,
    /// Decompressed bytes.
    length: u64,
    marks: String,
    end: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    continues: Option<(u64, String)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    file: Option<[i64; 5]>,
    modified: i64,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    may_grow: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    copy: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    left_alone: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    clock: Option<i64>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    gone: bool,
    /// When the run was that wrote it, in microseconds since 1970, if the footer is of another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    run: Option<i64>,
}

impl Line {
    fn run(&self, page: &Page) -> DateTime<Utc> {
        let own = self.run.and_then(DateTime::from_timestamp_micros);
        own.unwrap_or(page.run)
    }

    fn of(entry: &Entry) -> Self {
        let sight = &entry.sight;
        Self {
            path: sight.path.to_string_lossy().into_owned(),
            machine: sight.machine.clone(),
            length: entry.fingerprint.length,
            marks: entry
                .fingerprint
                .marks
                .iter()
                .map(Mark::to_string)
                .collect(),
            end: entry.fingerprint.end.to_string(),
            continues: entry
                .continues
                .map(|(length, end)| (length, end.to_string())),
            file: sight.signature.map(|signature| {
                [
                    signature.device as i64,
                    signature.inode as i64,
                    signature.length as i64,
                    signature.modified,
                    signature.changed,
                ]
            }),
            modified: sight.modified,
            may_grow: sight.may_grow,
            copy: sight.is_copy,
            left_alone: sight.is_left_alone,
            clock: entry.clock.map(|moment| moment.0),
            gone: entry.is_gone,
            run: None,
        }
    }

    /// `None`, as for the others, if something that should be a mark is none.
    fn id(&self) -> Option<Id> {
        Some((self.length, self.end.parse().ok()?))
    }

    fn continues(&self) -> Option<Id> {
        let (length, end) = self.continues.as_ref()?;
        Some((*length, end.parse().ok()?))
    }

    fn signature(&self) -> Option<Signature> {
        let [device, inode, length, modified, changed] = self.file?;
        Some(Signature {
            device: device as u64,
            inode: inode as u64,
            length: length as u64,
            modified,
            changed,
        })
    }

    fn entry(&self) -> Option<Entry> {
        let (marks, rest) = self.marks.as_bytes().as_chunks::<{ Mark::LETTERS }>();
        let marks = marks
            .iter()
            .map(|mark| str::from_utf8(mark).ok()?.parse().ok());
        let marks: Option<Vec<Mark>> = marks.collect();
        let (length, end) = self.id()?;
        Some(Entry {
            fingerprint: Fingerprint {
                length,
                marks: marks.filter(|_| rest.is_empty())?,
                end,
            },
            continues: self.continues(),
            sight: Sight {
                machine: self.machine.clone(),
                path: PathBuf::from(&self.path),
                signature: self.signature(),
                modified: self.modified,
                may_grow: self.may_grow,
                is_copy: self.copy,
                is_left_alone: self.left_alone,
            },
            clock: self.clock.map(Moment),
            is_gone: self.gone,
        })
    }
}
