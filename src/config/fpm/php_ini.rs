use std::io;
use std::path::{Path, PathBuf};

use super::ini::{Line, lines};
use super::{Fpm, Setting};
use crate::config::{Place, Problem, Root};

/// Where `php.ini` and its folder of additions are, beside `php-fpm.conf`: Debian, Alpine and Arch have
/// `php.ini` and `conf.d`, Fedora `php.ini` and `php.d`, PHP's images `php/php.ini` and `php/conf.d`,
/// FreeBSD `php.ini` and `php`.
const INIS: [&str; 2] = ["php.ini", "php/php.ini"];
const FOLDERS: [&str; 4] = ["conf.d", "php.d", "php/conf.d", "php"];

/// Reads the `php.ini` of a PHP-FPM, and what its folder adds. That there is none is no problem.
pub(super) fn read(root: &Root, fpm: &mut Fpm) {
    // A pool's own file stands one folder deeper.
    let folders: Vec<PathBuf> = fpm
        .conf
        .ancestors()
        .skip(1)
        .take(2)
        .map(Path::to_path_buf)
        .collect();
    let is_file = |path: &PathBuf| root.outside(path).is_file();
    let is_folder = |path: &PathBuf| root.outside(path).is_dir();
    let candidates = |names: &'static [&'static str]| {
        folders
            .iter()
            .flat_map(move |folder| names.iter().map(move |name| folder.join(name)))
    };
    let mut paths: Vec<PathBuf> = candidates(&INIS).find(is_file).into_iter().collect();
    if let Some(folder) = candidates(&FOLDERS).find(is_folder) {
        let (more, failed) = root.glob(&folder.join("*.ini"), &mut 10_000);
        let failed = failed.into_iter();
        let failed = failed.map(|(folder, error)| Problem::unreadable(folder, &error));
        fpm.problems.extend(failed);
        for path in more {
            if !paths.contains(&path) {
                paths.push(path);
            }
        }
    }
    for path in paths {
        match root.read(&path) {
            Ok(text) => {
                fpm.ini.extend(settings(&path, &text));
                fpm.files.push(path);
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => fpm.problems.push(Problem::unreadable(path, &error)),
        }
    }
}

/// All settings but those of single sites (`[HOST=…]`, `[PATH=…]`), which PHP-FPM reads for them alone.
fn settings(path: &Path, text: &str) -> Vec<Setting> {
    let mut is_for_all = true;
    let mut settings = Vec::new();
    for (line, found) in lines(text) {
        match found {
            Line::Section(name) => {
                let name = name.to_ascii_lowercase();
                is_for_all = !name.starts_with("host=") && !name.starts_with("path=");
            }
            Line::Setting { key, value } if is_for_all => {
                let place = Place {
                    file: path.to_path_buf(),
                    line,
                };
                settings.push(Setting { key, value, place });
            }
            Line::Setting { .. } | Line::Other(_) => {}
        }
    }
    settings
}
