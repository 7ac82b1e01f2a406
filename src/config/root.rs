use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

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

    /// Where a path of that machine lies on this one. `..` does not lead out of the root.
    pub fn outside(&self, path: &Path) -> PathBuf {
        let mut outside = self.0.clone();
        let mut depth = 0;
        for component in path.components() {
            match component {
                Component::Normal(name) => {
                    outside.push(name);
                    depth += 1;
                }
                Component::ParentDir if depth > 0 => {
                    outside.pop();
                    depth -= 1;
                }
                _ => {}
            }
        }
        outside
    }

    /// What a path on this machine is called on that one.
    pub fn inside(&self, path: &Path) -> PathBuf {
        Path::new("/").join(path.strip_prefix(&self.0).unwrap_or(path))
    }

    /// A file's text. Bytes that are not UTF-8 are replaced: they matter in no name that is looked for.
    pub fn read(&self, path: &Path) -> io::Result<String> {
        fs::read(self.outside(path)).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }
}

impl Default for Root {
    fn default() -> Self {
        Self::new("/")
    }
}

#[cfg(test)]
mod tests {
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
        assert_eq!(Root::default().inside(Path::new("/run/a")), Path::new("/run/a"));
    }
}
