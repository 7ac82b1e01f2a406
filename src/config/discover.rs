//! Where the configurations of NGINX and PHP-FPM are, when nobody says.

use std::collections::{BTreeSet, HashSet};
use std::io;
use std::path::{Path, PathBuf};

use super::fpm::Fpm;
use super::nginx::Conf;
use super::root::is_pattern;
use super::{Address, Problem, Root};

/// What packages of Linux distributions, FreeBSD's ports, OpenResty's packages and builds from source
/// make of it.
const NGINX: [&str; 6] = [
    "/etc/nginx/nginx.conf",
    "/usr/local/nginx/conf/nginx.conf",
    "/usr/local/etc/nginx/nginx.conf",
    "/usr/local/openresty/nginx/conf/nginx.conf",
    "/opt/nginx/conf/nginx.conf",
    "/opt/nginx/nginx.conf",
];

/// Debian, Fedora, PHP's images and FreeBSD, Remi's collections, Alpine and SUSE, Arch.
const FPM: [&str; 7] = [
    "/etc/php/*/fpm/php-fpm.conf",
    "/etc/php-fpm.conf",
    "/usr/local/etc/php-fpm.conf",
    "/etc/opt/remi/php*/php-fpm.conf",
    "/etc/php*/php-fpm.conf",
    "/etc/php*/fpm/php-fpm.conf",
    "/etc/php/php-fpm.conf",
];

/// The configurations of a machine.
#[derive(Debug, Default)]
pub struct Found {
    /// NGINX's.
    pub nginx: Vec<Conf>,
    /// One of each installed PHP-FPM.
    pub fpms: Vec<Fpm>,
    /// Main files that are there and cannot be read. Each configuration has problems of its own.
    pub problems: Vec<Problem>,
}

impl Found {
    /// Everything that could not be read.
    pub fn all_problems(&self) -> impl Iterator<Item = &Problem> {
        let nginx = self.nginx.iter().flat_map(|conf| &conf.problems);
        let fpms = self.fpms.iter().flat_map(|fpm| &fpm.problems);
        self.problems.iter().chain(nginx).chain(fpms)
    }

    /// Adds NGINX's in the usual places.
    pub fn look_for_nginx(&mut self, root: &Root) {
        for path in places(root, &NGINX, &mut self.problems) {
            match Conf::read(root, &path) {
                Ok(conf) => self.nginx.push(conf),
                Err(problem) => self.problems.push(problem),
            }
        }
    }

    /// Adds those of PHP-FPM in the usual places.
    pub fn look_for_fpms(&mut self, root: &Root) {
        for path in places(root, &FPM, &mut self.problems) {
            match Fpm::read(root, &path) {
                Ok(fpm) => self.fpms.push(fpm),
                Err(problem) => self.problems.push(problem),
            }
        }
    }

    /// The names of servers and listeners that are to be resolved.
    pub fn hosts(&self) -> BTreeSet<String> {
        let mut hosts = BTreeSet::new();
        let mut add = |address: &Address| {
            if let Address::Name(host, _) = address {
                hosts.insert(host.clone());
            }
        };
        for conf in &self.nginx {
            for upstream in conf.upstreams() {
                let servers = upstream.servers.iter();
                servers.for_each(|server| add(&server.address));
            }
            for pass in conf.passes() {
                pass.target.addresses().for_each(&mut add);
            }
        }
        let pools = self.fpms.iter().flat_map(|fpm| &fpm.pools);
        pools.filter_map(|pool| pool.listen.as_ref()).for_each(add);
        hosts
    }
}

/// Reads the configurations in their usual places. That there are none is no problem.
pub fn discover(root: &Root) -> Found {
    let mut found = Found::default();
    found.look_for_nginx(root);
    found.look_for_fpms(root);
    found
}

/// The files that are there, each once, whatever links lead to it.
fn places(root: &Root, patterns: &[&str], problems: &mut Vec<Problem>) -> Vec<PathBuf> {
    let mut met = HashSet::new();
    let mut places = Vec::new();
    for pattern in patterns {
        let pattern = Path::new(pattern);
        let paths = match is_pattern(&pattern.to_string_lossy()) {
            true => {
                let (paths, failed) = root.glob(pattern, &mut 10_000);
                let failed = failed.into_iter();
                let failed = failed.map(|(folder, error)| Problem::unreadable(folder, &error));
                // Two patterns may begin with one folder.
                let new = failed
                    .filter(|problem| !problems.contains(problem))
                    .collect::<Vec<_>>();
                problems.extend(new);
                paths
            }
            false => vec![pattern.to_path_buf()],
        };
        for path in paths {
            match root.outside(&path).canonicalize() {
                Ok(real) => {
                    if met.insert(real) {
                        places.push(path);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                    problems.push(Problem::unreadable(path, &error));
                }
                Err(_) => {}
            }
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    fn machine(files: &[(&str, &str)]) -> (tempfile::TempDir, Root) {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let root = Root::new(folder.path());
        (folder, root)
    }

    #[test]
    fn nothing_is_found_where_nothing_is() {
        let (_folder, root) = machine(&[]);
        let found = discover(&root);
        assert!(found.nginx.is_empty() && found.fpms.is_empty());
        assert_eq!(found.all_problems().count(), 0);
    }

    #[test]
    fn every_usual_place_is_looked_at_and_no_file_is_read_twice() {
        let (folder, root) = machine(&[
            ("etc/nginx/nginx.conf", "user a;"),
            ("opt/nginx/conf/nginx.conf", "user b;"),
            ("etc/php/7.4/fpm/php-fpm.conf", "[a]"),
            ("etc/php/8.2/fpm/php-fpm.conf", "[b]"),
            ("etc/php-fpm.conf", "[c]"),
            ("etc/opt/remi/php81/php-fpm.conf", "[d]"),
            ("etc/php83/php-fpm.conf", "[e]"),
            ("etc/php/php-fpm.conf", "[f]"),
        ]);
        let link = folder.path().join("usr/local/nginx/conf");
        fs::create_dir_all(link.parent().unwrap()).unwrap();
        symlink("/etc/nginx", link).unwrap();
        let found = discover(&root);
        let users: Vec<_> = found
            .nginx
            .iter()
            .map(|conf| conf.main("user").unwrap().args[0].as_str())
            .collect();
        assert_eq!(users, ["a", "b"]);
        let pools: Vec<_> = found
            .fpms
            .iter()
            .map(|fpm| (fpm.pools[0].name.as_str(), fpm.version.as_deref()))
            .collect();
        assert_eq!(
            pools,
            [
                ("a", Some("7.4")),
                ("b", Some("8.2")),
                ("c", None),
                ("d", Some("8.1")),
                ("f", None),
                ("e", Some("8.3")),
            ]
        );
        assert_eq!(found.all_problems().count(), 0);
    }

    #[test]
    fn what_is_there_and_cannot_be_read_is_told() {
        let (_folder, root) = machine(&[
            ("etc/nginx/nginx.conf/file", ""),
            ("etc/php-fpm.conf", "[www]\nnonsense\n"),
        ]);
        let found = discover(&root);
        let said: Vec<_> = found.all_problems().map(ToString::to_string).collect();
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(said[0].starts_with("/etc/nginx/nginx.conf: cannot be read: "));
        assert_eq!(
            said[1],
            "/etc/php-fpm.conf:2: neither a section nor a setting: nonsense"
        );
    }
}
