use std::path::PathBuf;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::record::Moment;
use crate::source::{End, Fingerprint, Mark, Signature};

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
        self.continues = None;
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

    /// Whether it could have been written to since it was seen, and was not missed yet.
    pub fn may_be_longer(&self) -> bool {
        self.sight.may_grow && !self.sight.is_left_alone && !self.is_gone
    }

    /// The mark of its first bytes.
    pub fn key(&self) -> Option<Mark> {
        self.fingerprint.marks.first().copied()
    }
}

/// Entries as they stand in a footer.
pub(super) fn write_entries(entries: &[Entry]) -> String {
    let lines: Vec<Line> = entries.iter().map(Line::of).collect();
    serde_json::to_string(&lines).expect("lines hold texts and numbers")
}

/// An entry as JSON. Names and meanings are for good: older files are read by newer programs.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Line {
    pub(super) path: String,
    pub(super) machine: String,
    /// Decompressed bytes.
    pub(super) length: u64,
    marks: String,
    end: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    continues: Option<(u64, String)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    file: Option<[i64; 5]>,
    pub(super) modified: i64,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    may_grow: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) copy: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    left_alone: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    clock: Option<i64>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    gone: bool,
    /// When the run was that wrote it, in microseconds since 1970, if the footer is of another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) run: Option<i64>,
}

impl Line {
    /// To stand in the footer of another run, together with the counts of all that it continues.
    pub(super) fn of_run(self, run: DateTime<Utc>) -> Self {
        Self {
            run: Some(run.timestamp_micros()),
            continues: None,
            ..self
        }
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
    pub(super) fn id(&self) -> Option<Id> {
        Some((self.length, self.end.parse().ok()?))
    }

    pub(super) fn continues(&self) -> Option<Id> {
        let (length, end) = self.continues.as_ref()?;
        Some((*length, end.parse().ok()?))
    }

    pub(super) fn signature(&self) -> Option<Signature> {
        let [device, inode, length, modified, changed] = self.file?;
        Some(Signature {
            device: device as u64,
            inode: inode as u64,
            length: length as u64,
            modified,
            changed,
        })
    }

    pub(super) fn entry(&self) -> Option<Entry> {
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
