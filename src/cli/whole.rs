use std::fs::{self, File};
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Mode, OFlags, linkat, open};
use tempfile::NamedTempFile;

use crate::source::Privacy;

/// A file that takes its name when it is whole. However the process ends before that, nothing of it is left, unless its
/// file system knows no files without a name: there one is left if the process is killed.
pub(super) struct Whole {
    path: PathBuf,
    written: Written,
}

enum Written {
    Unnamed(File),
    Named(NamedTempFile),
}

/// How a name begins that a file has for the shortest of times.
const BEGIN: &str = ".writing-";

impl Whole {
    /// A file that is to be called `path`.
    pub(super) fn new(path: PathBuf, privacy: Privacy) -> io::Result<Self> {
        let folder = folder(&path);
        let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
        let unnamed = open(folder, flags, Mode::from_raw_mode(privacy.mode())).map(File::from);
        let named = || {
            let mut file = tempfile::Builder::new();
            file.prefix(BEGIN).permissions(privacy.permissions());
            file.tempfile_in(folder).map(Written::Named)
        };
        let written = match unnamed {
            Ok(file) if in_proc(&file).exists() => Ok(Written::Unnamed(file)),
            Ok(_) => named(),
            // Where neither can be, the name of the other is nothing that anybody has asked for.
            Err(error) => named().map_err(|_| error.into()),
        };
        written.map(|written| Self { path, written })
    }

    pub(super) fn file(&mut self) -> &mut File {
        match &mut self.written {
            Written::Unnamed(file) => file,
            Written::Named(file) => file.as_file_mut(),
        }
    }

    /// It is whole: whatever had its name is replaced.
    pub(super) fn finish(self) -> io::Result<()> {
        let file = match self.written {
            Written::Unnamed(file) => file,
            Written::Named(file) => {
                file.persist(&self.path)?;
                return Ok(());
            }
        };
        // A link replaces nothing, a new name does.
        let number = RandomState::new().hash_one(std::process::id());
        let passing = folder(&self.path).join(format!("{BEGIN}{number:016x}"));
        linkat(CWD, in_proc(&file), CWD, &passing, AtFlags::SYMLINK_FOLLOW)?;
        fs::rename(&passing, &self.path).inspect_err(|_| {
            // What is said is why it has not got its name.
            let _ = fs::remove_file(&passing);
        })
    }
}

fn in_proc(file: &File) -> PathBuf {
    format!("/proc/self/fd/{}", file.as_raw_fd()).into()
}

fn folder(path: &Path) -> &Path {
    let folder = path.parent();
    let named = folder.filter(|folder| !folder.as_os_str().is_empty());
    named.unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::os::unix::fs::PermissionsExt;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.collect()
    }

    #[test]
    fn it_has_no_name_before_it_is_whole_and_replaces_what_had_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        for text in ["one", "two"] {
            let before = fs::read_to_string(&path).ok();
            let mut whole = Whole::new(path.clone(), Privacy::Private).unwrap();
            whole.file().write_all(text.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&path).ok(), before);
            assert_eq!(names(folder.path()).len(), usize::from(before.is_some()));
            whole.finish().unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
            assert_eq!(names(folder.path()), ["out"]);
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o027, 0);
        }
        drop(Whole::new(path.clone(), Privacy::Private).unwrap());
        assert_eq!(names(folder.path()), ["out"]);
    }

    #[test]
    fn what_cannot_get_its_name_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        let whole = Whole::new(path.clone(), Privacy::Private).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(whole.finish().is_err());
        assert_eq!(names(folder.path()), ["out"]);
        let nowhere = Whole::new(folder.path().join("no/where"), Privacy::Private);
        let error = nowhere.err().unwrap();
        assert_eq!(error.to_string(), "No such file or directory (os error 2)");
    }
}
