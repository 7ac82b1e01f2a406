use std::ffi::OsStr;
use std::fs;
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

/// Where units are; what an earlier folder says of a unit counts (`systemd.unit(5)`).
const UNIT_FOLDERS: [&str; 4] = [
    "/etc/systemd/system",
    "/run/systemd/system",
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

    /// What allows the service to be started again where systemd refuses to (`systemctl mask`).
    pub fn unmask(&self, service: &str) -> Option<&'static str> {
        let commands = ["systemctl unmask", "systemctl unmask --runtime"];
        let masked = UNIT_FOLDERS.iter().zip(commands).find(|(folder, _)| {
            let link = self.root.outside(Path::new(folder)).join(name(service));
            link.read_link()
                .is_ok_and(|target| target == Path::new("/dev/null"))
        });
        let (_, command) = masked.filter(|_| self.init == Init::Systemd)?;
        Some(command)
    }

    /// Whether systemd starts the service at boot; `None` if it does not know it, is not there, or if that
    /// depends on another unit.
    pub fn is_enabled(&self, service: &str) -> Option<bool> {
        if self.init != Init::Systemd {
            return None;
        }
        // What is masked in /run is forgotten at boot.
        if self.unmask(service) == Some("systemctl unmask") {
            return Some(false);
        }
        let unit = self.unit(service)?;
        // A unit without [Install] is started by another one.
        let text = self.root.read(&unit).ok()?;
        if !text.lines().any(|line| line.trim() == "[Install]") {
            return None;
        }
        if self.is_linked(service) {
            return Some(true);
        }
        (!self.is_started_by_another(service)).then_some(false)
    }

    /// Whether a target, or another unit, has a link to the service.
    fn is_linked(&self, service: &str) -> bool {
        let mut folders = self.entries().filter(|path| {
            let kinds = ["wants", "requires", "upholds"];
            kinds
                .iter()
                .any(|kind| path.extension() == Some(OsStr::new(kind)))
        });
        folders.any(|folder| folder.join(name(service)).symlink_metadata().is_ok())
    }

    /// Whether another unit, or a drop-in of one, says that it starts the service; or a socket, path or timer
    /// of the same name does.
    fn is_started_by_another(&self, service: &str) -> bool {
        let starters = ["socket", "path", "timer"];
        let has_starter = starters.iter().any(|kind| {
            let file = format!("{service}.{kind}");
            UNIT_FOLDERS
                .iter()
                .any(|folder| self.exists(&Path::new(folder).join(&file)))
        });
        let name = name(service);
        let starts = |path: &Path| {
            let text = fs::read_to_string(path).unwrap_or_default();
            text.lines()
                .filter_map(|line| line.split_once('='))
                .any(|(key, value)| {
                    STARTING.contains(&key.trim())
                        && value.split_whitespace().any(|word| word == name)
                })
        };
        has_starter
            || self
                .entries()
                .any(|path| match path.extension() == Some(OsStr::new("d")) {
                    true => list(&path).any(|path| starts(&path)),
                    false => path.is_file() && starts(&path),
                })
    }

    /// All that lies where units are.
    fn entries(&self) -> impl Iterator<Item = PathBuf> {
        UNIT_FOLDERS
            .iter()
            .flat_map(|folder| list(&self.root.outside(Path::new(folder))))
    }

    fn unit(&self, service: &str) -> Option<PathBuf> {
        let mut paths = UNIT_FOLDERS
            .iter()
            .map(|folder| Path::new(folder).join(name(service)));
        paths.find(|path| self.exists(path))
    }

    fn exists(&self, path: &Path) -> bool {
        self.root.outside(path).symlink_metadata().is_ok()
    }
}

/// Settings of a unit that start the units which they name (`systemd.unit(5)`, `systemd.path(5)`).
const STARTING: [&str; 5] = ["Wants", "Requires", "BindsTo", "Upholds", "Unit"];

fn name(service: &str) -> String {
    format!("{service}.service")
}

/// What is in a folder; nothing where there is none.
fn list(folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    let entries = folder.read_dir().into_iter().flatten().flatten();
    entries.map(|entry| entry.path())
}

#[cfg(test)]
mod tests {
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
    /// A service that no target wants.
    fn disabled() -> (tempfile::TempDir, impl Fn(&str, &str), Root) {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::new(folder.path());
        let base = folder.path().to_owned();
        let file = move |path: &str, text: &str| {
            let path = base.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        file("run/systemd/system/keep", "");
        file(
            "lib/systemd/system/php8.2-fpm.service",
            "[Install]\nWantedBy=multi-user.target\n",
        );
        assert_eq!(Units::look(&root).is_enabled("php8.2-fpm"), Some(false));
        (folder, file, root)
    }

    #[test]
    fn what_another_unit_starts_may_come_at_boot() {
        for (path, text) in [
            (
                "etc/systemd/system/nginx.service.d/php.conf",
                "[Unit]\nWants=a.service php8.2-fpm.service\n",
            ),
            (
                "etc/systemd/system/shop.target",
                "[Unit]\nRequires = php8.2-fpm.service\n",
            ),
            (
                "lib/systemd/system/wake.timer",
                "[Timer]\nUnit=php8.2-fpm.service\n",
            ),
            ("etc/systemd/system/php8.2-fpm.path", ""),
        ] {
            let (_folder, file, root) = disabled();
            file(path, text);
            assert_eq!(Units::look(&root).is_enabled("php8.2-fpm"), None, "{path}");
        }
        for folder in [
            "usr/lib/systemd/system/shop.target.wants",
            "etc/systemd/system/nginx.service.upholds",
        ] {
            let (_folder, file, root) = disabled();
            file(&format!("{folder}/php8.2-fpm.service"), "");
            assert_eq!(
                Units::look(&root).is_enabled("php8.2-fpm"),
                Some(true),
                "{folder}"
            );
        }
        let (_folder, file, root) = disabled();
        file(
            "etc/systemd/system/nginx.service.d/php.conf",
            "[Unit]\nAfter=php8.2-fpm.service\n",
        );
        assert_eq!(Units::look(&root).is_enabled("php8.2-fpm"), Some(false));
    }

    #[test]
    fn what_is_masked_has_to_be_unmasked() {
        let (folder, file, root) = disabled();
        let units = Units::look(&root);
        assert_eq!(units.unmask("php8.2-fpm"), None);
        file(
            "etc/systemd/system/multi-user.target.wants/php8.2-fpm.service",
            "",
        );
        let mask = |folder: &Path| {
            std::os::unix::fs::symlink("/dev/null", folder.join("php8.2-fpm.service")).unwrap();
        };
        mask(&folder.path().join("run/systemd/system"));
        assert_eq!(
            units.unmask("php8.2-fpm"),
            Some("systemctl unmask --runtime")
        );
        mask(&folder.path().join("etc/systemd/system"));
        assert_eq!(units.unmask("php8.2-fpm"), Some("systemctl unmask"));
        assert_eq!(units.is_enabled("php8.2-fpm"), Some(false));
    }
}
