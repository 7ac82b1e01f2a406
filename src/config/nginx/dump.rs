//! What `nginx -T` prints: the files of a configuration, one behind the other.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::config::root::{AS_GLOB, compiled};

/// How a file begins (nginx `src/core/nginx.c`).
const MARK: &str = "# configuration file ";

/// The files of a saved `nginx -T`.
pub(super) struct Dump {
    /// The file that includes the others.
    pub(super) main: PathBuf,
    files: HashMap<PathBuf, String>,
}

impl Dump {
    /// The files, if this is such a print. What NGINX said meanwhile may stand in front of it.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut lines = text.split_inclusive('\n');
        let main = loop {
            let line = lines.next()?;
            if let Some(path) = path(line) {
                break path;
            }
            if !is_said(line) {
                return None;
            }
        };
        let mut files: HashMap<PathBuf, String> = HashMap::new();
        let mut now = main.clone();
        let mut content = String::new();
        for line in lines {
            match path(line) {
                Some(next) => {
                    let whole = std::mem::take(&mut content);
                    files
                        .entry(std::mem::replace(&mut now, next))
                        .or_insert(whole);
                }
                None => content.push_str(line),
            }
        }
        files.entry(now).or_insert(content);
        Some(Self { main, files })
    }

    pub(super) fn file(&self, path: &Path) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    pub(super) fn glob(&self, pattern: &Path) -> Vec<PathBuf> {
        let pattern = compiled(&pattern.to_string_lossy());
        let is_met = |path: &&PathBuf| {
            let pattern = pattern.as_ref();
            pattern.is_some_and(|pattern| pattern.matches_path_with(path, AS_GLOB))
        };
        let mut found: Vec<PathBuf> = self.files.keys().filter(is_met).cloned().collect();
        found.sort_by(|one, other| one.as_os_str().cmp(other.as_os_str()));
        found
    }
}

/// Whether a line can be one that NGINX says on the console, with or without a time.
fn is_said(line: &str) -> bool {
    let starts_with_year = line.starts_with("20") && line.contains('[');
    line.trim().is_empty() || line.starts_with("nginx: ") || starts_with_year
}

/// The path in `# configuration file PATH:`.
fn path(line: &str) -> Option<PathBuf> {
    let path = line.strip_prefix(MARK)?.trim_end_matches(['\r', '\n']);
    path.strip_suffix(':')
        .filter(|path| path.starts_with('/'))
        .map(PathBuf::from)
}
