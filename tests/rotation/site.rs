//! A log that NGINX writes and logrotate rotates: real files, real renames.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use super::calendar::local;
use super::files::{create, open, seconds, set_modified, with};
use super::random::Random;
use super::scheme::{Names, Scheme, When};
use super::traffic::Traffic;

pub struct Site {
    pub name: String,
    pub scheme: Scheme,
    pub traffic: Traffic,
    /// All it ever wrote, by the files that it was written to.
    pub generations: Vec<Vec<u8>>,
    zone: chrono_tz::Tz,
    folder: PathBuf,
    away: PathBuf,
    file: File,
    /// The file it had before, of a worker that is shutting down.
    old: Option<File>,
    pending: Vec<u8>,
    modified: i64,
    /// The rotated files that have dates in their names, oldest first.
    dated: Vec<PathBuf>,
    packing: Option<Packing>,
}

/// A compressor is at work: the whole file and a part of the compressed one are there.
struct Packing {
    from: PathBuf,
    to: PathBuf,
    bytes: Vec<u8>,
    modified: i64,
}

impl Site {
    pub fn new(
        name: &str,
        scheme: Scheme,
        traffic: Traffic,
        folder: &Path,
        away: &Path,
        zone: chrono_tz::Tz,
        now: i64,
    ) -> Self {
        let live = folder.join(format!("{name}-error.log"));
        Self {
            name: name.to_owned(),
            scheme,
            traffic,
            generations: vec![Vec::new()],
            zone,
            folder: folder.to_path_buf(),
            away: away.to_path_buf(),
            file: create(&live, now),
            old: None,
            pending: Vec::new(),
            modified: now,
            dated: Vec::new(),
            packing: None,
        }
    }

    pub fn live(&self) -> PathBuf {
        self.folder.join(format!("{}-error.log", self.name))
    }

    /// Has NGINX write; it is on the disk after `flush`.
    pub fn write(&mut self, at: i64, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
        self.generations
            .last_mut()
            .unwrap()
            .extend_from_slice(bytes);
        self.modified = at;
    }

    pub fn flush(&mut self) {
        if !self.pending.is_empty() {
            self.file.write_all(&self.pending).unwrap();
            self.pending.clear();
            set_modified(&self.file, self.modified);
        }
    }

    /// A worker that is shutting down writes to the file from before the last rotation, if that may
    /// still be written to; whether it does.
    pub fn write_late(&mut self, at: i64, bytes: &[u8]) -> bool {
        let Some(old) = self.old.as_mut().filter(|_| self.packing.is_none()) else {
            return false;
        };
        old.write_all(bytes).unwrap();
        set_modified(old, at);
        let before = self.generations.len() - 2;
        self.generations[before].extend_from_slice(bytes);
        true
    }

    /// What logrotate does with the log. Where it is `slow` it is still compressing when it is done.
    pub fn rotate(&mut self, now: i64, slow: Option<&mut Random>) {
        self.flush();
        self.finish_packing();
        let length = fs::metadata(self.live()).unwrap().len();
        let is_small = matches!(self.scheme.when, When::Larger(limit) if length < limit);
        if length == 0 || is_small {
            return;
        }
        let Some(target) = self.make_room(now) else {
            return;
        };
        if self.scheme.copies {
            fs::copy(self.live(), &target).unwrap();
            set_modified(&open(&target), now);
            self.file.set_len(0).unwrap();
            set_modified(&self.file, now);
        } else {
            fs::rename(self.live(), &target).unwrap();
            let new = create(&self.live(), now);
            let old = std::mem::replace(&mut self.file, new);
            self.old = Some(old).filter(|_| self.scheme.delay);
        }
        self.modified = now;
        self.generations.push(Vec::new());
        if self.scheme.pack.is_some() && !self.scheme.delay {
            self.pack(&target, slow, now);
        }
    }

    /// Where the log is to go, and all that was rotated before makes room; nothing, if there is none.
    fn make_room(&mut self, now: i64) -> Option<PathBuf> {
        let keep = self.scheme.keep;
        if self.scheme.names == Names::Numbered {
            let first = self.numbered(1);
            if self.scheme.delay && first.exists() {
                self.pack(&first, None, 0);
            }
            for number in (1..=keep).rev() {
                for extension in self.extensions() {
                    let from = with(&self.numbered(number), extension);
                    match from.exists() {
                        true if number == keep => fs::remove_file(from).unwrap(),
                        true => {
                            fs::rename(from, with(&self.numbered(number + 1), extension)).unwrap();
                        }
                        false => {}
                    }
                }
            }
            return Some(first);
        }
        let target = self.dated(now);
        if self.exists(&target) {
            // "destination … already exists, skipping rotation"
            return None;
        }
        if self.scheme.delay
            && let Some(last) = self.dated.last().cloned()
            && last.exists()
        {
            self.pack(&last, None, 0);
        }
        self.dated.push(target.clone());
        if self.dated.len() > keep {
            let oldest = self.dated.remove(0);
            for extension in self.extensions() {
                let _ = fs::remove_file(with(&oldest, extension));
            }
        }
        Some(target)
    }

    fn extensions(&self) -> [&'static str; 2] {
        [
            "",
            self.scheme.pack.map_or(".none", |pack| pack.extension()),
        ]
    }

    fn exists(&self, path: &Path) -> bool {
        self.extensions()
            .iter()
            .any(|extension| with(path, extension).exists())
    }

    fn rotated_folder(&self) -> &Path {
        if self.scheme.moves {
            &self.away
        } else {
            &self.folder
        }
    }

    fn numbered(&self, number: usize) -> PathBuf {
        self.rotated_folder()
            .join(format!("{}-error.log.{number}", self.name))
    }

    fn dated(&self, now: i64) -> PathBuf {
        let now = local(self.zone, now);
        let name = match self.scheme.names {
            Names::Numbered => unreachable!("it has a number"),
            Names::Dated(format) => format!("{}-error.log{}", self.name, now.format(format)),
            Names::DatedBefore(format) => format!("{}-error{}.log", self.name, now.format(format)),
        };
        self.rotated_folder().join(name)
    }

    /// Has the youngest rotated file of a log be compressed, which is not done before
    /// `finish_packing`.
    pub fn begin_packing(&mut self, now: i64, random: &mut Random) {
        let youngest = match self.scheme.names {
            Names::Numbered => Some(self.numbered(1)),
            _ => self.dated.last().cloned(),
        };
        if let Some(youngest) = youngest.filter(|path| path.exists() && self.scheme.pack.is_some())
        {
            self.finish_packing();
            self.pack(&youngest, Some(random), now);
        }
    }

    fn pack(&mut self, from: &Path, slow: Option<&mut Random>, now: i64) {
        let Some(pack) = self.scheme.pack else { return };
        let bytes = pack.pack(&fs::read(from).unwrap());
        let to = with(from, pack.extension());
        let modified = seconds(fs::metadata(from).unwrap().modified().unwrap());
        let packing = Packing {
            from: from.to_path_buf(),
            to,
            bytes,
            modified,
        };
        self.packing = Some(packing);
        match (slow, &self.packing) {
            (Some(random), Some(packing)) => {
                let part = random.below(packing.bytes.len());
                fs::write(&packing.to, &packing.bytes[..part]).unwrap();
                set_modified(&open(&packing.to), now);
            }
            _ => self.finish_packing(),
        }
    }

    pub fn finish_packing(&mut self) {
        if let Some(packing) = self.packing.take() {
            fs::write(&packing.to, &packing.bytes).unwrap();
            set_modified(&open(&packing.to), packing.modified);
            fs::remove_file(&packing.from).unwrap();
            self.old = None;
        }
    }

    /// The files of the log that are there now.
    pub fn files(&self) -> Vec<PathBuf> {
        let prefix = format!("{}-error", self.name);
        let is_own = |path: &PathBuf| {
            let name = path.file_name().unwrap().to_string_lossy();
            name.starts_with(&prefix)
        };
        let mut files: Vec<PathBuf> = [&self.folder, &self.away]
            .into_iter()
            .flat_map(|folder| fs::read_dir(folder).unwrap())
            .map(|entry| entry.unwrap().path())
            .filter(is_own)
            .collect();
        files.sort();
        files
    }

    /// The administrator gives the log, and all of it that was rotated, another name.
    pub fn rename(&mut self, name: &str) {
        self.flush();
        self.finish_packing();
        let new = |path: &Path| {
            let old = path.file_name().unwrap().to_string_lossy();
            path.with_file_name(old.replacen(&self.name, name, 1))
        };
        for path in self.files() {
            fs::rename(&path, new(&path)).unwrap();
        }
        self.dated = self.dated.iter().map(|path| new(path)).collect();
        self.name = name.to_owned();
    }
}
