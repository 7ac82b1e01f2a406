use std::io;
use std::path::{Path, PathBuf};

use super::ini::{Line, lines};
use super::{Fpm, Pool, Setting, listen, php_ini};
use crate::config::root::is_pattern;
use crate::config::{Place, Problem, Root};

/// Files that include each other: PHP-FPM itself gives up after five.
const MOST_NESTED_FILES: usize = 5;
const MOST_FILES: usize = 10_000;
const MOST_NAMES: usize = 100_000;
const MOST_SETTINGS: usize = 200_000;

struct Loader<'a> {
    root: &'a Root,
    /// To what relative paths are relative.
    prefix: PathBuf,
    fpm: Fpm,
    /// The pool whose section this is; it lasts over the ends of files. None in `[global]`.
    section: Option<usize>,
    /// The files that are being read, the outermost first.
    chain: Vec<PathBuf>,
    files_left: usize,
    names_left: usize,
    settings_left: usize,
}

pub(super) fn load(root: &Root, path: &Path) -> Result<Fpm, Problem> {
    let mut loader = Loader {
        root,
        prefix: prefix(path),
        fpm: Fpm {
            version: version(path),
            conf: path.to_path_buf(),
            ..Fpm::default()
        },
        section: None,
        chain: Vec::new(),
        files_left: MOST_FILES,
        names_left: MOST_NAMES,
        settings_left: MOST_SETTINGS,
    };
    if root.outside(path).is_dir() {
        // Else it would seem to be empty.
        root.list(path)
            .map_err(|error| Problem::unreadable(path, &error))?;
        loader.include(
            &path.join("*.conf"),
            &Place {
                file: path.to_path_buf(),
                line: 0,
            },
        );
    } else {
        let text = root
            .read_named(path)
            .map_err(|error| Problem::unreadable(path, &error))?;
        loader.file(path, &text);
    }
    let mut fpm = loader.fpm;
    for pool in &mut fpm.pools {
        let folder = pool.find("prefix").map(|prefix| prefix.value.as_str());
        let folder = loader.prefix.join(folder.unwrap_or_default());
        let address = pool.find("listen").map(|listen| listen.value.as_str());
        pool.listen = address.and_then(|address| listen::address(address, &folder));
    }
    php_ini::read(root, &mut fpm);
    Ok(fpm)
}

impl Loader<'_> {
    fn file(&mut self, path: &Path, text: &str) {
        self.chain.push(path.to_path_buf());
        self.fpm.files.push(path.to_path_buf());
        for (line, found) in lines(text) {
            let place = Place {
                file: path.to_path_buf(),
                line,
            };
            if self.settings_left == 0 {
                let problem = Problem::at(&place, "too many settings: the rest is left out");
                self.fpm.problems.push(problem);
                break;
            }
            self.settings_left -= 1;
            match found {
                Line::Section(name) => self.section = self.pool(name, place),
                Line::Setting { key, value } if key == "include" => {
                    self.include(&self.prefix.join(value), &place);
                }
                Line::Setting { key, value } => {
                    let pool = self.section.map(|at| &mut self.fpm.pools[at]);
                    let (settings, value) = match pool {
                        Some(pool) => {
                            let value = value.replace("$pool", &pool.name);
                            (&mut pool.settings, value)
                        }
                        None => (&mut self.fpm.global, value),
                    };
                    settings.push(Setting { key, value, place });
                }
                Line::Other(text) => {
                    let what = format!("neither a section nor a setting: {text}");
                    self.fpm.problems.push(Problem::at(&place, what));
                }
            }
        }
        self.chain.pop();
    }

    /// The pool of a section; none of `[global]`. PHP-FPM does not care for the case of names.
    fn pool(&mut self, name: &str, place: Place) -> Option<usize> {
        if name.eq_ignore_ascii_case("global") {
            return None;
        }
        let mut pools = self.fpm.pools.iter();
        let known = pools.position(|pool| pool.name.eq_ignore_ascii_case(name));
        Some(known.unwrap_or_else(|| {
            self.fpm.pools.push(Pool {
                name: name.to_owned(),
                place,
                listen: None,
                settings: Vec::new(),
            });
            self.fpm.pools.len() - 1
        }))
    }

    fn include(&mut self, pattern: &Path, place: &Place) {
        let (paths, failed) = match is_pattern(&pattern.to_string_lossy()) {
            true => self.root.glob(pattern, &mut self.names_left),
            false => (vec![pattern.to_path_buf()], Vec::new()),
        };
        let failed = failed.into_iter();
        let failed = failed.map(|(folder, error)| Problem::unreadable(folder, &error));
        self.fpm.problems.extend(failed);
        for path in paths {
            if self.files_left == 0 || self.chain.len() > MOST_NESTED_FILES {
                let what = "too many files that include each other";
                self.fpm.problems.push(Problem::at(place, what));
                break;
            }
            if self.chain.contains(&path) {
                let what = format!("{} includes itself", path.display());
                self.fpm.problems.push(Problem::at(place, what));
                continue;
            }
            self.files_left -= 1;
            match self.root.read(&path) {
                Ok(text) => self.file(&path, &text),
                // `pool.d/*` may well find folders, which PHP-FPM leaves out.
                Err(error) if error.kind() == io::ErrorKind::IsADirectory => {}
                Err(error) => self.fpm.problems.push(Problem::unreadable(path, &error)),
            }
        }
    }
}

/// Where a PHP-FPM was installed to, as far as the place of its main file tells: `PREFIX/etc/php-fpm.conf`
/// where it was built from source; packages are built for `/usr`, those of Remi's collections for a root
/// of their own.
fn prefix(path: &Path) -> PathBuf {
    if let Some(php) = collection(path) {
        return Path::new("/opt/remi").join(php).join("root/usr");
    }
    let etc = path.ancestors().find(|folder| folder.ends_with("etc"));
    match etc.and_then(Path::parent) {
        Some(prefix) if prefix != Path::new("/") => prefix.to_path_buf(),
        _ => PathBuf::from("/usr"),
    }
}

/// `php82` of `/etc/opt/remi/php82/php-fpm.conf`.
fn collection(path: &Path) -> Option<&str> {
    let rest = path.strip_prefix("/etc/opt/remi").ok()?;
    rest.iter().next()?.to_str()
}

/// `8.2` of `/etc/php/8.2/…`, `/etc/opt/remi/php82/…`, `/etc/php82/…`.
fn version(path: &Path) -> Option<String> {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let mut is_php = false;
    for name in path.iter().filter_map(|name| name.to_str()) {
        if is_php
            && let Some((major, minor)) = name.split_once('.')
            && is_number(major)
            && is_number(minor)
        {
            return Some(name.to_owned());
        }
        is_php = name == "php";
        if let Some(digits) = name.strip_prefix("php").filter(|digits| is_number(digits)) {
            let (major, minor) = digits.split_at(1);
            return Some(match minor {
                "" => major.to_owned(),
                _ => format!("{major}.{minor}"),
            });
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_tells_version_and_prefix() {
        for (path, expected, folder) in [
            ("/etc/php/8.2/fpm/php-fpm.conf", Some("8.2"), "/usr"),
            ("/etc/php-fpm.conf", None, "/usr"),
            ("/usr/local/etc/php-fpm.conf", None, "/usr/local"),
            ("/opt/php-8.3/etc/php-fpm.conf", None, "/opt/php-8.3"),
            (
                "/etc/opt/remi/php82/php-fpm.conf",
                Some("8.2"),
                "/opt/remi/php82/root/usr",
            ),
            ("/etc/php83/php-fpm.conf", Some("8.3"), "/usr"),
            ("/etc/php8/fpm/php-fpm.conf", Some("8"), "/usr"),
            ("/etc/php/php-fpm.conf", None, "/usr"),
            ("/srv/pools/www.conf", None, "/usr"),
        ] {
            let path = Path::new(path);
            assert_eq!(version(path).as_deref(), expected, "{}", path.display());
            assert_eq!(prefix(path), Path::new(folder), "{}", path.display());
        }
    }
}
