use std::io;
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt, HashSet};

use crate::rollup::Row;
use crate::rollup::frequent::{Counted, Frequent};

use super::{MOST_NAMES, MOST_OF_OTHERS, MOST_POOLS, OTHER};

/// What a row is called by, and how often.
#[derive(Debug, Clone, Copy)]
pub struct Mention<'a> {
    /// The pool's name.
    pub pool: &'a str,
    /// The machine whose log it is.
    pub host: &'a str,
    /// The address tried.
    pub peer: Option<&'a str>,
    /// The `server_name`.
    pub server: Option<&'a str>,
    /// How many events.
    pub events: u64,
}

impl<'a> Mention<'a> {
    /// That of a row.
    pub(in crate::rollup) fn of(row: &'a Row) -> Self {
        Self {
            pool: &row.pool,
            host: &row.host,
            peer: row.peer.as_deref(),
            server: row.server.as_deref(),
            events: row.events,
        }
    }
}

/// The names that rows keep.
#[derive(Debug)]
pub struct Kept {
    pools: Names,
    /// By pool.
    peers: Names,
    servers: Names,
    /// The servers that keep their names where the pool does not.
    servers_of_others: Names,
    hosts: Names,
    other: Arc<str>,
}

/// Names of each group of names; `None`: all.
#[derive(Debug)]
struct Names(Option<HashMap<Arc<str>, HashSet<Arc<str>>>>);

/// So many times as many are counted as are kept, so that those are the right ones.
const MORE: usize = 4;

/// The pools that keep their names are being chosen.
struct Pools<F> {
    /// Which pools configurations name: these are kept.
    is_known: F,
    known: HashSet<Arc<str>>,
    counting: Counting,
}

impl<F: Fn(&str) -> bool> Pools<F> {
    /// Of no row yet.
    fn new(is_known: F) -> Self {
        Self {
            is_known,
            known: HashSet::default(),
            counting: Counting::new(MOST_POOLS),
        }
    }

    /// Looks at a row. They come in their order.
    fn add(&mut self, row: &Mention<'_>) {
        if !(self.is_known)(row.pool) {
            self.counting.add("", row.pool, row.events);
        } else if !self.known.contains(row.pool) {
            self.known.insert(row.pool.into());
        }
    }

    /// They are chosen; what is kept of the other names is to be chosen among their rows.
    fn chosen(self) -> Choosing {
        let mut pools = self.counting.names();
        if let Names(Some(pools)) = &mut pools {
            pools.entry(Arc::default()).or_default().extend(self.known);
        }
        Choosing {
            pools,
            peers: Counting::new(MOST_NAMES),
            servers: Counting::new(MOST_NAMES),
            servers_of_others: Counting::new(MOST_OF_OTHERS),
            hosts: Counting::new(MOST_OF_OTHERS),
        }
    }
}

/// The other names that rows keep are being chosen.
struct Choosing {
    pools: Names,
    peers: Counting,
    servers: Counting,
    servers_of_others: Counting,
    hosts: Counting,
}

impl Choosing {
    /// Looks at a row. They come in their order.
    fn add(&mut self, row: &Mention<'_>) {
        let has_pool = self.pools.has("", row.pool);
        if let Some(peer) = row.peer.filter(|_| has_pool) {
            self.peers.add(row.pool, peer, row.events);
        }
        if let Some(server) = row.server {
            match has_pool {
                true => self.servers.add(row.pool, server, row.events),
                false => self.servers_of_others.add("", server, row.events),
            }
        }
        self.hosts.add("", row.host, row.events);
    }

    /// `None`, if all names are kept.
    fn finish(self) -> Option<Kept> {
        let kept = Kept {
            pools: self.pools,
            peers: self.peers.names(),
            servers: self.servers.names(),
            servers_of_others: self.servers_of_others.names(),
            hosts: self.hosts.names(),
            other: OTHER.into(),
        };
        let all = [&kept.pools, &kept.peers, &kept.servers, &kept.hosts];
        all.iter().any(|names| names.0.is_some()).then_some(kept)
    }
}

impl Kept {
    /// Looks at all rows twice, and chooses the names that are kept; of pools, those first that `is_known` tells. `None`,
    /// if all are.
    pub(in crate::rollup) fn chosen(
        mentions: impl Fn(&mut dyn FnMut(&Mention<'_>)) -> io::Result<()>,
        is_known: impl Fn(&str) -> bool,
    ) -> io::Result<Option<Self>> {
        let mut pools = Pools::new(is_known);
        mentions(&mut |row| pools.add(row))?;
        let mut choosing = pools.chosen();
        mentions(&mut |row| choosing.add(row))?;
        Ok(choosing.finish())
    }

    /// The same of rows that are held.
    pub(in crate::rollup) fn chosen_of(
        rows: &[Row],
        is_known: impl Fn(&str) -> bool,
    ) -> Option<Self> {
        let mentions = |look: &mut dyn FnMut(&Mention<'_>)| {
            rows.iter().for_each(|row| look(&Mention::of(row)));
            Ok(())
        };
        Self::chosen(mentions, is_known).ok().flatten()
    }

    /// Whether a pool keeps its name.
    pub(in crate::rollup) fn has_pool(&self, pool: &str) -> bool {
        self.pools.has("", pool)
    }

    /// Takes away the names that are not kept, and tells whether there are any.
    pub(super) fn fold(&self, row: &mut Row) -> bool {
        let mut is_folded = false;
        let mut fold = |name: &mut Arc<str>, is_kept: bool| {
            if !is_kept && **name != *self.other {
                *name = Arc::clone(&self.other);
                is_folded = true;
            }
        };
        let has_pool = self.has_pool(&row.pool);
        if let Some(peer) = &mut row.peer {
            fold(peer, has_pool && self.peers.has(&row.pool, peer));
        }
        if let Some(server) = &mut row.server {
            let is_kept = match has_pool {
                true => self.servers.has(&row.pool, server),
                false => self.servers_of_others.has("", server),
            };
            fold(server, is_kept);
        }
        fold(&mut row.pool, has_pool);
        let is_kept = self.hosts.has("", &row.host);
        fold(&mut row.host, is_kept);
        is_folded
    }
}

impl Names {
    fn has(&self, group: &str, name: &str) -> bool {
        let Some(groups) = &self.0 else { return true };
        name != OTHER && groups.get(group).is_some_and(|names| names.contains(name))
    }
}

/// Names that are counted; so many are kept.
struct Counting {
    counts: Frequent,
    most: usize,
}

impl Counting {
    fn new(most: usize) -> Self {
        Self {
            counts: Frequent::new(most * MORE),
            most,
        }
    }

    fn add(&mut self, group: &str, name: &str, events: u64) {
        self.counts.add(group.as_bytes(), name.as_bytes(), events);
    }

    fn names(self) -> Names {
        if self.counts.given_up() == 0 && self.counts.len() <= self.most {
            return Names(None);
        }
        let mut groups: HashMap<Arc<str>, HashSet<Arc<str>>> = HashMap::new();
        let text = |bytes: &[u8]| Arc::<str>::from(String::from_utf8_lossy(bytes));
        for Counted { group, name, .. } in self.counts.most(self.most) {
            groups.entry(text(group)).or_default().insert(text(name));
        }
        Names(Some(groups))
    }
}
