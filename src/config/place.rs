use std::fmt;
use std::io;
use std::path::PathBuf;

/// Where something stands in a configuration: `/etc/nginx/nginx.conf:12`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file, as its machine calls it.
    pub file: PathBuf,
    /// The first line is 1.
    pub line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}", self.file.display(), self.line)
    }
}

/// A part of a configuration that could not be read. The rest is used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {what}", place = match line {
    Some(line) => format!("{}:{line}", file.display()),
    None => file.display().to_string(),
})]
pub struct Problem {
    /// The file.
    pub file: PathBuf,
    /// The line, where one is to blame.
    pub line: Option<usize>,
    /// What is wrong.
    pub what: String,
    /// Whether the file is there and may not be read.
    pub is_denied: bool,
}

impl Problem {
    /// A file, or a folder, that the system does not let us read.
    pub(super) fn unreadable(file: impl Into<PathBuf>, error: &io::Error) -> Self {
        Self {
            file: file.into(),
            line: None,
            what: format!("cannot be read: {error}"),
            is_denied: error.kind() == io::ErrorKind::PermissionDenied,
        }
    }

    /// Something wrong in a line.
    pub fn at(place: &Place, what: impl Into<String>) -> Self {
        Self {
            file: place.file.clone(),
            line: Some(place.line),
            what: what.into(),
            is_denied: false,
        }
    }
}
