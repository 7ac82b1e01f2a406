use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use glob::{MatchOptions, Pattern};

/// More of a file is not read: no configuration is longer.
const LONGEST: u64 = 64 << 20;

/// As many symbolic links are followed on the way to a file (Linux: `path_resolution(7)`).
const MOST_LINKS: usize = 40;

/// As `glob(3)` matches: neither a slash nor the dot of a hidden file is met by `*`.
pub(super) const AS_GLOB: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: true,
};

/// A file system below a folder: `/` is this machine's own, another folder holds the files of a
/// machine elsewhere (an image, a backup, a test). Paths are those of that machine, always absolute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root(PathBuf);

impl Root {
    /// The machine whose files lie below `folder`.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self(folder.into())
    }

    /// Whether it is this machine, whose processes and sockets can be looked at.
    pub fn is_live(&self) -> bool {
        self.0 == Path::new("/")
    }

    /// Where a path of that machine lies on this one. Neither `..` nor a symbolic link leads out of the
    /// root: where a link leads is a path of that machine.
    pub fn outside(&self, path: &Path) -> PathBuf {
        // Nothing is found at a path with a zero byte.
        self.resolved(path).unwrap_or_else(|_| self.0.join("\0"))
    }

    fn resolved(&self, path: &Path) -> io::Result<PathBuf> {
        if self.is_live() {
            return Ok(self.0.join(path));
        }
        let names = |path: &Path| -> VecDeque<OsString> {
            let names = path.components().filter_map(|component| match component {
                Component::Normal(_) | Component::ParentDir => Some(component.as_os_str().into()),
                _ => None,
            });
            names.collect()
        };
        let mut ahead = names(path);
        let mut inside = PathBuf::new();
        let mut links = 0;
        while let Some(name) = ahead.pop_front() {
            if name == ".." {
                inside.pop();
                continue;
            }
            let step = inside.join(&name);
            let Ok(target) = fs::read_link(self.0.join(&step)) else {
                inside = step;
                continue;
            };
            links += 1;
            if links > MOST_LINKS {
                return Err(rustix::io::Errno::LOOP.into());
            }
            if target.is_absolute() {
                inside.clear();
            }
            let mut way = names(&target);
            way.append(&mut ahead);
            ahead = way;
        }
        Ok(self.0.join(inside))
    }

    /// What a path on this machine is called on that one.
    pub fn inside(&self, path: &Path) -> PathBuf {
        Path::new("/").join(path.strip_prefix(&self.0).unwrap_or(path))
    }

    /// A file's text. Bytes that are not UTF-8 are replaced: they matter in no name that is looked for.
    /// Pipes and devices are refused, since they may be waited for without end.
    pub fn read(&self, path: &Path) -> io::Result<String> {
        let outside = self.resolved(path)?;
        let meta = fs::metadata(&outside)?;
        if meta.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        if !meta.is_file() {
            return Err(io::Error::other("not a regular file"));
        }
        text(&outside)
    }

    /// The same of what a person named, which may be a pipe.
    pub(super) fn read_named(&self, path: &Path) -> io::Result<String> {
        text(&self.resolved(path)?)
    }

    /// The names in a folder, in no order.
    pub(super) fn list(&self, folder: &Path) -> io::Result<Vec<OsString>> {
        let entries = fs::read_dir(self.resolved(folder)?)?;
        entries.map(|entry| Ok(entry?.file_name())).collect()
    }

    /// The paths that a pattern stands for, in the order of `glob(3)`, and the folders that could not be
    /// listed. A pattern that is none stands for nothing. No more than `budget` names are looked at; what
    /// is left of it is noted.
    pub(super) fn glob(
        &self,
        pattern: &Path,
        budget: &mut usize,
    ) -> (Vec<PathBuf>, Vec<(PathBuf, io::Error)>) {
        let mut found = vec![PathBuf::from("/")];
        let mut failed = Vec::new();
        for component in pattern.components() {
            let name = match component {
                Component::RootDir | Component::CurDir | Component::Prefix(_) => continue,
                Component::ParentDir => "..".into(),
                Component::Normal(name) => name.to_string_lossy(),
            };
            if !is_pattern(&name) {
                for path in &mut found {
                    path.push(&*name);
                }
                continue;
            }
            let Some(pattern) = compiled(&name) else {
                return (Vec::new(), failed);
            };
            let mut next = Vec::new();
            for folder in found {
                if *budget == 0 {
                    break;
                }
                match self.list(&folder) {
                    Ok(names) => {
                        *budget = budget.saturating_sub(names.len() + 1);
                        let names = names.into_iter().filter(|name| {
                            let name = name.to_string_lossy();
                            pattern.matches_with(&name, AS_GLOB)
                        });
                        next.extend(names.map(|name| folder.join(name)));
                    }
                    Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                        failed.push((folder, error));
                    }
                    Err(_) => {}
                }
            }
            found = next;
        }
        // A link that leads nowhere is there.
        found.retain(|path| match (path.parent(), path.file_name()) {
            (Some(folder), Some(name)) => {
                fs::symlink_metadata(self.outside(folder).join(name)).is_ok()
            }
            _ => true,
        });
        found.sort_by(|one, other| one.as_os_str().cmp(other.as_os_str()));
        (found, failed)
    }
}

fn text(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    File::open(path)?
        .take(LONGEST + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LONGEST {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}

/// Whether a path is to be compared with names, by NGINX's measure (`ngx_conf_include`).
pub(super) fn is_pattern(path: &str) -> bool {
    path.contains(['*', '?', '['])
}

/// A pattern of `glob(3)`, to which `**` means no more than `*`.
pub(super) fn compiled(pattern: &str) -> Option<Pattern> {
    let mut simple = pattern.to_owned();
    while simple.contains("**") {
        simple = simple.replace("**", "*");
    }
    Pattern::new(&simple).ok()
}

impl Default for Root {
    fn default() -> Self {
        Self::new("/")
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn no_path_leads_out_of_the_root() {
        let root = Root::new("/image");
        for (path, expected) in [
            ("/etc/nginx", "/image/etc/nginx"),
            ("/etc/../../../etc/passwd", "/image/etc/passwd"),
            ("/../etc", "/image/etc"),
        ] {
            assert_eq!(root.outside(Path::new(path)), Path::new(expected));
        }
        assert_eq!(root.inside(Path::new("/image/run/a")), Path::new("/run/a"));
        assert_eq!(
            Root::default().inside(Path::new("/run/a")),
            Path::new("/run/a")
        );
    }

    #[test]
    fn where_a_link_leads_is_a_path_of_that_machine() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::new(folder.path());
        fs::create_dir_all(folder.path().join("a/b")).unwrap();
        fs::write(folder.path().join("a/file"), "inside").unwrap();
        let at = |path: &str| folder.path().join(path);
        symlink("/a/file", at("absolute")).unwrap();
        symlink("../../../../a/file", at("a/b/climbing")).unwrap();
        symlink("/a", at("folder")).unwrap();
        symlink("/loop", at("loop")).unwrap();
        symlink("/../../../../etc/passwd", at("a/b/out")).unwrap();
        for path in [
            "/absolute",
            "/a/b/climbing",
            "/folder/file",
            "/folder/../a/file",
        ] {
            assert_eq!(root.read(Path::new(path)).unwrap(), "inside", "{path}");
        }
        for path in ["/loop", "/loop/x", "/a/b/out"] {
            assert!(root.read(Path::new(path)).is_err(), "{path}");
            assert!(fs::metadata(root.outside(Path::new(path))).is_err());
        }
    }

    #[test]
    fn a_pattern_finds_what_glob_finds_in_its_order() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::new(folder.path());
        for path in [
            "d/b.conf",
            "d/a.conf",
            "d/.hidden.conf",
            "d-e/x.conf",
            "d/sub/y.conf",
        ] {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        symlink("/nowhere", folder.path().join("d/c.conf")).unwrap();
        for (pattern, expected) in [
            ("/d/*.conf", "/d/a.conf /d/b.conf /d/c.conf"),
            ("/d/**.conf", "/d/a.conf /d/b.conf /d/c.conf"),
            ("/d*/[ax].conf", "/d-e/x.conf /d/a.conf"),
            ("/d/[!a].conf", "/d/b.conf /d/c.conf"),
            ("/d/../d-?/x.conf", "/d/../d-e/x.conf"),
            ("/*/y.conf", ""),
            ("/none/*", ""),
            ("/d/[", ""),
        ] {
            let (found, failed) = root.glob(Path::new(pattern), &mut 1000);
            let found: Vec<_> = found
                .iter()
                .map(|path| path.display().to_string())
                .collect();
            assert_eq!(found.join(" "), expected, "{pattern}");
            assert!(failed.is_empty());
        }
    }

    #[test]
    fn a_pipe_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        rustix::fs::mkfifoat(rustix::fs::CWD, &path, mode).unwrap();
        assert!(Root::new(folder.path()).read(Path::new("/pipe")).is_err());
        assert!(Root::new(folder.path()).read(Path::new("/")).is_err());
    }
}
