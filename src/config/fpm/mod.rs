//! `php-fpm.conf` with the pools that it includes, and the `php.ini` that goes with it.
//!
//! The authority on the format is PHP's source: `sapi/fpm/fpm/fpm_conf.c` reads line by line what
//! `Zend/zend_ini_scanner.l` understands of a line.

mod ini;
mod listen;
mod load;
mod php_ini;

#[cfg(test)]
mod tests;

use std::fmt;
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

impl fmt::Display for Setting {
    /// `/etc/php/8.2/fpm/pool.d/www.conf:4: pm = dynamic`
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {} = {}", self.place, self.key, self.value)
    }
}

impl Fpm {
    /// The unit or script by which its packages start it. Debian, Remi and Alpine have one for each version,
    /// others have one.
    pub fn service(&self) -> String {
        let conf = self.conf.to_string_lossy();
        let folders: Vec<&str> = conf.split('/').collect();
        match folders.as_slice() {
            ["", "etc", "php", version, "fpm", _] => format!("php{version}-fpm"),
            ["", "etc", "opt", "remi", collection, _] => format!("{collection}-php-fpm"),
            ["", "etc", php, _] => match php.strip_prefix("php") {
                Some(version) => format!("php-fpm{version}"),
                None => "php-fpm".to_owned(),
            },
            _ => "php-fpm".to_owned(),
        }
    }

    /// Reads `php-fpm.conf` and what it includes; or a pool's file, or a folder of them. What is wrong with
    /// an included file, or with a line, is a problem of the configuration; the error is that the file
    /// itself cannot be read.
    ///
    /// ```
    /// use badgateway::config::Root;
    /// use badgateway::config::fpm::Fpm;
    /// # let folder = tempfile::tempdir().unwrap();
    /// # std::fs::write(folder.path().join("www.conf"), "[www]\nlisten = /run/php/$pool.sock\n").unwrap();
    /// let fpm = Fpm::read(&Root::new(folder.path()), "/www.conf".as_ref()).unwrap();
    /// let listen = fpm.pools[0].listen.as_ref().unwrap();
    /// assert_eq!(listen.to_string(), "unix:/run/php/www.sock");
    /// ```
    pub fn read(root: &Root, path: &Path) -> Result<Self, Problem> {
        load::load(root, path)
    }
}

impl Pool {
    /// The setting that is in force.
    pub fn find(&self, key: &str) -> Option<&Setting> {
        self.settings.iter().rfind(|setting| setting.key == key)
    }

    /// The number that a setting has for its value.
    pub fn number(&self, key: &str) -> Option<u64> {
        self.find(key)?.value.parse().ok()
    }
}

/// A time as PHP-FPM writes it, `30`, `30s`, `2m`, `1h`, `1d`, in seconds (`fpm_conf_set_time`).
///
/// ```
/// use badgateway::config::fpm::seconds;
/// assert_eq!(seconds("2m"), Some(120));
/// ```
pub fn seconds(text: &str) -> Option<u64> {
    let (number, unit) = match text.strip_suffix(['s', 'm', 'h', 'd']) {
        Some(number) => match text.as_bytes()[text.len() - 1] {
            b's' => (number, 1),
            b'm' => (number, 60),
            b'h' => (number, 3_600),
            _ => (number, 86_400),
        },
        None => (text, 1),
    };
    let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
    let number = number.parse::<u64>().ok().filter(|_| is_number)?;
    number.checked_mul(unit)
}
