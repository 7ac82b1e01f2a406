use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use crate::config::fpm::{Fpm, Pool};
use crate::config::nginx::{Conf, Pass, Upstream};
use crate::config::{Address, Place};
use crate::record::Moment;

use super::backends::{Backend, Use, backends};
use super::logged::{Logged, moment};
use super::reach::{Fault, fault};
use super::services::{FpmService, NginxService};
use super::system::{Account, System};

/// All that a check may look at.
#[derive(Debug)]
pub struct Subject<'a> {
    /// The machine.
    pub(super) system: &'a System,
    /// The configurations of NGINX, as a rule one.
    pub(super) nginx: Vec<Nginx<'a>>,
    /// The installed PHP-FPMs.
    pub(super) fpms: &'a [Fpm],
    /// What names stand for; no address for a name that does not resolve, no entry for one that was
    /// not looked up.
    pub(super) names: &'a HashMap<String, Vec<IpAddr>>,
    /// The machine's own addresses.
    pub(super) own: &'a [IpAddr],
    /// The events of the logs.
    pub(super) logged: &'a Logged,
    /// What NGINX connects to, each address once.
    pub(super) backends: Vec<Backend<'a>>,
    /// What keeps NGINX from reaching which of them.
    pub(super) faults: Vec<(usize, Fault<'a>)>,
    /// Where paths lead, as far as they were followed.
    real: RefCell<HashMap<PathBuf, PathBuf>>,
}

/// As many links are followed on the way to a file (path_resolution(7)).
const MOST_LINKS: usize = 40;

/// A configuration of NGINX.
#[derive(Debug)]
pub(super) struct Nginx<'a> {
    pub conf: &'a Conf,
    pub file: &'a Path,
    pub upstreams: Vec<Upstream<'a>>,
    pub passes: Vec<Pass<'a>>,
    /// Who the workers are, if that is known.
    pub worker: Option<Account>,
}

impl<'a> Subject<'a> {
    /// Puts together what was read and seen.
    pub fn new(
        system: &'a System,
        confs: &'a [Conf],
        fpms: &'a [Fpm],
        names: &'a HashMap<String, Vec<IpAddr>>,
        own: &'a [IpAddr],
        logged: &'a Logged,
    ) -> Self {
        let nginx: Vec<Nginx<'a>> = confs
            .iter()
            .map(|conf| {
                let file = conf
                    .files
                    .first()
                    .map_or(Path::new("nginx.conf"), PathBuf::as_path);
                Nginx {
                    conf,
                    file,
                    upstreams: conf.upstreams(),
                    passes: conf.passes(),
                    worker: worker(system, conf, file),
                }
            })
            .collect();
        let backends = nginx
            .iter()
            .enumerate()
            .flat_map(|(number, nginx)| backends(number, nginx))
            .collect();
        let mut subject = Self {
            system,
            nginx,
            fpms,
            names,
            own,
            logged,
            backends,
            faults: Vec::new(),
            real: RefCell::default(),
        };
        let faults = subject.backends.iter().enumerate();
        let faults = faults.filter_map(|(at, backend)| Some((at, fault(&subject, backend)?)));
        subject.faults = faults.collect();
        subject
    }

    pub(super) fn pass(&self, backend: &Backend<'a>, of: &Use<'a>) -> &Pass<'a> {
        &self.nginx[backend.nginx].passes[of.pass]
    }

    pub(super) fn nginx_service(&self, backend: &Backend<'a>) -> NginxService<'_> {
        NginxService::new(self.system, self.nginx[backend.nginx].file)
    }

    /// The pools that listen on an address. There can be several: of two installed versions only one
    /// gets the socket.
    pub(super) fn pools_at(&self, address: &Address) -> Vec<(&'a Fpm, &'a Pool)> {
        let listens = |pool: &Pool| {
            pool.listen
                .as_ref()
                .is_some_and(|listen| self.is_at(listen, address))
        };
        self.pools().filter(|(_, pool)| listens(pool)).collect()
    }

    pub(super) fn pools(&self) -> impl Iterator<Item = (&'a Fpm, &'a Pool)> + use<'a> {
        self.fpms
            .iter()
            .flat_map(|fpm| fpm.pools.iter().map(move |pool| (fpm, pool)))
    }

    /// Whether what listens on one address gets the connections to the other.
    pub(super) fn is_at(&self, listen: &Address, address: &Address) -> bool {
        match (listen, address) {
            (Address::Unix(one), Address::Unix(other)) => {
                one == other || self.real(one) == self.real(other)
            }
            (Address::Name(host, port), other) | (other, Address::Name(host, port)) => {
                let ips = self.names.get(host).into_iter().flatten();
                let mut sockets = ips.map(|&ip| Address::Inet((ip, *port).into()));
                match (listen, address) {
                    (Address::Name(..), Address::Name(..)) => listen == address,
                    (Address::Name(..), _) => sockets.any(|socket| self.is_at(&socket, other)),
                    _ => sockets.any(|socket| self.is_at(other, &socket)),
                }
            }
            (Address::Port(port), Address::Inet(to)) => *port == to.port() && self.is_own(to.ip()),
            (Address::Inet(on), Address::Inet(to)) => {
                let any = on.ip().is_unspecified() && (on.is_ipv6() || to.is_ipv4());
                on.port() == to.port() && (on.ip() == to.ip() || any && self.is_own(to.ip()))
            }
            _ => false,
        }
    }

    /// Whether it is an address of this machine.
    pub(super) fn is_own(&self, ip: IpAddr) -> bool {
        ip.is_loopback() || ip.is_unspecified() || self.own.contains(&ip)
    }

    /// A path with its links followed: `/var/run` leads to `/run`, and Debian's `/run/php/php-fpm.sock` to the
    /// socket of one version, whether that is there or not.
    pub(super) fn real(&self, path: &Path) -> PathBuf {
        if let Some(known) = self.real.borrow().get(path) {
            return known.clone();
        }
        let real = self.follow(path);
        self.real
            .borrow_mut()
            .insert(path.to_path_buf(), real.clone());
        real
    }

    fn follow(&self, path: &Path) -> PathBuf {
        let root = &self.system.root;
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

    /// When the files in which these places are were written last.
    pub(super) fn changed<'p>(
        &self,
        places: impl IntoIterator<Item = &'p Place>,
    ) -> Option<Moment> {
        let files: BTreeSet<_> = places.into_iter().map(|place| &place.file).collect();
        let times = files.into_iter().filter_map(|file| {
            let meta = fs::metadata(self.system.root.outside(file)).ok()?;
            meta.modified().ok()
        });
        times.max().map(moment)
    }

    pub(super) fn fpm_service(&self, fpm: &'a Fpm) -> FpmService<'a> {
        FpmService::new(self.system, fpm)
    }
}

/// Who NGINX's workers are: those that run, or whom the configuration or a package names.
fn worker(system: &System, conf: &Conf, file: &Path) -> Option<Account> {
    let running = system.processes.as_ref().and_then(|processes| {
        let master = NginxService::new(system, file).master()?;
        processes.nginx_workers(master).next()
    });
    if let Some(worker) = running {
        return Some(Account {
            name: system.accounts.user_name(worker.uid),
            group: worker
                .gids
                .first()
                .map_or_else(String::new, |&gid| system.accounts.group_name(gid)),
            uid: worker.uid,
            gids: worker.gids.clone(),
        });
    }
    match conf.main("user").map(|user| user.args.as_slice()) {
        Some([name]) => {
            // Without a group NGINX takes the one of the same name (ngx_core_module, user).
            system
                .accounts
                .account(name, Some(name))
                .or_else(|| system.accounts.account(name, None))
        }
        Some([name, group, ..]) => system.accounts.account(name, Some(group)),
        _ => {
            let mut usual = ["www-data", "nginx", "nobody"].into_iter();
            let name = usual.find(|name| system.accounts.has_user(name))?;
            system.accounts.account(name, None)
        }
    }
}
