use std::cmp::Reverse;
use std::hash::{BuildHasher, Hasher};

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use crate::record::Text;
use crate::taxonomy::Kind;

use super::Event;

/// Which requests failed most often, and which clients saw most failures.
///
/// Both are the visitors' to choose, so memory is bounded: where there are too many, those that were
/// counted least are given up, and how often that cost a count is told.
#[derive(Debug, Clone, Default)]
pub struct Leaders {
    requests: Counts,
    clients: Counts,
}

/// Keys are two texts: of requests the pool, and the method and path; of clients nothing, and the address.
#[derive(Debug, Clone, Default)]
struct Counts {
    hasher: RandomState,
    counts: HashTable<Counted>,
    /// Events that may be missing from any count.
    given_up: u64,
}

#[derive(Debug, Clone)]
struct Counted {
    pool: Box<[u8]>,
    name: Box<[u8]>,
    events: u64,
}

/// So many are counted, and when there are more, the lesser half is given up.
const MOST: usize = 16_384;

/// As much of a request or an address as is told apart.
const LONGEST: usize = 200;

impl Leaders {
    /// Counts an event, if it is a failure.
    pub fn add(&mut self, event: &Event<'_>) {
        if event.verdict.class.kind() != Kind::Failed {
            return;
        }
        if let Some(client) = event.client.filter(|client| !client.is_empty()) {
            self.clients
                .add(b"", &client[..client.len().min(LONGEST)], 1);
        }
        if let Some(request) = event.request {
            let request = without_query(request);
            let request = &request[..request.len().min(LONGEST)];
            self.requests.add(event.pool, request, 1);
        }
    }

    /// Adds what another part has counted.
    pub fn merge(&mut self, other: Self) {
        self.requests.merge(other.requests);
        self.clients.merge(other.clients);
    }

    /// The requests that failed most often, with their pools.
    pub fn requests(&self, most: usize) -> Vec<(String, String, u64)> {
        let text = |bytes: &[u8]| Text(bytes).to_str().into_owned();
        let request = |of: &Counted| (text(&of.pool), text(&of.name), of.events);
        self.requests.most(most).map(request).collect()
    }

    /// The clients that saw most failures.
    pub fn clients(&self, most: usize) -> Vec<(String, u64)> {
        let client = |of: &Counted| (Text(&of.name).to_str().into_owned(), of.events);
        self.clients.most(most).map(client).collect()
    }

    /// By how much a count may be too low.
    pub fn given_up(&self) -> u64 {
        self.requests.given_up.max(self.clients.given_up)
    }
}

impl Counts {
    fn add(&mut self, pool: &[u8], name: &[u8], events: u64) {
        let hash = hash(&self.hasher, pool, name);
        let is_it = |counted: &Counted| *counted.pool == *pool && *counted.name == *name;
        if let Some(counted) = self.counts.find_mut(hash, is_it) {
            counted.events += events;
            return;
        }
        if self.counts.len() >= MOST {
            self.give_up();
        }
        let counted = Counted {
            pool: pool.into(),
            name: name.into(),
            events,
        };
        let hasher = &self.hasher;
        let rehash = |counted: &Counted| self::hash(hasher, &counted.pool, &counted.name);
        self.counts.insert_unique(hash, counted, rehash);
    }

    fn give_up(&mut self) {
        let mut counts: Vec<u64> = self.counts.iter().map(|counted| counted.events).collect();
        counts.sort_unstable();
        let least = counts[counts.len() / 2];
        self.given_up += least;
        self.counts.retain(|counted| counted.events > least);
    }

    fn merge(&mut self, other: Self) {
        self.given_up += other.given_up;
        for Counted { pool, name, events } in other.counts {
            self.add(&pool, &name, events);
        }
    }

    fn most(&self, most: usize) -> impl Iterator<Item = &Counted> {
        let mut counts: Vec<&Counted> = self.counts.iter().collect();
        counts.sort_unstable_by_key(|counted| {
            (Reverse(counted.events), &counted.pool, &counted.name)
        });
        counts.into_iter().take(most)
    }
}

fn hash(hasher: &RandomState, pool: &[u8], name: &[u8]) -> u64 {
    let mut hasher = hasher.build_hasher();
    hasher.write(pool);
    hasher.write_usize(pool.len());
    hasher.write(name);
    hasher.finish()
}

/// `GET /cart` of `GET /cart?id=7 HTTP/1.1`
fn without_query(request: &[u8]) -> &[u8] {
    let version = memchr::memmem::rfind(request, b" HTTP/");
    let line = &request[..version.unwrap_or(request.len())];
    let query = line.iter().position(|&byte| matches!(byte, b'?' | b'#'));
    &line[..query.unwrap_or(line.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_its_method_and_path() {
        for (request, path) in [
            ("GET /cart?id=7 HTTP/1.1", "GET /cart"),
            ("GET / HTTP/1.0", "GET /"),
            ("POST /a b HTTP/2.0", "POST /a b"),
            ("GET /cut?off", "GET /cut"),
            ("PRI * HTTP/2.0", "PRI *"),
            ("", ""),
        ] {
            assert_eq!(without_query(request.as_bytes()), path.as_bytes());
        }
    }

    #[test]
    fn the_frequent_stay_however_many_there_are() {
        let mut counts = Counts::default();
        for number in 0..200_000_u32 {
            counts.add(b"", &number.to_le_bytes(), 1);
            if number % 100 == 0 {
                counts.add(b"shop", b"often", 1);
            }
        }
        assert!(counts.counts.len() <= MOST);
        let events = |counts: &Counts| {
            let first = counts.most(1).next().unwrap();
            assert_eq!((&*first.pool, &*first.name), (&b"shop"[..], &b"often"[..]));
            first.events
        };
        let often = events(&counts);
        assert!(
            often <= 2_000 && often + counts.given_up >= 2_000,
            "{often}"
        );
        let mut merged = Counts::default();
        merged.add(b"shop", b"often", 7);
        merged.merge(counts);
        assert_eq!(events(&merged), often + 7);
    }
}
