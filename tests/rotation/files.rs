//! Files, and when they were last written to by the simulated clock.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub fn with(path: &Path, extension: &str) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(extension);
    path.into()
}

pub fn create(path: &Path, now: i64) -> File {
    let file = File::options()
        .create_new(true)
        .append(true)
        .open(path)
        .unwrap();
    set_modified(&file, now);
    file
}

pub fn open(path: &Path) -> File {
    File::options().append(true).open(path).unwrap()
}

pub fn set_modified(file: &File, moment: i64) {
    file.set_modified(UNIX_EPOCH + Duration::from_secs(moment as u64))
        .unwrap();
}

pub fn seconds(time: SystemTime) -> i64 {
    time.duration_since(UNIX_EPOCH).unwrap().as_secs() as i64
}
