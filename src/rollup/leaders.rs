use crate::record::Text;
use crate::taxonomy::Kind;

use super::Event;
use super::frequent::{Counted, Frequent};

/// Which requests failed most often, and which clients saw most failures.
#[derive(Debug, Clone)]
pub struct Leaders {
    /// The method and path, by pool.
    requests: Frequent,
    clients: Frequent,
}

/// Both are the visitors' to choose: so many are counted.
const MOST: usize = 16_384;

/// As much of a request or an address is told apart.
const LONGEST: usize = 200;

impl Default for Leaders {
    fn default() -> Self {
        Self {
            requests: Frequent::new(MOST),
            clients: Frequent::new(MOST),
        }
    }
}

impl Leaders {
    /// Counts an event, if it is a failure.
    pub fn add(&mut self, event: &Event<'_>) {
        if event.verdict.class.kind() != Kind::Failed {
            return;
        }
        let cut = |text: &'_ [u8]| text.len().min(LONGEST);
        if let Some(client) = event.client.filter(|client| !client.is_empty()) {
            self.clients.add(b"", &client[..cut(client)], 1);
        }
        if let Some(request) = event.request {
            let request = without_query(request);
            let pool = &event.pool[..cut(event.pool)];
            self.requests.add(pool, &request[..cut(request)], 1);
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
        let request = |of: &Counted| (text(&of.group), text(&of.name), of.events);
        self.requests.most(most).map(request).collect()
    }

    /// The clients that saw most failures.
    pub fn clients(&self, most: usize) -> Vec<(String, u64)> {
        let client = |of: &Counted| (Text(&of.name).to_str().into_owned(), of.events);
        self.clients.most(most).map(client).collect()
    }

    /// By how much a count may be too low.
    pub fn given_up(&self) -> u64 {
        self.requests.given_up().max(self.clients.given_up())
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
}
