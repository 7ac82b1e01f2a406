use std::cell::RefCell;
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::config::Root;

/// As many links are followed on the way to a file (path_resolution(7)).
const MOST_LINKS: usize = 40;

/// Where paths lead, as far as they were followed.
#[derive(Debug)]
pub(super) struct Links<'a> {
    root: &'a Root,
    known: RefCell<HashMap<PathBuf, PathBuf>>,
}

impl<'a> Links<'a> {
    pub fn new(root: &'a Root) -> Self {
        Self {
            root,
            known: RefCell::default(),
        }
    }

    /// A path with its links followed: `/var/run` leads to `/run`, and Debian's `/run/php/php-fpm.sock` to the
    /// socket of one version, whether that is there or not.
    pub fn real(&self, path: &Path) -> PathBuf {
        if let Some(known) = self.known.borrow().get(path) {
            return known.clone();
        }
        let real = self.follow(path);
        self.known
            .borrow_mut()
            .insert(path.to_path_buf(), real.clone());
        real
    }

    fn follow(&self, path: &Path) -> PathBuf {
        let root = self.root;
        let mut now = root.outside(path);
        for _ in 0..MOST_LINKS {
            let folder = now.parent().and_then(|folder| folder.canonicalize().ok());
            if let (Some(folder), Some(name)) = (folder, now.file_name()) {
                now = folder.join(name);
            }
            match fs::read_link(&now) {
                Ok(target) => now = root.outside(&root.inside(&now.with_file_name(target))),
                Err(_) => break,
            }
        }
        root.inside(&now)
    }
}
