use std::path::{Path, PathBuf};

use crate::config::Root;

/// How the machine starts services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Init {
    /// systemd runs.
    Systemd,
    /// OpenRC runs, as on Alpine.
    OpenRc,
    /// There are scripts in `/etc/init.d`, and no systemd runs, as in most containers.
    Scripts,
}

/// The services that the machine knows.
#[derive(Debug)]
pub struct Units {
    root: Root,
    pub init: Init,
}

const UNIT_FOLDERS: [&str; 3] = [
    "/etc/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
];

impl Units {
    pub(super) fn look(root: &Root) -> Self {
        let is_folder = |path: &str| root.outside(Path::new(path)).is_dir();
        // sd_booted(3); OpenRC keeps its state there
        let init = match (is_folder("/run/systemd/system"), is_folder("/run/openrc")) {
            (true, _) => Init::Systemd,
            (false, true) => Init::OpenRc,
            (false, false) => Init::Scripts,
        };
        Self {
            root: root.clone(),
            init,
        }
    }

    /// Whether there is a unit, or a script, of this name.
    pub fn knows(&self, service: &str) -> bool {
        match self.init {
            Init::Systemd => self.unit(service).is_some(),
            Init::OpenRc | Init::Scripts => self.exists(&Path::new("/etc/init.d").join(service)),
        }
    }

    /// Whether systemd starts the service at boot; `None` if it does not know it, or is not there.
    pub fn is_enabled(&self, service: &str) -> Option<bool> {
        if self.init != Init::Systemd {
            return None;
        }
        let unit = self.unit(service)?;
        // A unit without [Install] is started by another one.
        let text = self.root.read(&unit).ok()?;
        if !text.lines().any(|line| line.trim() == "[Install]") {
            return None;
        }
        let name = format!("{service}.service");
        let wanted = self.root.outside(Path::new(UNIT_FOLDERS[0]));
        let folders = wanted.read_dir().ok()?.flatten().filter(|entry| {
            let folder = entry.file_name();
            let folder = folder.to_string_lossy();
            folder.ends_with(".wants") || folder.ends_with(".requires")
        });
        Some(
            folders
                .map(|entry| entry.path().join(&name))
                .any(|link| link.symlink_metadata().is_ok()),
        )
    }

    fn unit(&self, service: &str) -> Option<PathBuf> {
        let name = format!("{service}.service");
        let mut paths = UNIT_FOLDERS
            .iter()
            .map(|folder| Path::new(folder).join(&name));
        paths.find(|path| self.exists(path))
    }

    fn exists(&self, path: &Path) -> bool {
        self.root.outside(path).symlink_metadata().is_ok()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_no_target_wants_is_not_started_at_boot() {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        fs::create_dir_all(at("lib/systemd/system")).unwrap();
        fs::create_dir_all(at("etc/systemd/system/multi-user.target.wants")).unwrap();
        for service in ["php8.2-fpm", "nginx"] {
            let path = at(&format!("lib/systemd/system/{service}.service"));
            fs::write(
                path,
                "[Service]\nType=notify\n[Install]\nWantedBy=multi-user.target\n",
            )
            .unwrap();
        }
        fs::write(at("lib/systemd/system/helper.service"), "[Service]\n").unwrap();
        let link = at("etc/systemd/system/multi-user.target.wants/nginx.service");
        std::os::unix::fs::symlink("/lib/systemd/system/nginx.service", link).unwrap();
        let root = Root::new(folder.path());
        assert_eq!(Units::look(&root).is_enabled("nginx"), None);
        fs::create_dir_all(at("run/systemd/system")).unwrap();
        let units = Units::look(&root);
        assert_eq!(units.is_enabled("nginx"), Some(true));
        assert_eq!(units.is_enabled("php8.2-fpm"), Some(false));
        assert_eq!(units.is_enabled("helper"), None);
        assert_eq!(units.is_enabled("other"), None);
        assert!(units.knows("helper") && !units.knows("other"));
    }
}
