//! The samples, as if they had come here on one day: the time of a file is the time of events without one.

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use tempfile::TempDir;

/// Copies that were last written to on 2026-11-26, 12:00 UTC, and what finds them.
pub fn samples() -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let modified = UNIX_EPOCH + Duration::from_secs(1_795_694_400);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for file in fs::read_dir(root.join("samples")).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "log") {
            let copy = folder.path().join(path.file_name().unwrap());
            fs::copy(&path, &copy).unwrap();
            let copy = File::options().write(true).open(copy).unwrap();
            copy.set_modified(modified).unwrap();
        }
    }
    let copies = folder.path().join("*.log").display().to_string();
    (folder, copies)
}
