//! What has a name before it is whole does not keep it if the process is told to end.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Where all that is unfinished lies.
static PATHS: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

fn paths() -> MutexGuard<'static, Vec<PathBuf>> {
    PATHS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// As long as this lives, a file or a folder is unfinished.
#[derive(Debug)]
pub(super) struct Unfinished(PathBuf);

impl Unfinished {
    /// Has `make` make it. Nobody is told to end between that and the noting.
    pub(super) fn made<T: AsRef<Path>, E>(
        make: impl FnOnce() -> Result<T, E>,
    ) -> Result<(T, Self), E> {
        let mut paths = paths();
        let made = make()?;
        let path = made.as_ref().to_path_buf();
        paths.push(path.clone());
        Ok((made, Self(path)))
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        paths().retain(|path| *path != self.0);
    }
}

/// Has `step` done from its beginning to its end, or not at all.
pub(super) fn uninterrupted<T>(step: impl FnOnce() -> T) -> T {
    let _paths = paths();
    step()
}

/// Removes what is unfinished. The process is to end then: from now on no dataset gets anything new.
pub fn abandon() {
    let paths = paths();
    for path in &*paths {
        // Others may still be adding to a folder.
        while let Err(error) = remove(path) {
            if error.kind() != ErrorKind::DirectoryNotEmpty {
                break;
            }
        }
    }
    std::mem::forget(paths);
}

fn remove(path: &Path) -> std::io::Result<()> {
    match fs::symlink_metadata(path)?.is_dir() {
        true => fs::remove_dir_all(path),
        false => fs::remove_file(path),
    }
}
