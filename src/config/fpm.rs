//! `php-fpm.conf` with the pools that it includes, and the `php.ini` that goes with it.

use std::path::{Path, PathBuf};

use super::{Address, Place, Problem, Root};

/// One installed PHP-FPM: Debian has one per PHP version.
#[derive(Debug, Clone, Default)]
pub struct Fpm {
    /// `8.2`, where the path tells.
    pub version: Option<String>,
    /// Its main file.
    pub conf: PathBuf,
    /// What stands under `[global]`.
    pub global: Vec<Setting>,
    /// Its pools.
    pub pools: Vec<Pool>,
    /// `php.ini` and the files of `conf.d`, the later the stronger.
    pub ini: Vec<Setting>,
    /// Every file that was read, in order.
    pub files: Vec<PathBuf>,
    /// What could not be read.
    pub problems: Vec<Problem>,
}

/// A pool of processes.
#[derive(Debug, Clone)]
pub struct Pool {
    /// `www`
    pub name: String,
    /// Where its section begins.
    pub place: Place,
    /// What it listens on, `$pool` and prefixes put in.
    pub listen: Option<Address>,
    /// Its settings.
    pub settings: Vec<Setting>,
}

/// A setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// `pm.max_children`, `php_admin_value[memory_limit]`
    pub key: String,
    /// Without quotes; `$pool` put in.
    pub value: String,
    /// Where it stands.
    pub place: Place,
}

impl Fpm {
    /// Reads `php-fpm.conf` and what it includes.
    pub fn read(root: &Root, path: &Path) -> Result<Self, Problem> {
        let _ = (root, path);
        todo!()
    }
}

impl Pool {
    /// The setting that is in force.
    pub fn find(&self, key: &str) -> Option<&Setting> {
        self.settings.iter().rfind(|setting| setting.key == key)
    }
}

/// A time as PHP-FPM writes it, `30`, `30s`, `2m`, `1h`, `1d`, in seconds.
pub fn seconds(text: &str) -> Option<u64> {
    let _ = text;
    todo!()
}
