//! What a run finds out about its inputs, and notes for the next one.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use chrono::Utc;

use crate::dataset::{Entry, Id, Sight};
use crate::source::{Compression, Signature, Source, Trouble, whole_path};

/// What a run has found out about its inputs.
#[derive(Debug, Default)]
pub struct Notes {
    /// How far logs were read, or where they are now.
    pub entries: Vec<Entry>,
    /// Whether that is worth a file by itself: something was read, or found out at some cost.
    pub are_new: bool,
    /// What became of each input, in their order.
    pub findings: Vec<Finding>,
    /// The logs of the ledger that were met.
    pub met: HashSet<Id>,
    /// Whether something was read that cannot be read again.
    pub has_pipe: bool,
}

/// What is to be read of an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Its place among the inputs.
    pub input: usize,
    /// What of it is known.
    pub state: State,
    /// How it is compressed.
    pub compression: Option<Compression>,
}

/// How much of a log earlier runs have counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// There is nothing in it.
    Empty,
    /// All of it, and nothing has changed since.
    Unchanged,
    /// It was last written to before the time that the dataset keeps.
    Past,
    /// All of it: it is what another log begins with, or an older copy of one.
    Known,
    /// What stands before `from`; `bytes` are new. Of a stream it is not known how many will come.
    Rest {
        /// Where the new bytes begin.
        from: u64,
        /// How many they are.
        bytes: Option<u64>,
    },
}

impl Notes {
    pub(super) fn find(&mut self, input: usize, state: State) {
        self.findings.push(Finding {
            input,
            state,
            compression: None,
        });
    }

    /// Notes how far a log was read, in the place of what was known of it; `is_worth` says that this is to
    /// be written down even if nothing in it is new. `None` if it is but a copy of what is known.
    pub(super) fn add(
        &mut self,
        mut entry: Entry,
        old: Option<Entry>,
        is_worth: bool,
    ) -> Option<Entry> {
        let is_new = old.as_ref().map(Entry::id) != Some(entry.id());
        self.are_new |= is_new || is_worth;
        if let Some(old) = old {
            if is_new {
                entry.continues = Some(old.id());
            } else if is_copied(&old.sight, &entry.sight) {
                self.add_copy(&old, entry.sight, is_worth);
                return None;
            } else {
                // What is noted once more takes no other's place.
                entry.clock = old.clock;
                let is_moved = old.sight.path != entry.sight.path
                    || old.sight.is_left_alone != entry.sight.is_left_alone;
                self.are_new |= is_moved && entry.sight.may_grow;
            }
        }
        self.entries.push(entry.clone());
        Some(entry)
    }

    /// Notes where a copy of a log is, or of its beginning.
    pub(super) fn add_copy(&mut self, log: &Entry, sight: Sight, is_worth: bool) {
        self.are_new |= is_worth;
        self.entries.push(log.clone().with_copy(sight));
    }

    /// Notes that nobody writes to a log any more, if that is so by now.
    pub(super) fn leave_alone(&mut self, entry: Option<Entry>) {
        if let Some(mut entry) = entry.filter(|entry| entry.sight.may_grow) {
            let sight = &mut entry.sight;
            if !sight.is_left_alone && is_left_alone(&sight.path, sight.modified) {
                sight.is_left_alone = true;
                entry.continues = None;
                self.are_new = true;
                self.entries.push(entry);
            }
        }
    }

    /// What holds no record is no error log, and is told again until it is taken away.
    pub(super) fn forget_no_logs(&mut self, troubles: &[Trouble]) {
        for trouble in troubles {
            if let Trouble::NoRecords { path, .. } = trouble {
                let path = whole_path(path);
                self.entries.retain(|entry| entry.sight.path != path);
            }
        }
    }
}

impl State {
    pub(super) fn rest(source: &Source) -> Self {
        Self::Rest {
            from: source.counted_bytes(),
            bytes: source.new_bytes(),
        }
    }
}

/// Seconds after which a log that was rotated is taken to be at rest.
const AT_REST: i64 = 86_400;

/// Whether nobody writes to a log any more: it was rotated, and long ago.
pub(super) fn is_left_alone(path: &Path, modified: i64) -> bool {
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    let is_rotated = !name.ends_with(b"log") || has_date(name);
    is_rotated && Utc::now().timestamp() - modified > AT_REST
}

/// Whether a log would be missed, because it is not where it was seen last.
pub(super) fn is_sought(entry: &Entry, machine: &str) -> bool {
    let sight = &entry.sight;
    sight.machine == machine && entry.may_be_longer() && !is_in_place(sight)
}

/// Whether a log that is seen in a new place is still where it was, so that this is but a copy of it.
fn is_copied(was: &Sight, now: &Sight) -> bool {
    was.machine == now.machine && was.path != now.path && is_in_place(was)
}

/// Whether a file is where it was seen, and nothing in it has changed.
fn is_in_place(sight: &Sight) -> bool {
    let now = fs::metadata(&sight.path);
    now.is_ok_and(|now| sight.signature == Some(Signature::of(&now)))
}

/// Whether a name has a date in it, as logrotate's `extension .log` leaves it before the end:
/// `error-20260102.log`, `error.2026-01-02.log`.
fn has_date(name: &[u8]) -> bool {
    let is_separator = |byte: &u8| matches!(byte, b'-' | b'_' | b'.');
    let dense: Vec<u8> = name
        .iter()
        .copied()
        .filter(|byte| !is_separator(byte))
        .collect();
    let is_date = |eight: &[u8]| eight.starts_with(b"20") && eight.iter().all(u8::is_ascii_digit);
    dense.windows(8).any(is_date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_a_date_is_that_of_a_rotated_log() {
        for name in [
            "error-20260102.log",
            "a-error.2026-01-02.log",
            "error_20260102_0300.log",
            "error.log.1",
        ] {
            assert!(is_left_alone(Path::new(name), 0), "{name}");
        }
        for name in [
            "error.log",
            "web20-error.log",
            "10.0.20.12-error.log",
            "20260102/error.log",
        ] {
            assert!(!is_left_alone(Path::new(name), 0), "{name}");
        }
    }
}
