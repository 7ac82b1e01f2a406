use foldhash::HashSet;

use crate::rollup::Row;

use super::{MOST_NAMES, MOST_OF_OTHERS, MOST_POOLS};

/// The different names of rows, as long as there are not too many: then nobody has to choose which are kept.
#[derive(Debug, Default)]
pub(in crate::rollup) struct Few {
    pools: Names,
    peers: Names,
    servers: Names,
    hosts: Names,
}

#[derive(Debug, Default)]
struct Names {
    /// The name that came last: most rows have one that the row before had.
    last: Vec<u8>,
    names: HashSet<Box<[u8]>>,
}

impl Names {
    fn add(&mut self, name: &[u8], most: usize) {
        let is_known = self.last == name && !self.names.is_empty();
        if is_known || self.names.len() > most {
            return;
        }
        self.last.clear();
        self.last.extend_from_slice(name);
        if !self.names.contains(name) {
            self.names.insert(name.into());
        }
    }

    fn merge(&mut self, other: Self, most: usize) {
        other.names.iter().for_each(|name| self.add(name, most));
    }
}

impl Few {
    /// Adds the names of a row: of its pool and host, and of peer and server.
    pub(in crate::rollup) fn add(
        &mut self,
        [pool, host]: [&[u8]; 2],
        [peer, server]: [Option<&[u8]>; 2],
    ) {
        self.pools.add(pool, MOST_POOLS);
        self.hosts.add(host, MOST_OF_OTHERS);
        peer.iter()
            .for_each(|peer| self.peers.add(peer, MOST_NAMES));
        let servers = server.iter();
        servers.for_each(|server| self.servers.add(server, MOST_NAMES));
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

    /// Whether all can be kept, even if each pool has each peer and each server.
    pub(in crate::rollup) fn are_few(&self) -> bool {
        let Self {
            pools,
            peers,
            servers,
            hosts,
        } = self;
        let [pools, peers, servers, hosts] =
            [pools, peers, servers, hosts].map(|all| all.names.len());
        pools <= MOST_POOLS
            && pools * peers <= MOST_NAMES
            && pools * servers <= MOST_NAMES
            && hosts <= MOST_OF_OTHERS
    }
}
