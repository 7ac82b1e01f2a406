use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, SocketAddr};

use super::nginx::Nginx;
use super::servers::Servers;
use super::{fpm, nginx};
use crate::config::Address;
use crate::config::fpm::Fpm;

/// What is known of names and addresses, for [`Names::new`](super::Names::new).
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// The addresses of names.
    pub names: HashMap<String, Vec<IpAddr>>,
    /// The machine's own addresses.
    pub own: Vec<IpAddr>,
}

impl Known {
    /// The peers as which NGINX may log a server: its address, or those of its name.
    pub(super) fn peers(&self, address: &Address) -> Vec<String> {
        let mut peers = vec![address.to_string()];
        if let Address::Name(host, port) = address {
            let addresses = self.names.get(host).into_iter().flatten();
            peers.extend(addresses.map(|&ip| SocketAddr::new(ip, *port).to_string()));
        }
        peers
    }
}

/// A pool's name, by its number.
pub(super) type Number = u32;

/// The pools of peers.
#[derive(Debug, Clone, Default)]
pub(super) struct Table {
    names: Vec<Box<[u8]>>,
    peers: hashbrown::HashMap<Box<[u8]>, Holder, foldhash::fast::RandomState>,
    servers: Servers,
}

/// To which pools a peer belongs.
#[derive(Debug, Clone)]
enum Holder {
    One(Number),
    /// In the order of the configuration.
    Several(Box<[Number]>),
}

/// A table that is being filled. What comes earlier is stronger.
#[derive(Default)]
pub(super) struct Draft {
    table: Table,
    numbers: HashMap<String, Number>,
    /// The peers of what is just being added.
    stage: Vec<(String, Number)>,
}

impl Table {
    pub(super) fn new(nginx: &[Nginx<'_>], fpms: &[&Fpm], known: &Known) -> Self {
        let mut draft = Draft::default();
        for nginx in nginx {
            nginx::add_upstreams(&mut draft, nginx, known);
        }
        draft.settle();
        for nginx in nginx {
            nginx::add_upstream_names(&mut draft, nginx);
        }
        draft.settle();
        fpm::add_pools(&mut draft, fpms, known);
        draft.settle();
        for nginx in nginx {
            nginx::add_passes(&mut draft, nginx, known);
        }
        draft.settle();
        for nginx in nginx {
            nginx::add_pass_names(&mut draft, nginx);
        }
        draft.settle_unique();
        if draft.is_shared() {
            for nginx in nginx {
                nginx::add_servers(&mut draft, nginx);
            }
        }
        draft.table
    }

    pub(super) fn find(&self, peer: &[u8], server: Option<&[u8]>) -> Option<&[u8]> {
        let number = match self.peers.get(peer)? {
            Holder::One(number) => *number,
            Holder::Several(numbers) => {
                let only = server.and_then(|server| self.servers.only(server, numbers));
                only.unwrap_or(numbers[0])
            }
        };
        self.names.get(number as usize).map(|name| &**name)
    }

    pub(super) fn shared(&self) -> impl Iterator<Item = (String, Vec<String>)> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let name = move |&number: &Number| text(&self.names[number as usize]);
        let mut shared: Vec<_> = self
            .peers
            .iter()
            .filter_map(|(peer, holder)| match holder {
                Holder::One(_) => None,
                Holder::Several(numbers) => Some((text(peer), numbers.iter().map(name).collect())),
            })
            .collect();
        shared.sort();
        shared.into_iter()
    }
}

impl Draft {
    /// The number of a name.
    pub(super) fn number(&mut self, name: &str) -> Number {
        if let Some(&number) = self.numbers.get(name) {
            return number;
        }
        let number = self.table.names.len() as Number;
        self.table.names.push(name.as_bytes().into());
        self.numbers.insert(name.to_owned(), number);
        number
    }

    pub(super) fn known(&self, name: &str) -> Option<Number> {
        self.numbers.get(name).copied()
    }

    /// Says that a peer belongs to a pool, among others perhaps.
    pub(super) fn add(&mut self, peer: impl Into<String>, number: Number) {
        self.stage.push((peer.into(), number));
    }

    /// Says that a server passes to a pool.
    pub(super) fn add_server(&mut self, server: &str, number: Number) {
        self.table.servers.add(server, number);
    }

    fn is_shared(&self) -> bool {
        let mut holders = self.table.peers.values();
        holders.any(|holder| matches!(holder, Holder::Several(_)))
    }

    /// Takes over what was added. A peer that was known before stays where it is.
    fn settle(&mut self) {
        for (peer, numbers) in self.staged() {
            let holder = match numbers[..] {
                [number] => Holder::One(number),
                _ => Holder::Several(numbers.into()),
            };
            let entry = self.table.peers.entry(peer.into_bytes().into());
            entry.or_insert(holder);
        }
    }

    /// The same, without what belongs to several.
    fn settle_unique(&mut self) {
        for (peer, numbers) in self.staged() {
            if let [number] = numbers[..] {
                let entry = self.table.peers.entry(peer.into_bytes().into());
                entry.or_insert(Holder::One(number));
            }
        }
    }

    fn staged(&mut self) -> impl Iterator<Item = (String, Vec<Number>)> + use<> {
        let mut met = HashSet::new();
        let mut staged: HashMap<String, Vec<Number>> = HashMap::new();
        for (peer, number) in std::mem::take(&mut self.stage) {
            if met.insert((peer.clone(), number)) {
                staged.entry(peer).or_default().push(number);
            }
        }
        staged.into_iter()
    }
}
