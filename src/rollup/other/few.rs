use foldhash::HashSet;

use crate::rollup::Row;

use super::{MOST_NAMES, MOST_OF_OTHERS, MOST_POOLS};

/// The different names of rows, as long as there are not too many: then nobody has to choose which are kept.
#[derive(Debug, Default)]
pub struct Few {
    pools: Names,
    /// By pool.
    peers: Names,
    servers: Names,
    hosts: Names,
}

#[derive(Debug, Default)]
struct Names {
    /// The name that came last, behind that of its group: most rows have one that the row before had.
    last: Vec<u8>,
    names: HashSet<Box<[u8]>>,
}

impl Names {
    /// Adds a name of a group of names.
    fn add(&mut self, group: &[u8], name: &[u8], most: usize) {
        let last = &self.last;
        let is_known = last.len() == group.len() + 1 + name.len()
            && last.starts_with(group)
            && last.ends_with(name);
        if is_known || self.names.len() > most {
            return;
        }
        self.last.clear();
        self.last.extend_from_slice(group);
        // No text has that.
        self.last.push(0xff);
        self.last.extend_from_slice(name);
        if !self.names.contains(&*self.last) {
            self.names.insert((&*self.last).into());
        }
    }

    fn merge(&mut self, other: Self, most: usize) {
        for name in other.names {
            if self.names.len() <= most {
                self.names.insert(name);
            }
        }
    }
}

impl Few {
    /// Adds the names of a row: of its pool and host, and of peer and server.
    pub fn add(&mut self, [pool, host]: [&[u8]; 2], [peer, server]: [Option<&[u8]>; 2]) {
        self.pools.add(b"", pool, MOST_POOLS);
        self.hosts.add(b"", host, MOST_OF_OTHERS);
        for (names, name) in [(&mut self.peers, peer), (&mut self.servers, server)] {
            name.iter()
                .for_each(|name| names.add(pool, name, MOST_NAMES));
        }
    }

    pub(in crate::rollup) fn of(rows: &[Row]) -> Self {
        let mut few = Self::default();
        for row in rows {
            let [peer, server] =
                [&row.peer, &row.server].map(|name| name.as_deref().map(str::as_bytes));
            few.add([row.pool.as_bytes(), row.host.as_bytes()], [peer, server]);
        }
        few
    }

    pub(in crate::rollup) fn merge(&mut self, other: Self) {
        self.pools.merge(other.pools, MOST_POOLS);
        self.peers.merge(other.peers, MOST_NAMES);
        self.servers.merge(other.servers, MOST_NAMES);
        self.hosts.merge(other.hosts, MOST_OF_OTHERS);
    }

    /// Whether all can be kept.
    pub fn are_few(&self) -> bool {
        let Self {
            pools,
            peers,
            servers,
            hosts,
        } = self;
        let [pools, peers, servers, hosts] =
            [pools, peers, servers, hosts].map(|all| all.names.len());
        pools <= MOST_POOLS && peers.max(servers) <= MOST_NAMES && hosts <= MOST_OF_OTHERS
    }
}
