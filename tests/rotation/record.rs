//! Records as NGINX writes them, and what they say, known from writing them and not from reading.

use super::random::Random;

/// A virtual server with its upstreams.
#[derive(Debug, Clone)]
pub struct Vhost {
    pub server: String,
    /// The upstream block.
    pub block: String,
    pub peers: Vec<String>,
    pub socket: String,
}

/// What a record says about an upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meaning {
    pub class: &'static str,
    pub peer: Option<String>,
    pub client: Option<String>,
}

/// One record, with its line feed.
#[derive(Debug, Clone)]
pub struct Record {
    pub text: Vec<u8>,
    /// Nothing, if it concerns no upstream.
    pub meaning: Option<Meaning>,
}

/// What stands before the message.
#[derive(Debug, Clone)]
pub struct Head {
    /// Local time, as NGINX writes it.
    pub stamp: String,
    pub pid: u32,
    pub connection: u64,
}

/// NGINX cuts a record here, line feed included (`NGX_MAX_ERROR_STR`, `src/core/ngx_log.h`).
const LONGEST: usize = 2048;

impl Vhost {
    pub fn new(number: usize, name: &str) -> Self {
        Self {
            server: format!("{name}.example"),
            block: format!("{name}_backend"),
            peers: (1..=2)
                .map(|peer| format!("10.0.{number}.{peer}:8080"))
                .collect(),
            socket: format!("/run/php/{name}.sock"),
        }
    }

    /// An event, or noise, as it comes.
    pub fn any(&self, head: &Head, clients: usize, random: &mut Random) -> Record {
        match random.percent(35) {
            true => self.noise(head, random),
            false => self.event(head, clients, random),
        }
    }

    /// A record about an upstream.
    pub fn event(&self, head: &Head, clients: usize, random: &mut Random) -> Record {
        let client = client(random.skewed(clients));
        let peer = self.peers[random.below(self.peers.len())].clone();
        let path = format!("/order/{}", random.below(50));
        let http = |upstream: &str| format!("http://{upstream}{path}");
        let fastcgi = format!("fastcgi://unix:{}:", self.socket);
        let socket = format!("unix:{}", self.socket);
        let refused = "connect() failed (111: Connection refused) while connecting to upstream";
        let plain = |level, message: &str, class, peer: &str, upstream: &str| {
            let tail = self.tail(&client, &path, Some(upstream), "");
            record(head, level, message, &tail, class, Some(peer), &client)
        };
        match random.below(17) {
            0..2 => plain("error", refused, "connect_refused", &peer, &http(&peer)),
            2 => {
                let message = format!(
                    "connect() to {socket} failed (2: No such file or directory) while connecting to upstream"
                );
                plain("crit", &message, "socket_missing", &socket, &fastcgi)
            }
            3 => {
                let message = format!(
                    "connect() to {socket} failed (11: Resource temporarily unavailable) while connecting \
                     to upstream"
                );
                plain("error", &message, "backlog_full", &socket, &fastcgi)
            }
            4 => {
                let message = "upstream timed out (110: Connection timed out) while reading response \
                               header from upstream";
                plain("error", message, "response_timeout", &peer, &http(&peer))
            }
            5 => {
                let message =
                    "upstream timed out (110: Connection timed out) while connecting to upstream";
                plain("error", message, "connect_timeout", &peer, &http(&peer))
            }
            6 => {
                let message = "no live upstreams while connecting to upstream";
                let upstream = http(&self.block);
                plain(
                    "error",
                    message,
                    "no_live_upstreams",
                    &self.block,
                    &upstream,
                )
            }
            7 => {
                let message = "upstream server temporarily disabled while connecting to upstream";
                plain("warn", message, "peer_disabled", &peer, &http(&peer))
            }
            8 => {
                let message = "upstream prematurely closed connection while reading response header \
                               from upstream";
                plain("error", message, "response_closed", &peer, &http(&peer))
            }
            9 => {
                let message = "upstream prematurely closed connection while reading upstream";
                plain("error", message, "body_truncated", &peer, &http(&peer))
            }
            10 => {
                let message = "epoll_wait() reported that client prematurely closed connection, so upstream \
                               connection is closed too while sending request to upstream";
                plain("info", message, "client_aborted", &peer, &http(&peer))
            }
            11 => plain("error", &said(WARNING), "app_warning", &socket, &fastcgi),
            12 => plain("error", &said(DECLINED), "app_stderr", &socket, &fastcgi),
            13 | 14 => plain("error", &said(EXCEPTION), "app_fatal", &socket, &fastcgi),
            15 => {
                // Cut within the Referer, or within the request: then no upstream is left.
                let long = "x".repeat(LONGEST);
                let (tail, peer) = match random.percent(50) {
                    true => (
                        self.tail(&client, &path, Some(&http(&peer)), &long),
                        Some(peer),
                    ),
                    false => (self.tail(&client, &format!("/?{long}"), None, ""), None),
                };
                let class = "connect_refused";
                record(
                    head,
                    "error",
                    refused,
                    &tail,
                    class,
                    peer.as_deref(),
                    &client,
                )
            }
            // Cut within an application's words: neither client nor upstream is left.
            _ => {
                let warnings = [WARNING; 30].join("; ");
                let mut record =
                    record(head, "error", &said(&warnings), "", "app_warning", None, "");
                if let Some(meaning) = &mut record.meaning {
                    meaning.client = None;
                }
                record
            }
        }
    }

    /// A record that concerns no upstream.
    pub fn noise(&self, head: &Head, random: &mut Random) -> Record {
        let client = client(random.below(90));
        let (level, message) = match random.below(4) {
            0 => (
                "error",
                "open() \"/srv/www/favicon.ico\" failed (2: No such file or directory)",
            ),
            1 => ("error", "directory index of \"/srv/www/img/\" is forbidden"),
            2 => ("error", "access forbidden by rule"),
            _ => (
                "warn",
                "a client request body is buffered to a temporary file /var/lib/nginx/body/0000000017",
            ),
        };
        let tail = self.tail(&client, "/favicon.ico", None, "");
        Record {
            text: cut(head.line(level, message, &tail)),
            meaning: None,
        }
    }

    /// The record of a moment at which several virtual servers fail: up to the server's name it is the
    /// same in the log of each.
    pub fn shared(&self, head: &Head) -> Record {
        let (peer, client) = (self.peers[0].clone(), client(7));
        let upstream = format!("http://{peer}/");
        let tail = self.tail(&client, "/", Some(&upstream), "");
        let message = "connect() failed (111: Connection refused) while connecting to upstream";
        let class = "connect_refused";
        record(head, "error", message, &tail, class, Some(&peer), &client)
    }

    fn tail(&self, client: &str, path: &str, upstream: Option<&str>, referrer: &str) -> String {
        let server = &self.server;
        let mut tail =
            format!(", client: {client}, server: {server}, request: \"GET {path} HTTP/1.1\"");
        if let Some(upstream) = upstream {
            tail.push_str(&format!(", upstream: \"{upstream}\""));
        }
        tail.push_str(&format!(", host: \"{server}\""));
        if !referrer.is_empty() {
            tail.push_str(&format!(", referrer: \"https://{server}/{referrer}\""));
        }
        tail
    }
}

const WARNING: &str = "PHP message: PHP Warning:  cache is cold in /srv/www/warning.php on line 1";
const DECLINED: &str = "PHP message: payment 4711 declined";
const EXCEPTION: &str = "PHP message: PHP Fatal error:  Uncaught RuntimeException: no price for \"tea\" \
     in /srv/www/exception.php:2\nStack trace:\n#0 /srv/www/exception.php(3): total(Array)\n#1 {main}\n  \
     thrown in /srv/www/exception.php on line 2";

fn said(words: &str) -> String {
    format!("FastCGI sent in stderr: \"{words}\" while reading response header from upstream")
}

fn client(number: usize) -> String {
    format!("192.0.{}.{}", number / 250, number % 250 + 1)
}

fn record(
    head: &Head,
    level: &str,
    message: &str,
    tail: &str,
    class: &'static str,
    peer: Option<&str>,
    client: &str,
) -> Record {
    Record {
        text: cut(head.line(level, message, tail)),
        meaning: Some(Meaning {
            class,
            peer: peer.map(str::to_owned),
            client: Some(client.to_owned()),
        }),
    }
}

impl Head {
    fn line(&self, level: &str, message: &str, tail: &str) -> String {
        let Self {
            stamp,
            pid,
            connection,
        } = self;
        format!("{stamp} [{level}] {pid}#{pid}: *{connection} {message}{tail}")
    }
}

fn cut(line: String) -> Vec<u8> {
    let mut bytes = line.into_bytes();
    bytes.truncate(LONGEST - 1);
    bytes.push(b'\n');
    bytes
}
