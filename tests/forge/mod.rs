//! Records in which something was chosen by a client, an application or an upstream: whatever that is,
//! the rest of the record and its neighbours stay as they are.

use badgateway::pool;
use badgateway::record::{Level, Splitter};
use badgateway::source::Start;
use badgateway::taxonomy::is_message;

use crate::judge::judge;

/// What is forged, and where it stands in a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The request line's URI, and with it the upstream's.
    Request,
    /// The Host header.
    Host,
    /// The Referer header.
    Referrer,
    /// The decoded URI of a subrequest.
    Subrequest,
    /// What a FastCGI application writes.
    Stderr,
    /// A header that an upstream sent.
    Header,
    /// A decoded path that NGINX could not open.
    Path,
    /// The name that a mail client logs in with.
    Login,
    /// A name that a client chose and that does not resolve.
    Name,
}

impl Place {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Request,
        Self::Host,
        Self::Referrer,
        Self::Subrequest,
        Self::Stderr,
        Self::Header,
        Self::Path,
        Self::Login,
        Self::Name,
    ];

    /// Whether NGINX lets this text come to that place, and it is none of the three cases that cannot be
    /// told apart (README).
    fn admits(self, text: &[u8]) -> bool {
        let is_visible = text.iter().all(|&byte| byte > b' ' && byte != 0x7f);
        let has_no_line = !text.iter().any(|byte| matches!(byte, b'\n' | b'\r' | 0));
        let closes = || {
            let blank = |byte: &u8| matches!(byte, b' ' | b'\n' | b'\r' | b'\t');
            let quotes = text.iter().enumerate().filter(|(_, byte)| **byte == b'"');
            let mut behind = quotes.map(|(at, _)| &text[at + 1..]);
            behind.any(|rest| {
                let blanks = rest.iter().take_while(|byte| blank(byte)).count();
                blanks > 0 && rest[blanks..].starts_with(b"while")
            })
        };
        match self {
            Self::Request => is_visible,
            Self::Host => is_visible && !text.contains(&b'/'),
            Self::Name => is_visible && (1..256).contains(&text.len()) && !text.contains(&b'/'),
            Self::Referrer | Self::Subrequest | Self::Login => has_no_line,
            Self::Stderr | Self::Header => !closes() && !text.contains(&0),
            // NGINX logs the path as it resolved it.
            Self::Path => {
                let mut segments = text.split(|&byte| byte == b'/');
                !text.contains(&0) && !segments.any(|part| matches!(part, b"" | b"." | b".."))
            }
        }
    }
}

/// A log of three records; the one in the middle holds the text.
#[derive(Debug)]
pub struct Case {
    place: Place,
    pub log: Vec<u8>,
    /// Whether NGINX cut the record.
    is_cut: bool,
}

const BEFORE: &[u8] = b"2026/11/01 09:15:01 [error] 7#7: *1 no live upstreams while connecting to upstream, client: 192.0.2.7, server: before.example, request: \"GET /b HTTP/1.1\", upstream: \"http://before/b\", host: \"before.example\"\n";
const AFTER: &[u8] = b"2026/11/01 09:15:03 [error] 7#7: *3 no live upstreams while connecting to upstream, client: 192.0.2.8, server: after.example, request: \"GET /a HTTP/1.1\", upstream: \"http://after/a\", host: \"after.example\"\n";

/// As many bytes NGINX writes (`NGX_MAX_ERROR_STR`).
const CUT: usize = 2048;

impl Case {
    /// The log that a text makes; `None` if it cannot come there.
    pub fn new(place: Place, text: &[u8]) -> Option<Self> {
        if !place.admits(text) {
            return None;
        }
        let encoded = percent_encoded(text);
        let head: &[u8] = b"2026/11/01 09:15:02 [error] 7#7: *2 ";
        let client: &[u8] = b", client: 192.0.2.1, server: shop.example";
        let request: &[u8] = b", request: \"GET /p HTTP/1.1\"";
        let upstream: &[u8] = b", upstream: \"http://127.0.0.1:8080/p\"";
        let fastcgi: &[u8] = b", upstream: \"fastcgi://unix:/run/php/shop.sock:\"";
        let host: &[u8] = b", host: \"shop.example\"";
        let refused: &[u8] =
            b"connect() failed (111: Connection refused) while connecting to upstream";
        let reading: &[u8] = b" while reading response header from upstream";
        let parts: Vec<&[u8]> = match place {
            Place::Request => vec![
                refused,
                client,
                b", request: \"GET /",
                text,
                b" HTTP/1.1\"",
                b", upstream: \"http://127.0.0.1:8080/",
                text,
                b"\"",
                host,
            ],
            Place::Host => vec![
                refused,
                client,
                request,
                upstream,
                b", host: \"",
                text,
                b"\"",
            ],
            Place::Referrer => vec![
                refused,
                client,
                request,
                upstream,
                host,
                b", referrer: \"",
                text,
                b"\"",
            ],
            Place::Subrequest => vec![
                refused,
                client,
                b", request: \"GET /",
                &encoded,
                b" HTTP/1.1\", subrequest: \"/",
                text,
                b"\"",
                upstream,
                host,
            ],
            Place::Stderr => vec![
                b"FastCGI sent in stderr: \"",
                text,
                b"\"",
                reading,
                client,
                request,
                fastcgi,
                host,
            ],
            Place::Header => vec![
                b"upstream sent invalid header: \"",
                text,
                b"\\x0d...\"",
                reading,
                client,
                request,
                upstream,
                host,
            ],
            Place::Path => vec![
                b"open() \"/srv/www/",
                text,
                b"\" failed (2: No such file or directory)",
                client,
                b", request: \"GET /",
                &encoded,
                b" HTTP/1.1\"",
                host,
            ],
            Place::Login => vec![
                b"recv() failed (111: Connection refused) while reading response from upstream",
                b", client: 192.0.2.1, server: 0.0.0.0:143, login: \"",
                text,
                b"\", upstream: 127.0.0.1:144",
            ],
            Place::Name => vec![
                text,
                b" could not be resolved (3: Host not found)",
                client,
                request,
                b", host: \"",
                text,
                b"\"",
            ],
        };
        let mut record = [head, &parts.concat()].concat();
        // A whole record of that length looks the same.
        let is_cut = record.len() >= CUT - 1;
        record.truncate(CUT - 1);
        let log = [BEFORE, &record, b"\n", AFTER].concat();
        Some(Self { place, log, is_cut })
    }

    /// Reads the log and panics where something has changed; then without its first record, because what an
    /// input begins with is read as if a person had quoted it.
    pub fn check(&self) {
        self.check_log(&self.log, true);
        self.check_log(&self.log[BEFORE.len()..], false);
    }

    fn check_log(&self, log: &[u8], has_before: bool) {
        let mut splitter = Splitter::knowing(is_message);
        let records = splitter.split(log, Start::Input, true);
        let found: Vec<_> = records
            .spans()
            .iter()
            .filter_map(|span| records.read(span, 0))
            .collect();
        let found: Vec<_> = found
            .iter()
            .filter_map(|record| {
                let verdict = judge(record)?;
                Some((record, verdict, pool::name(verdict.pool, verdict.peer)))
            })
            .collect();
        let what = || format!("{:?}\n{}", self.place, String::from_utf8_lossy(log));
        let servers: Vec<_> = found.iter().map(|event| event.0.tail.server).collect();
        let (first, last) = (
            servers.first().copied().flatten(),
            servers.last().copied().flatten(),
        );
        if has_before {
            assert_eq!(first, Some(b"before.example".as_slice()), "{}", what());
        }
        assert_eq!(last, Some(b"after.example".as_slice()), "{}", what());
        let middle = &found[usize::from(has_before)..found.len() - 1];
        if self.place == Place::Path {
            assert!(middle.is_empty(), "{} events {}", middle.len(), what());
            return;
        }
        assert_eq!(middle.len(), 1, "{}", what());
        let (record, verdict, pool) = &middle[0];
        assert_eq!(
            record.head.stamp.unwrap(),
            b"2026/11/01 09:15:02",
            "{}",
            what()
        );
        assert_eq!(record.head.level, Some(Level::Error), "{}", what());
        let class = verdict.class.name();
        let (classes, peer, server): (&[&str], Option<&[u8]>, &[u8]) = match self.place {
            Place::Stderr => (
                &[
                    "app_stderr",
                    "app_warning",
                    "app_fatal",
                    "script_not_found",
                    "script_denied",
                ],
                Some(b"unix:/run/php/shop.sock"),
                b"shop.example",
            ),
            Place::Header => (
                &["invalid_response"],
                Some(b"127.0.0.1:8080"),
                b"shop.example",
            ),
            Place::Login => (&["connect_refused"], Some(b"127.0.0.1:144"), b"0.0.0.0:143"),
            Place::Name => (&["resolve_failed"], None, b"shop.example"),
            _ => (
                &["connect_refused"],
                Some(b"127.0.0.1:8080"),
                b"shop.example",
            ),
        };
        assert!(classes.contains(&class), "{class} {}", what());
        // What was cut off is not known; nothing else may stand there.
        let is = |found: Option<&[u8]>, genuine: &[u8]| match found {
            Some(found) => found == genuine || (self.is_cut && genuine.starts_with(found)),
            None => self.is_cut,
        };
        let tail = &record.tail;
        assert!(
            is(tail.client, b"192.0.2.1"),
            "client {:?} {}",
            tail.client,
            what()
        );
        assert!(
            is(tail.server, server),
            "server {:?} {}",
            tail.server,
            what()
        );
        if let Some(peer) = peer {
            assert!(is(verdict.peer, peer), "peer {:?} {}", verdict.peer, what());
            let named = badgateway::pool::name(None, Some(peer));
            assert!(
                is(verdict.peer.map(|_| *pool), named),
                "pool {pool:?} {}",
                what()
            );
        }
    }
}

/// Checks the record that some bytes make: the first one says where the text stands, if it can.
pub fn check(bytes: &[u8]) {
    let Some((&place, text)) = bytes.split_first() else {
        return;
    };
    let place = Place::ALL[usize::from(place) % Place::ALL.len()];
    if let Some(case) = Case::new(place, text) {
        case.check();
    }
}

fn percent_encoded(text: &[u8]) -> Vec<u8> {
    text.iter()
        .flat_map(|&byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' => vec![byte],
            _ => format!("%{byte:02X}").into_bytes(),
        })
        .collect()
}
