use std::cmp::Reverse;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

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

/// Keys are bytes: of requests the pool, a line feed, and the request's method and path.
#[derive(Debug, Clone, Default)]
struct Counts {
    counts: HashMap<Box<[u8]>, u64, RandomState>,
    /// Events that may be missing from any count.
    given_up: u64,
}

/// So many are counted, and when there are more, the lesser half is given up.
const MOST: usize = 16_384;

/// As much of a path as is told apart.
const LONGEST: usize = 200;

impl Leaders {
    /// Counts an event, if it is a failure.
    pub fn add(&mut self, event: &Event<'_>) {
        if event.verdict.class.kind() != Kind::Failed {
            return;
        }
        let tail = &event.record.tail;
        if let Some(client) = tail.client.filter(|client| !client.is_empty()) {
            self.clients.add(&[client], 1);
        }
        if let Some(request) = tail.request {
            let request = without_query(request);
            let request = &request[..request.len().min(LONGEST)];
            self.requests.add(&[event.pool, b"\n", request], 1);
        }
    }

    /// Adds what another part has counted.
    pub fn merge(&mut self, other: Self) {
        self.requests.merge(other.requests);
        self.clients.merge(other.clients);
    }

    /// The requests that failed most often, with their pools.
    pub fn requests(&self, most: usize) -> Vec<(String, String, u64)> {
        let split = |(key, events): (&[u8], u64)| {
            let at = memchr::memchr(b'\n', key).unwrap_or(key.len());
            let text = |bytes| Text(bytes).to_str().into_owned();
            let request = key.get(at + 1..).unwrap_or_default();
            (text(&key[..at]), text(request), events)
        };
        self.requests.most(most).map(split).collect()
    }

    /// The clients that saw most failures.
    pub fn clients(&self, most: usize) -> Vec<(String, u64)> {
        let text = |(key, events)| (Text(key).to_str().into_owned(), events);
        self.clients.most(most).map(text).collect()
    }

    /// By how much a count may be too low.
    pub fn given_up(&self) -> u64 {
        self.requests.given_up.max(self.clients.given_up)
    }
}

impl Counts {
    fn add(&mut self, parts: &[&[u8]], events: u64) {
        let key = parts.concat();
        match self.counts.get_mut(key.as_slice()) {
            Some(count) => *count += events,
            None => {
                if self.counts.len() >= MOST {
                    self.give_up();
                }
                self.counts.insert(key.into_boxed_slice(), events);
            }
        }
    }

    fn give_up(&mut self) {
        let mut counts: Vec<u64> = self.counts.values().copied().collect();
        counts.sort_unstable();
        let least = counts[counts.len() / 2];
        self.given_up += least;
        self.counts.retain(|_, count| *count > least);
    }

    fn merge(&mut self, other: Self) {
        self.given_up += other.given_up;
        for (key, events) in other.counts {
            self.add(&[&key], events);
        }
    }

    fn most(&self, most: usize) -> impl Iterator<Item = (&[u8], u64)> {
        let mut counts: Vec<(&[u8], u64)> = self
            .counts
            .iter()
            .map(|(key, &events)| (&**key, events))
            .collect();
        counts.sort_unstable_by_key(|&(key, events)| (Reverse(events), key));
        counts.into_iter().take(most)
    }
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
            counts.add(&[&number.to_le_bytes()], 1);
            if number % 100 == 0 {
                counts.add(&[b"often"], 1);
            }
        }
        assert!(counts.counts.len() <= MOST);
        let (name, events) = counts.most(1).next().unwrap();
        assert_eq!(name, b"often");
        assert!(
            events <= 2_000 && events + counts.given_up >= 2_000,
            "{events}"
        );
        let mut merged = Counts::default();
        merged.add(&[b"often"], 7);
        merged.merge(counts);
        assert_eq!(merged.most(1).next().unwrap().1, events + 7);
    }
}
