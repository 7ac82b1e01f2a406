use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::config::fpm::Fpm;
use crate::config::nginx::Conf;
use crate::config::{Address, Found, Root, own_addresses, resolve};

use super::{Known, Machine, Names};

/// Configurations of NGINX and PHP-FPM that were read.
pub struct Configurations {
    /// What was asked for by name.
    pub named: Found,
    /// What was found in the usual places.
    pub found: Found,
}

/// What the pools are called.
#[derive(Default)]
pub struct Pools {
    /// By what they are looked up.
    pub names: Names,
    /// What a person should know.
    pub remarks: Vec<String>,
    /// What only one should know who asks for more.
    pub details: Vec<String>,
    /// What of the named configurations could not be read.
    pub faults: Vec<String>,
    /// The service behind a peer, where it is a pool of PHP-FPM.
    pub services: HashMap<String, String>,
}

/// How long name servers may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// What is wrong with one's configuration is for `doctor` to tell.
const MOST_REMARKS: usize = 5;

impl Configurations {
    /// Those that a person has named.
    pub fn named(root: &Root, nginx_conf: &[PathBuf], php_fpm: &[PathBuf]) -> Self {
        let mut named = Found::default();
        for path in nginx_conf {
            match Conf::read(root, &whole(root, path)) {
                Ok(conf) => named.nginx.push(conf),
                Err(problem) => named.problems.push(problem),
            }
        }
        for path in php_fpm {
            match Fpm::read(root, &whole(root, path)) {
                Ok(fpm) => named.fpms.push(fpm),
                Err(problem) => named.problems.push(problem),
            }
        }
        Self {
            named,
            found: Found::default(),
        }
    }

    /// All of them, what was named first.
    pub fn all(self) -> Found {
        let Self { mut named, found } = self;
        named.nginx.extend(found.nginx);
        named.fpms.extend(found.fpms);
        named.problems.extend(found.problems);
        named
    }

    /// Asks for the addresses of names, and puts together what the pools are called.
    pub fn pools(&self, root: &Root, machine: Machine) -> Pools {
        let hosts: BTreeSet<String> = [&self.named, &self.found]
            .iter()
            .flat_map(|found| found.hosts())
            .collect();
        let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
        let known = Known {
            names: resolve(root, &hosts, PATIENCE),
            own: match self.listens_everywhere() {
                true => own_addresses(root),
                false => Vec::new(),
            },
        };
        let names = Names::new(&self.named, &self.found, &known, machine);
        let problems = |found: &Found| found.all_problems().map(ToString::to_string).collect();
        let mut remarks: Vec<String> = problems(&self.found);
        let more = remarks.len().saturating_sub(MOST_REMARKS);
        if more > 0 {
            remarks.truncate(MOST_REMARKS);
            remarks.push(format!(
                "{more} more problems in configurations; badgateway doctor tells all"
            ));
        }
        let mut details = self.read();
        let is_lost = |host: &&&str| known.names.get(**host).is_none_or(Vec::is_empty);
        let lost = hosts.iter().filter(is_lost);
        details.extend(lost.map(|host| format!("{host}: no address is known for this name")));
        details.extend(names.shared().map(|(peer, pools)| {
            let pools = pools.join(", ");
            format!("{peer} is in several pools ({pools}); where the server does not tell, it is in the first")
        }));
        Pools {
            names,
            remarks,
            details,
            faults: problems(&self.named),
            services: self.services(&known),
        }
    }

    fn services(&self, known: &Known) -> HashMap<String, String> {
        let fpms = self.named.fpms.iter().chain(&self.found.fpms);
        let mut services = HashMap::new();
        for fpm in fpms {
            let listens = fpm.pools.iter().filter_map(|pool| pool.listen.as_ref());
            let peers = listens.flat_map(|listen| known.listening(listen));
            services.extend(peers.map(|peer| (peer, fpm.service())));
        }
        services
    }

    /// A line for each configuration.
    fn read(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for found in [&self.named, &self.found] {
            for conf in &found.nginx {
                let main = conf.files.first().map(|path| path.display());
                let upstreams = conf.upstreams().len();
                lines.extend(main.map(|main| format!("{main}: {upstreams} upstream blocks")));
            }
            for fpm in &found.fpms {
                let pools = fpm.pools.len();
                lines.push(format!("{}: {pools} pools of PHP-FPM", fpm.conf.display()));
            }
        }
        lines
    }

    /// Whether a pool of PHP-FPM listens on all addresses of its machine.
    fn listens_everywhere(&self) -> bool {
        let fpms = self.named.fpms.iter().chain(&self.found.fpms);
        let mut listens = fpms.flat_map(|fpm| &fpm.pools).map(|pool| &pool.listen);
        listens.any(|listen| match listen {
            Some(Address::Port(_)) => true,
            Some(Address::Inet(address)) => address.ip().is_unspecified(),
            _ => false,
        })
    }
}

/// The path of a file that a person has named.
fn whole(root: &Root, path: &Path) -> PathBuf {
    match root.is_live() {
        true => std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf()),
        false => Path::new("/").join(path),
    }
}
