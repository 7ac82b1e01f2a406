use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use crate::config::fpm::{Fpm, Pool};
use crate::config::nginx::{Conf, Directive, Pass, Target, Upstream};
use crate::config::{Address, Place};
use crate::record::Moment;

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
}

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

/// An address that NGINX connects to.
#[derive(Debug)]
pub(super) struct Backend<'a> {
    /// Whose it is.
    pub nginx: usize,
    pub address: Address,
    /// `fastcgi`, `proxy`, …
    pub family: &'a str,
    pub uses: Vec<Use<'a>>,
}

/// Where an address stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Use<'a> {
    /// The pass by which requests get there.
    pub pass: usize,
    /// What names the address: the pass itself, or a `server` of an upstream block.
    pub directive: &'a Directive,
    /// The upstream block.
    pub upstream: Option<usize>,
    /// Whether variables decide at run time, and NGINX resolves a name then.
    pub at_run_time: bool,
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

    /// A path with its links followed, as `/var/run` leads to `/run`.
    pub(super) fn real(&self, path: &Path) -> PathBuf {
        let outside = self.system.root.outside(path);
        let (folder, name) = (outside.parent(), outside.file_name());
        match (folder.and_then(|folder| folder.canonicalize().ok()), name) {
            (Some(folder), Some(name)) => self.system.root.inside(&folder.join(name)),
            _ => path.to_path_buf(),
        }
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

impl Backend<'_> {
    pub fn places(&self) -> Vec<Place> {
        let mut places: Vec<_> = self
            .uses
            .iter()
            .map(|of| of.directive.place.clone())
            .collect();
        places.sort();
        places.dedup();
        places
    }
}

/// The host names that NGINX or PHP-FPM have to resolve.
pub fn names(confs: &[Conf], fpms: &[Fpm]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut add = |address: &Address| {
        if let Address::Name(host, _) = address {
            names.insert(host.clone());
        }
    };
    for conf in confs {
        for upstream in conf.upstreams() {
            upstream
                .servers
                .iter()
                .for_each(|server| add(&server.address));
        }
        for pass in conf.passes() {
            addresses(&pass.target).into_iter().for_each(&mut add);
        }
    }
    fpms.iter()
        .flat_map(|fpm| &fpm.pools)
        .filter_map(|pool| pool.listen.as_ref())
        .for_each(add);
    names
}

/// The addresses that a pass names itself.
fn addresses(target: &Target) -> Vec<&Address> {
    match target {
        Target::Address(address) => vec![address],
        Target::Variable { candidates, .. } => candidates.iter().flat_map(addresses).collect(),
        Target::Upstream(_) | Target::Unknown => Vec::new(),
    }
}

/// The upstream blocks that a pass names.
fn blocks(target: &Target) -> Vec<&str> {
    match target {
        Target::Upstream(name) => vec![name],
        Target::Variable { candidates, .. } => candidates.iter().flat_map(blocks).collect(),
        Target::Address(_) | Target::Unknown => Vec::new(),
    }
}

fn backends<'a>(number: usize, nginx: &Nginx<'a>) -> Vec<Backend<'a>> {
    let mut found: BTreeMap<(Address, &'a str), Vec<Use<'a>>> = BTreeMap::new();
    for (at, pass) in nginx.passes.iter().enumerate() {
        let at_run_time = matches!(pass.target, Target::Variable { .. });
        for address in addresses(&pass.target) {
            let of = Use {
                pass: at,
                directive: pass.directive,
                upstream: None,
                at_run_time,
            };
            found
                .entry((address.clone(), pass.family))
                .or_default()
                .push(of);
        }
        for name in blocks(&pass.target) {
            let block = nginx
                .upstreams
                .iter()
                .position(|upstream| upstream.name == name && upstream.is_stream == pass.is_stream);
            let Some(block) = block else { continue };
            for server in &nginx.upstreams[block].servers {
                if server.directive.args.iter().any(|arg| arg == "down") {
                    continue;
                }
                let at_run_time = server.directive.args.iter().any(|arg| arg == "resolve");
                let of = Use {
                    pass: at,
                    directive: server.directive,
                    upstream: Some(block),
                    at_run_time,
                };
                found
                    .entry((server.address.clone(), pass.family))
                    .or_default()
                    .push(of);
            }
        }
    }
    let backend = |((address, family), uses)| Backend {
        nginx: number,
        address,
        family,
        uses,
    };
    found.into_iter().map(backend).collect()
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
