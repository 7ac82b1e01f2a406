use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::store::{Bucket, Object, is_url};

use super::{Input, Trouble};

/// Turns the arguments of a command into inputs, in the order in which they were named.
///
/// A folder stands for the `*error*log*` files directly in it, a pattern for the files that match, both
/// sorted by name; a pipe must be named. URLs of buckets stand for objects in the same ways. A file that is reached twice is read once, and standard input too: counting
/// an event twice is never what was meant.
///
/// ```
/// let (inputs, troubles) = badgateway::source::discover(&["samples/connect_refused.log".into()]);
/// assert_eq!(inputs.len() + troubles.len(), 1);
/// ```
pub fn discover(arguments: &[PathBuf]) -> (Vec<Input>, Vec<Trouble>) {
    let mut found = Found::default();
    for argument in arguments {
        if argument.as_os_str() == "-" {
            found.stdin();
        } else if is_url(argument) {
            found.url(argument);
        } else if argument.is_dir() {
            found.folder(argument);
        } else if !argument.exists() && is_pattern(argument.as_os_str()) {
            found.pattern(&argument.to_string_lossy());
        } else {
            found.file(argument.clone());
        }
    }
    (found.inputs, found.troubles)
}

/// Whether these arguments stand for a file of this (whole) path, be it there or not.
pub fn covers(arguments: &[PathBuf], path: &Path) -> bool {
    arguments.iter().any(|argument| {
        if is_url(argument) {
            return false;
        }
        if argument.is_dir() {
            let is_in =
                fs::canonicalize(argument).is_ok_and(|folder| path.parent() == Some(&folder));
            return is_in && path.file_name().is_some_and(is_error_log);
        }
        let whole = whole_path(argument);
        let is_match = |pattern: glob::Pattern| pattern.matches_path(path);
        whole == path
            || (is_pattern(argument.as_os_str())
                && glob::Pattern::new(&whole.to_string_lossy()).is_ok_and(is_match))
    })
}

/// A path by which a file is found from everywhere. Only its folder is followed through links: the file
/// may be gone.
pub fn whole_path(path: &Path) -> PathBuf {
    if is_url(path) {
        return path.to_path_buf();
    }
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return path.to_path_buf();
    };
    let folder = match folder.as_os_str().is_empty() {
        true => Path::new("."),
        false => folder,
    };
    match fs::canonicalize(folder).or_else(|_| std::path::absolute(folder)) {
        Ok(folder) => folder.join(name),
        Err(_) => path.to_path_buf(),
    }
}

#[derive(Default)]
struct Found {
    inputs: Vec<Input>,
    troubles: Vec<Trouble>,
    seen: HashSet<(u64, u64)>,
}

impl Found {
    fn stdin(&mut self) {
        if !self.inputs.contains(&Input::Stdin) {
            self.inputs.push(Input::Stdin);
        }
    }

    fn file(&mut self, path: PathBuf) {
        // What cannot be looked at is kept: opening it later gives the reason.
        if let Ok(meta) = fs::metadata(&path)
            && !self.seen.insert((meta.dev(), meta.ino()))
        {
            return;
        }
        self.inputs.push(Input::File(path));
    }

    fn folder(&mut self, folder: &Path) {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(source) => {
                let path = folder.to_path_buf();
                return self.troubles.push(Trouble::Open { path, source });
            }
        };
        let mut paths = Vec::new();
        for entry in entries {
            match entry {
                Ok(entry) if is_error_log(&entry.file_name()) => paths.push(entry.path()),
                Ok(_) => {}
                Err(source) => self.troubles.push(Trouble::Open {
                    path: folder.to_path_buf(),
                    source,
                }),
            }
        }
        paths.retain(|path| may_be_log(path));
        paths.sort();
        if paths.is_empty() {
            self.troubles.push(Trouble::EmptyFolder {
                path: folder.to_path_buf(),
            });
        }
        for path in paths {
            self.file(path);
        }
    }

    /// Objects of a bucket: the one of this name, or those that match, or the error logs directly in a folder.
    fn url(&mut self, url: &Path) {
        let objects = Bucket::at(url).and_then(|(bucket, key)| objects(&bucket, &key));
        match objects {
            Ok(Objects::None) => self.troubles.push(Trouble::Open {
                path: url.to_path_buf(),
                source: io::ErrorKind::NotFound.into(),
            }),
            Ok(Objects::Matching(objects)) if objects.is_empty() => {
                let pattern = url.display().to_string();
                self.troubles.push(Trouble::NoMatch { pattern });
            }
            Ok(Objects::InFolder(objects)) if objects.is_empty() => {
                let path = url.to_path_buf();
                self.troubles.push(Trouble::EmptyFolder { path });
            }
            Ok(Objects::Matching(objects) | Objects::InFolder(objects)) => {
                objects.into_iter().for_each(|object| self.object(object));
            }
            Ok(Objects::One(object)) => self.object(object),
            Err(source) => {
                let path = url.to_path_buf();
                self.troubles.push(Trouble::Open { path, source });
            }
        }
    }

    fn object(&mut self, object: Object) {
        let path = object.url();
        if !self.inputs.iter().any(|input| input.path() == path) {
            self.inputs.push(Input::Object { path, object });
        }
    }

    fn pattern(&mut self, pattern: &str) {
        let matches = match glob::glob(pattern) {
            Ok(matches) => matches,
            Err(source) => {
                let pattern = pattern.to_owned();
                return self.troubles.push(Trouble::Pattern { pattern, source });
            }
        };
        let mut any = false;
        for entry in matches {
            any = true;
            match entry {
                Ok(path) if may_be_log(&path) => self.file(path),
                Ok(_) => {}
                Err(error) => self.troubles.push(Trouble::Open {
                    path: error.path().to_path_buf(),
                    source: error.into(),
                }),
            }
        }
        if !any {
            self.troubles.push(Trouble::NoMatch {
                pattern: pattern.to_owned(),
            });
        }
    }
}

/// What a URL stands for.
enum Objects {
    None,
    One(Object),
    Matching(Vec<Object>),
    InFolder(Vec<Object>),
}

fn objects(bucket: &Bucket, key: &str) -> io::Result<Objects> {
    if !key.is_empty()
        && !key.ends_with('/')
        && let Some(object) = bucket.look(key)?
    {
        return Ok(Objects::One(object));
    }
    if is_pattern(OsStr::new(key)) {
        let pattern = glob::Pattern::new(key).map_err(io::Error::other)?;
        let begin = key.find(['*', '?', '[']).unwrap_or(0);
        let folder = key[..begin].rfind('/').map_or("", |slash| &key[..slash]);
        let mut objects = bucket.list_all(folder)?;
        objects.retain(|object| pattern.matches_with(&object.key, AS_IN_FOLDERS));
        return Ok(Objects::Matching(objects));
    }
    let (folder, is_folder) = match key.strip_suffix('/') {
        Some(folder) => (folder, true),
        None => (key, key.is_empty()),
    };
    let all = bucket.list(folder)?;
    if all.is_empty() && !is_folder {
        return Ok(Objects::None);
    }
    let name = |object: &Object| object.key.rsplit('/').next().map(str::to_owned);
    let logs = all
        .into_iter()
        .filter(|object| name(object).is_some_and(|name| is_error_log(OsStr::new(&name))));
    Ok(Objects::InFolder(logs.collect()))
}

/// `*` stands for no slash, as it does for files.
const AS_IN_FOLDERS: glob::MatchOptions = glob::MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: false,
};

/// Of what nobody has named, only files are read: a pipe would be waited for. What cannot be looked at
/// is kept, and opening it gives the reason.
fn may_be_log(path: &Path) -> bool {
    fs::metadata(path).map_or(true, |meta| meta.is_file())
}

fn is_pattern(argument: &OsStr) -> bool {
    argument
        .as_bytes()
        .iter()
        .any(|byte| matches!(byte, b'*' | b'?' | b'['))
}

/// `*error*log*`, as logrotate's and NGINX's own names have it: `error.log`, `shop-error.log.2.gz`.
fn is_error_log(name: &OsStr) -> bool {
    let name = name.as_bytes();
    memchr::memmem::find(name, b"error")
        .is_some_and(|at| memchr::memmem::find(&name[at..], b"log").is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in ["error.log", "shop-error.log.1", "access.log", "b.txt"] {
            fs::write(folder.path().join(name), b"x\n").unwrap();
        }
        fs::create_dir(folder.path().join("old-error.logs")).unwrap();
        folder
    }

    fn names(inputs: &[Input]) -> Vec<String> {
        inputs
            .iter()
            .map(|input| {
                let name = input.path().file_name().unwrap_or(OsStr::new("-"));
                name.to_string_lossy().into_owned()
            })
            .collect()
    }

    #[test]
    fn a_folder_stands_for_its_error_logs() {
        let folder = folder();
        let (inputs, troubles) = discover(&[folder.path().to_path_buf()]);
        assert_eq!(names(&inputs), ["error.log", "shop-error.log.1"]);
        assert!(troubles.is_empty());
    }

    #[test]
    fn a_file_reached_twice_is_read_once() {
        let folder = folder();
        let file = folder.path().join("error.log");
        std::os::unix::fs::symlink(&file, folder.path().join("error.log.link")).unwrap();
        let pattern = folder.path().join("*error.log");
        let arguments = [file, folder.path().to_path_buf(), pattern];
        assert_eq!(
            names(&discover(&arguments).0),
            ["error.log", "shop-error.log.1"]
        );
        let twice = [PathBuf::from("-"), PathBuf::from("-")];
        assert_eq!(discover(&twice).0, [Input::Stdin]);
    }

    #[test]
    fn says_what_matches_nothing() {
        let folder = folder();
        let nothing = folder.path().join("*.gone");
        let empty = folder.path().join("old-error.logs");
        let (inputs, troubles) = discover(&[nothing, empty]);
        assert!(inputs.is_empty());
        assert!(matches!(troubles[0], Trouble::NoMatch { .. }));
        assert!(matches!(troubles[1], Trouble::EmptyFolder { .. }));
    }

    #[test]
    fn a_name_with_brackets_that_exists_is_a_file() {
        let folder = folder();
        let odd = folder.path().join("error[1].log");
        fs::write(&odd, b"x\n").unwrap();
        assert_eq!(
            discover(std::slice::from_ref(&odd)).0,
            [Input::File(odd.clone())]
        );
    }
}
