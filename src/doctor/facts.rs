use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::rc::Rc;

use crate::config::fpm::{Fpm, Pool};
use crate::config::nginx::Pass;
use crate::config::{Address, Found, Place};
use crate::pool::Known;
use crate::record::Moment;
use crate::taxonomy::Class;

use super::backends::{Backend, Use, backends};
use super::complaints::Complaints;
use super::knock::refused;
use super::links::Links;
use super::logged::{Logged, Seen, moment};
use super::nearest::Comparable;
use super::nginx::Nginx;
use super::services::{FpmService, NginxService};
use super::system::System;

/// What was read and seen of a machine.
#[derive(Debug)]
pub struct Facts<'a> {
    /// The machine.
    pub(super) system: &'a System,
    /// The configurations of NGINX, as a rule one.
    pub(super) nginx: Vec<Nginx<'a>>,
    /// The installed PHP-FPMs.
    pub(super) fpms: Vec<&'a Fpm>,
    /// What names stand for; no address for a name that does not resolve, no entry for one that was
    /// not looked up.
    pub(super) names: &'a HashMap<String, Vec<IpAddr>>,
    /// The machine's own addresses.
    pub(super) own: &'a [IpAddr],
    /// The events of the logs.
    pub(super) logged: &'a Logged,
    /// What NGINX connects to, each address once.
    pub(super) backends: Vec<Backend<'a>>,
    /// Which peers on other machines refuse connections.
    pub(super) refused: BTreeSet<SocketAddr>,
    /// The pools by what they listen on.
    listening: HashMap<Door, Vec<(&'a Fpm, &'a Pool)>>,
    /// The pools that say what they listen on.
    pub(super) listeners: Vec<Listener<'a>>,
    /// The pools to which NGINX passes requests.
    used: HashSet<&'a Place>,
    /// The kinds of events by the address of their peer.
    events: HashMap<Door, Vec<(&'a Address, usize)>>,
    /// What NGINX connects to, by number.
    passed: HashMap<Door, Vec<usize>>,
    /// What the PHP-FPMs say of their pools, by their main files.
    complaints: RefCell<HashMap<PathBuf, Rc<Complaints>>>,
    /// Where paths lead, as far as they were followed.
    pub(super) links: Links<'a>,
}

/// A pool and what it listens on.
#[derive(Debug)]
pub(super) struct Listener<'a> {
    pub fpm: &'a Fpm,
    pub pool: &'a Pool,
    pub listen: Comparable<'a>,
    /// Whether NGINX passes requests to it.
    pub is_used: bool,
}

/// What tells most addresses apart: those of one door may be the same, others are not.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) enum Door {
    Path(PathBuf),
    Port(u16),
}

impl<'a> Facts<'a> {
    /// Puts together what was read and seen.
    pub fn new(system: &'a System, found: &'a Found, known: &'a Known, logged: &'a Logged) -> Self {
        let nginx: Vec<_> = found
            .nginx
            .iter()
            .map(|conf| Nginx::new(system, conf))
            .collect();
        let backends = nginx
            .iter()
            .enumerate()
            .flat_map(|(number, nginx)| backends(number, nginx))
            .collect();
        let mut facts = Self {
            system,
            nginx,
            fpms: found
                .fpms
                .iter()
                .filter(|fpm| FpmService::new(system, fpm).is_installed())
                .collect(),
            names: &known.names,
            own: &known.own,
            logged,
            backends,
            refused: BTreeSet::new(),
            listening: HashMap::new(),
            listeners: Vec::new(),
            used: HashSet::new(),
            events: HashMap::new(),
            passed: HashMap::new(),
            complaints: RefCell::default(),
            links: Links::new(&system.root),
        };
        for (fpm, pool) in facts.pools() {
            if let Some(door) = pool.listen.as_ref().map(|listen| facts.door(listen)) {
                facts.listening.entry(door).or_default().push((fpm, pool));
            }
        }
        for (at, address) in logged.addresses() {
            let door = facts.door(address);
            facts.events.entry(door).or_default().push((address, at));
        }
        for (at, backend) in facts.backends.iter().enumerate() {
            let door = facts.door(&backend.address);
            facts.passed.entry(door).or_default().push(at);
        }
        let used = facts
            .backends
            .iter()
            .flat_map(|backend| facts.pools_at(&backend.address));
        facts.used = used.map(|(_, pool)| &pool.place).collect();
        let listeners = facts.pools().filter_map(|(fpm, pool)| {
            Some(Listener {
                fpm,
                pool,
                listen: Comparable::new(pool.listen.as_ref()?),
                is_used: facts.is_used(pool),
            })
        });
        facts.listeners = listeners.collect();
        if system.root.is_live() {
            facts.refused = refused(facts.remote());
        }
        facts
    }

    /// The peers on other machines.
    fn remote(&self) -> BTreeSet<SocketAddr> {
        let addresses = self
            .backends
            .iter()
            .flat_map(|backend| match &backend.address {
                Address::Inet(address) => vec![*address],
                Address::Name(host, port) => {
                    let ips = self.names.get(host).into_iter().flatten();
                    ips.map(|&ip| SocketAddr::new(ip, *port)).collect()
                }
                Address::Unix(_) | Address::Port(_) => Vec::new(),
            });
        addresses
            .filter(|address| !self.is_own(address.ip()))
            .collect()
    }

    pub(super) fn pass(&self, backend: &Backend<'a>, of: &Use<'a>) -> &Pass<'a> {
        &self.nginx[backend.nginx].passes[of.pass]
    }

    /// The service that reads a configuration of NGINX.
    pub(super) fn service(&self, nginx: &Nginx<'a>) -> NginxService<'_> {
        NginxService::new(self.system, nginx.file)
    }

    pub(super) fn nginx_service(&self, backend: &Backend<'a>) -> NginxService<'_> {
        self.service(&self.nginx[backend.nginx])
    }

    /// The pools that listen on an address. There can be several: of two installed versions only one
    /// gets the socket, and one that runs comes first.
    pub(super) fn pools_at(&self, address: &Address) -> Vec<(&'a Fpm, &'a Pool)> {
        let pools = self
            .listening
            .get(&self.door(address))
            .into_iter()
            .flatten();
        let listens = |pool: &Pool| {
            let listen = pool.listen.as_ref();
            listen.is_some_and(|listen| self.is_at(listen, address))
        };
        let mut pools: Vec<_> = pools.filter(|(_, pool)| listens(pool)).copied().collect();
        if pools.len() > 1 {
            pools.sort_by_key(|(fpm, _)| self.fpm_service(fpm).master().is_none());
        }
        pools
    }

    pub(super) fn pools(&self) -> impl Iterator<Item = (&'a Fpm, &'a Pool)> + use<'a> {
        let fpms = self.fpms.clone().into_iter();
        fpms.flat_map(|fpm| fpm.pools.iter().map(move |pool| (fpm, pool)))
    }

    /// The numbers of the sockets on which a pool may accept connections.
    pub(super) fn sockets_of(&self, pool: &Pool) -> Vec<u64> {
        let sockets = self.system.sockets.as_ref();
        let (Some(sockets), Some(listen)) = (sockets, &pool.listen) else {
            return Vec::new();
        };
        match listen {
            Address::Unix(path) => {
                let real = Address::Unix(self.links.real(path));
                [sockets.numbers(listen), sockets.numbers(&real)].concat()
            }
            _ => sockets.numbers(listen),
        }
    }

    /// Whether NGINX passes requests to a pool.
    pub(super) fn is_used(&self, pool: &Pool) -> bool {
        self.used.contains(&pool.place)
    }

    /// The events of these classes whose peer is at an address, after `since`.
    pub(super) fn seen_at(
        &self,
        address: &Address,
        classes: &[Class],
        since: Option<Moment>,
    ) -> Option<Seen> {
        let kinds = self.events.get(&self.door(address)).into_iter().flatten();
        let kinds = kinds.filter(|(peer, _)| self.is_at(address, peer));
        self.logged
            .of_kinds(kinds.map(|&(_, at)| at), classes, since)
    }

    /// Whether the NGINX of this number connects to an address.
    pub(super) fn is_passed(&self, nginx: usize, peer: &Address) -> bool {
        let backends = self.passed.get(&self.door(peer)).into_iter().flatten();
        let mut backends = backends.map(|&at| &self.backends[at]);
        backends.any(|backend| backend.nginx == nginx && self.is_at(&backend.address, peer))
    }

    /// What the log of a PHP-FPM says of its pools.
    pub(super) fn complaints(&self, fpm: &Fpm) -> Rc<Complaints> {
        let mut known = self.complaints.borrow_mut();
        let read = || Rc::new(Complaints::read(&self.system.root, fpm));
        Rc::clone(known.entry(fpm.conf.clone()).or_insert_with(read))
    }

    pub(super) fn door(&self, address: &Address) -> Door {
        match address {
            Address::Unix(path) => Door::Path(self.links.real(path)),
            Address::Inet(address) => Door::Port(address.port()),
            Address::Port(port) | Address::Name(_, port) => Door::Port(*port),
        }
    }

    /// Whether what listens on one address gets the connections to the other.
    pub(super) fn is_at(&self, listen: &Address, address: &Address) -> bool {
        match (listen, address) {
            (Address::Unix(one), Address::Unix(other)) => {
                one == other || self.links.real(one) == self.links.real(other)
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
