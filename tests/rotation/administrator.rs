//! What an administrator does to logs, who knows nothing of us.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::files::{open, seconds, set_modified, with};
use super::random::Random;
use super::site::Site;

/// Somebody with a folder of his own, in which copies of logs come and go.
pub struct Administrator {
    folder: PathBuf,
    /// And on which day each was made.
    copies: Vec<(PathBuf, usize)>,
    number: usize,
    random: Random,
}

const A_WEEK: usize = 7;

impl Administrator {
    pub fn new(folder: PathBuf, random: Random) -> Self {
        Self {
            folder,
            copies: Vec::new(),
            number: 0,
            random,
        }
    }

    /// What is done on a day.
    pub fn work(&mut self, sites: &mut [Site], now: i64) {
        self.number += 1;
        let site = self.random.below(sites.len());
        match self.random.below(16) {
            0..3 => self.copy(&mut sites[site], now),
            // One that is all that is left of a log, and may have been written to, would be missed.
            3 if self
                .copies
                .first()
                .is_some_and(|(_, day)| day + A_WEEK < self.number) =>
            {
                fs::remove_file(self.copies.remove(0).0).unwrap();
            }
            4 if self.random.percent(30) => {
                let old = sites[site].name.clone();
                let base = old.trim_end_matches(|letter: char| letter.is_ascii_digit());
                sites[site].rename(&format!("{base}{}", self.number));
            }
            5 => {
                // Who makes backups touches what only the system knows of a file.
                for path in sites[site].files() {
                    let mode = 0o600 | (self.number as u32 % 8) << 3;
                    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
                }
            }
            _ => {}
        }
    }

    fn copy(&mut self, site: &mut Site, now: i64) {
        site.flush();
        let files = site.files();
        let from = &files[self.random.below(files.len())];
        let rest = from.file_name().unwrap().to_string_lossy();
        let to = self.folder.join(format!("copy{}-{rest}.bak", self.number));
        fs::copy(from, &to).unwrap();
        let modified = seconds(fs::metadata(from).unwrap().modified().unwrap());
        let is_preserved = self.random.percent(50);
        set_modified(&open(&to), if is_preserved { modified } else { now });
        self.copies.push((to, self.number));
    }

    /// Copies a compressed log to a disk that fails; the copy, if there is such a log, and whether its
    /// checksum is wrong.
    pub fn copy_to_bad_disk(&mut self, sites: &[Site]) -> Option<(PathBuf, bool)> {
        let is_large = |path: &&PathBuf| {
            let is_gzip = path.extension().is_some_and(|extension| extension == "gz");
            is_gzip && fs::metadata(path).unwrap().len() > 700
        };
        let files: Vec<PathBuf> = sites.iter().flat_map(Site::files).collect();
        let from = files.iter().find(is_large)?;
        let mut bytes = fs::read(from).unwrap();
        // In the middle, where it may look like a copy that is not finished, or in the checksum.
        let is_sum = self.random.percent(50);
        let at = if is_sum {
            bytes.len() - 6
        } else {
            bytes.len() * 6 / 10
        };
        bytes[at] ^= 0x10;
        let to = with(&self.folder.join("bad-error.log"), ".gz");
        fs::write(&to, bytes).unwrap();
        let modified = fs::metadata(from).unwrap().modified().unwrap();
        set_modified(&open(&to), seconds(modified));
        Some((to, is_sum))
    }
}

/// A folder in which there is a log, though an empty one.
pub fn folder(parent: &Path, name: &str, now: i64) -> PathBuf {
    let folder = parent.join(name);
    fs::create_dir(&folder).unwrap();
    let log = folder.join("error.log");
    fs::write(&log, b"").unwrap();
    set_modified(&open(&log), now);
    folder
}
