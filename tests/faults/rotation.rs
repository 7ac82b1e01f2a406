//! One log, and what logrotate does to it, step by step: a run may come between any two.

use std::collections::VecDeque;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rand::RngExt;

use super::Dice;
use super::scheme::{Scheme, is_compressed};

/// How many rotated files of a log are kept, if all that is in the others was counted.
const KEPT: usize = 2;

pub struct Log {
    path: PathBuf,
    scheme: Scheme,
    /// What NGINX has open; it may have another name by now.
    writer: File,
    /// The rest of a record of which a reader sees only the first bytes yet.
    rest: Vec<u8>,
    steps: VecDeque<Step>,
    /// Between the first byte of the copy and the truncation nothing is written: it would be lost.
    is_being_copied: bool,
}

#[derive(Debug)]
enum Step {
    Compress(PathBuf),
    Copy(PathBuf),
    Put(PathBuf, Piece),
    KeepTime { from: PathBuf, to: PathBuf },
    Shift,
    Rename(PathBuf, PathBuf),
    Remove(PathBuf),
    Reopen,
    Truncate,
}

struct Piece(Vec<u8>);

impl fmt::Debug for Piece {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} bytes", self.0.len())
    }
}

impl Log {
    pub fn new(folder: &Path, scheme: Scheme) -> Self {
        let path = folder.join(scheme.name);
        Self {
            writer: append_to(&path).unwrap(),
            rest: Vec::new(),
            path,
            scheme,
            steps: VecDeque::new(),
            is_being_copied: false,
        }
    }

    /// Writes a record. It is one `write` of NGINX's; of the bytes behind `seen` a reader knows nothing
    /// until the log is written to, rotated or completed.
    pub fn write(&mut self, record: &str, seen: usize) {
        assert!(!self.is_being_copied);
        self.complete();
        let (seen, rest) = record.as_bytes().split_at(seen);
        self.writer.write_all(seen).unwrap();
        self.rest = rest.to_vec();
    }

    pub fn complete(&mut self) {
        let rest = std::mem::take(&mut self.rest);
        self.writer.write_all(&rest).unwrap();
    }

    pub fn can_be_written(&self) -> bool {
        !self.is_being_copied
    }

    pub fn is_being_rotated(&self) -> bool {
        !self.steps.is_empty()
    }

    /// Begins a rotation, unless one is under way or there is nothing to rotate.
    pub fn rotate(&mut self, date: &str) {
        self.complete();
        if self.is_being_rotated() || fs::metadata(&self.path).unwrap().len() == 0 {
            return;
        }
        let Scheme {
            is_dated,
            is_copied,
            is_delayed,
            compression,
            ..
        } = self.scheme;
        let rotated = match is_dated {
            true => self.beside(&format!("-{date}")),
            false => self.beside(".1"),
        };
        // A second rotation at the same time is refused.
        if is_dated
            && self
                .rotated()
                .iter()
                .any(|path| starts_like(path, &rotated))
        {
            return;
        }
        if compression.is_some() && is_delayed {
            let plain = self
                .rotated()
                .into_iter()
                .filter(|path| !is_compressed(path));
            self.steps.extend(plain.map(Step::Compress));
        }
        if !is_dated {
            self.steps.push_back(Step::Shift);
        }
        match is_copied {
            true => self
                .steps
                .extend([Step::Copy(rotated.clone()), Step::Truncate]),
            false => {
                let away = Step::Rename(self.path.clone(), rotated.clone());
                self.steps.extend([away, Step::Reopen]);
            }
        }
        if compression.is_some() && !is_delayed {
            self.steps.push_back(Step::Compress(rotated));
        }
    }

    /// Takes the next step of a rotation, and tells it.
    pub fn step(&mut self, dice: &mut Dice) -> Option<String> {
        self.complete();
        let step = self.steps.pop_front()?;
        let told = format!("{step:?}");
        match step {
            Step::Compress(path) => self.compress(path, dice),
            Step::Copy(path) => {
                self.is_being_copied = true;
                let bytes = fs::read(&self.path).unwrap();
                self.put(&path, bytes, dice);
            }
            Step::Put(path, bytes) => append_to(&path).unwrap().write_all(&bytes.0).unwrap(),
            Step::KeepTime { from, to } => {
                let time = fs::metadata(from).unwrap().modified().unwrap();
                append_to(&to).unwrap().set_modified(time).unwrap();
            }
            Step::Shift => self.shift(),
            Step::Rename(from, to) => fs::rename(from, to).unwrap(),
            Step::Remove(path) => fs::remove_file(path).unwrap(),
            Step::Reopen => self.writer = append_to(&self.path).unwrap(),
            Step::Truncate => {
                File::options()
                    .write(true)
                    .open(&self.path)
                    .unwrap()
                    .set_len(0)
                    .unwrap();
                self.is_being_copied = false;
            }
        }
        Some(told)
    }

    fn compress(&mut self, path: PathBuf, dice: &mut Dice) {
        let Some(compression) = self.scheme.compression else {
            return;
        };
        let bytes = compression.compress(&fs::read(&path).unwrap()).unwrap();
        let whole = with_ending(&path, compression.ending());
        let unfinished = match self.scheme.is_renamed {
            true => with_ending(&whole, ".tmp"),
            false => whole.clone(),
        };
        self.steps.push_front(Step::Remove(path.clone()));
        if unfinished != whole {
            self.steps
                .push_front(Step::Rename(unfinished.clone(), whole));
        }
        let to = unfinished.clone();
        self.steps.push_front(Step::KeepTime { from: path, to });
        self.put(&unfinished, bytes, dice);
    }

    /// Has a file made in up to three pieces.
    fn put(&mut self, path: &Path, bytes: Vec<u8>, dice: &mut Dice) {
        let mut cuts = [(); 2].map(|()| dice.random_range(0..=bytes.len()));
        cuts.sort_unstable();
        let pieces = [
            &bytes[..cuts[0]],
            &bytes[cuts[0]..cuts[1]],
            &bytes[cuts[1]..],
        ];
        for piece in pieces.into_iter().rev() {
            self.steps
                .push_front(Step::Put(path.to_path_buf(), Piece(piece.to_vec())));
        }
    }

    /// Each number becomes one more, from the highest on.
    fn shift(&mut self) {
        for path in self.rotated().into_iter().rev() {
            let name = path.to_str().unwrap();
            let rest = &name[self.path.to_str().unwrap().len() + 1..];
            let (number, ending) = rest.split_at(rest.find('.').unwrap_or(rest.len()));
            let number: u32 = number.parse().unwrap();
            let to = self.beside(&format!(".{}{ending}", number + 1));
            self.steps.push_front(Step::Rename(path, to));
        }
    }

    /// What may be there in part: it is being made.
    pub fn unfinished(&self) -> Vec<PathBuf> {
        let made = self.steps.iter().filter_map(|step| match step {
            Step::Put(path, _) => Some(path.clone()),
            Step::KeepTime { to, .. } => Some(to.clone()),
            _ => None,
        });
        made.collect()
    }

    /// Removes old files, and tells which. All that is in them was counted, and the dataset has proved it.
    pub fn forget(&self) -> Vec<PathBuf> {
        let mut rotated = self.rotated();
        match self.is_being_rotated() {
            true => rotated.clear(),
            false => rotated.truncate(rotated.len().saturating_sub(KEPT)),
        }
        for path in &rotated {
            let long_ago = SystemTime::now() - Duration::from_secs(2 * 86_400);
            let is_old = fs::metadata(path).unwrap().modified().unwrap() < long_ago + DAY;
            match is_compressed(path) || is_old {
                true => fs::remove_file(path).unwrap(),
                // A file that may still be written to is missed. A day later it is not.
                false => append_to(path).unwrap().set_modified(long_ago).unwrap(),
            }
        }
        rotated
    }

    /// Rotated files, the oldest first.
    fn rotated(&self) -> Vec<PathBuf> {
        let name = self.path.file_name().unwrap().to_str().unwrap();
        let entries = fs::read_dir(self.path.parent().unwrap()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut rotated: Vec<String> = names
            .filter(|other| other.len() > name.len() && other.starts_with(name))
            .collect();
        let number = |other: &String| -> u32 {
            let digits = other[name.len() + 1..].split('.').next();
            digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
        };
        match self.scheme.is_dated {
            true => rotated.sort(),
            false => rotated.sort_by_key(|other| std::cmp::Reverse(number(other))),
        }
        rotated
            .iter()
            .map(|name| self.path.with_file_name(name))
            .collect()
    }

    fn beside(&self, ending: &str) -> PathBuf {
        with_ending(&self.path, ending)
    }
}

const DAY: Duration = Duration::from_secs(86_400);

fn starts_like(path: &Path, other: &Path) -> bool {
    path.to_str().unwrap().starts_with(other.to_str().unwrap())
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(ending);
    path.into()
}

fn append_to(path: &Path) -> io::Result<File> {
    File::options().create(true).append(true).open(path)
}
