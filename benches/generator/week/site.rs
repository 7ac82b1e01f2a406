//! The site whose week it is: its pools, who answers under which names, and the NGINX configuration that says so.

use super::super::Settings as LogSettings;
use super::super::random::Random;
use super::super::rows::{FASTCGI, HTTP, HTTP_UNIX, PHP, UNIX, UWSGI};
use super::super::tables::{Path, Peer, Pool, Server, Tables};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::ops::Range;

/// What is known of a pool beforehand.
pub(super) struct Spec {
    pub(super) name: &'static str,
    protocol: u16,
    peers: usize,
    /// Requests a second in the busiest hour.
    pub(super) requests: f64,
    /// Failures a minute in the busiest hour that are nobody's fault.
    pub(super) noise: f64,
    hosts: &'static [&'static str],
}

const fn spec(
    name: &'static str,
    protocol: u16,
    peers: usize,
    requests: f64,
    noise: f64,
    hosts: &'static [&'static str],
) -> Spec {
    Spec {
        name,
        protocol,
        peers,
        requests,
        noise,
        hosts,
    }
}

#[rustfmt::skip]
pub(super) const POOLS: [Spec; 40] = [
    spec("shop", PHP, 1, 8.0, 1.8, &["www.shop.example", "shop.example", "m.shop.example"]),
    spec("checkout", PHP, 1, 2.5, 0.4, &["checkout.shop.example"]),
    spec("account", PHP, 1, 3.0, 0.5, &["account.shop.example"]),
    spec("blog", PHP, 1, 2.0, 0.7, &["blog.example", "www.blog.example"]),
    spec("magazine", PHP, 1, 4.0, 3.0, &["magazine.example", "www.magazine.example"]),
    spec("forum", PHP, 1, 3.0, 1.2, &["forum.example"]),
    spec("wiki", PHP, 1, 0.8, 0.1, &["wiki.example"]),
    spec("cms", PHP, 1, 0.5, 0.2, &["cms.magazine.example"]),
    spec("intranet", PHP, 1, 0.6, 0.0, &["intranet.example"]),
    spec("billing", PHP, 1, 0.9, 0.05, &["billing.example"]),
    spec("newsletter", PHP, 1, 0.4, 0.02, &["news.example"]),
    spec("press", PHP, 1, 0.2, 0.0, &["press.example"]),
    spec("jobs", PHP, 1, 0.3, 0.03, &["jobs.example"]),
    spec("events", PHP, 1, 0.7, 0.15, &["events.example"]),
    spec("academy", PHP, 1, 0.6, 0.3, &["academy.example"]),
    spec("partners", PHP, 1, 0.5, 0.08, &["partners.example"]),
    spec("support", PHP, 1, 1.0, 0.25, &["support.example"]),
    spec("legacy", PHP, 1, 0.3, 0.6, &["old.shop.example"]),
    spec("catalog", HTTP, 3, 4.0, 0.5, &["www.shop.example", "api.example"]),
    spec("search", HTTP, 3, 5.0, 1.0, &["www.shop.example", "search.example"]),
    spec("api", HTTP, 4, 6.0, 0.9, &["api.example"]),
    spec("images", HTTP, 2, 7.0, 0.6, &["img.example"]),
    spec("auth", HTTP, 2, 2.0, 0.04, &["login.example", "api.example"]),
    spec("cart", HTTP, 2, 2.0, 0.1, &["api.example"]),
    spec("orders", HTTP, 2, 1.8, 0.1, &["api.example"]),
    spec("recommend", HTTP, 2, 3.0, 0.8, &["api.example"]),
    spec("tracking", HTTP, 3, 5.0, 0.4, &["t.example"]),
    spec("payments", HTTP, 2, 0.8, 0.02, &["pay.example"]),
    spec("pdf", HTTP, 2, 0.3, 0.12, &["api.example"]),
    spec("stock", HTTP, 3, 1.0, 0.06, &["api.example"]),
    spec("geo", HTTP, 2, 0.9, 0.0, &["geo.example"]),
    spec("feeds", HTTP, 2, 0.5, 0.35, &["feeds.example"]),
    spec("classic", FASTCGI, 2, 0.6, 0.3, &["classic.example"]),
    spec("reports", UWSGI, 1, 0.3, 0.45, &["reports.example"]),
    spec("forecast", UWSGI, 1, 0.2, 0.05, &["reports.example"]),
    spec("labels", UWSGI, 1, 0.4, 0.0, &["labels.example"]),
    spec("imports", UWSGI, 1, 0.1, 0.2, &["imports.example"]),
    spec("chat", HTTP_UNIX, 1, 2.0, 0.3, &["chat.example"]),
    spec("admin", HTTP_UNIX, 1, 0.3, 0.04, &["admin.example"]),
    spec("status", HTTP_UNIX, 1, 0.5, 0.0, &["status.example"]),
];

impl Spec {
    pub(super) fn is_socket(&self) -> bool {
        self.protocol & UNIX != 0
    }

    pub(super) fn peers(&self) -> usize {
        self.peers
    }

    /// A host of its own needs no prefix.
    fn prefix(&self) -> String {
        if self.protocol == PHP {
            String::new()
        } else {
            format!("/{}", self.name)
        }
    }

    /// As NGINX logs it: `unix:/run/php/shop.sock`, `10.20.18.11:8080`.
    fn address(&self, number: usize, peer: usize) -> String {
        match self.protocol {
            PHP => format!("unix:/run/php/{}.sock", self.name),
            UWSGI => format!("unix:/run/uwsgi/{}.sock", self.name),
            HTTP_UNIX => format!("unix:/run/app/{}.sock", self.name),
            FASTCGI => format!("10.20.{number}.{}:9000", peer + 11),
            _ => format!("10.20.{number}.{}:8080", peer + 11),
        }
    }

    fn pass(&self, number: usize) -> String {
        match self.protocol {
            PHP => format!("fastcgi_pass {};", self.address(number, 0)),
            UWSGI => format!("uwsgi_pass {};", self.address(number, 0)),
            HTTP_UNIX => format!("proxy_pass http://{};", self.address(number, 0)),
            FASTCGI => format!("fastcgi_pass {};", self.name),
            _ => format!("proxy_pass http://{};", self.name),
        }
    }
}

/// The site as the writer of records wants it.
pub(super) struct Site {
    pub(super) tables: Tables,
    /// By pool: its virtual servers.
    pub(super) servers: Vec<Range<usize>>,
}

const CLIENTS: usize = 4000;
/// By pool.
pub(super) const PATHS: usize = 80;

impl Site {
    pub(super) fn new(seed: u64) -> Site {
        let mut random = Random::new(seed ^ 0x517e);
        let settings = LogSettings {
            seed,
            clients: CLIENTS,
            ..LogSettings::default()
        };
        let mut servers = Vec::new();
        let mut ranges = Vec::new();
        let mut paths = Vec::new();
        for spec in &POOLS {
            let first = servers.len();
            servers.extend(spec.hosts.iter().map(|host| server(host)));
            ranges.push(first..servers.len());
            paths.extend((0..PATHS).map(|_| path(spec, &mut random)));
        }
        let names = POOLS.iter().map(|spec| spec.name.to_owned());
        Site {
            tables: Tables {
                pools: POOLS.iter().enumerate().map(pool).collect(),
                servers,
                paths,
                names: std::iter::once("(unknown)".to_owned())
                    .chain(names)
                    .collect(),
                ..Tables::new(&settings)
            },
            servers: ranges,
        }
    }
}

fn pool((number, spec): (usize, &Spec)) -> Pool {
    let scheme = match spec.protocol {
        PHP | FASTCGI => "fastcgi",
        UWSGI => "uwsgi",
        _ => "http",
    };
    let field = |address: &str| format!(", upstream: \"{scheme}://{address}").into_bytes();
    let key = number + 1;
    let peers = (0..spec.peers).map(|peer| {
        let address = spec.address(number, peer);
        Peer {
            field: field(&address),
            address: address.into_bytes(),
            key,
        }
    });
    Pool {
        number,
        protocol: spec.protocol,
        name: spec.name.into(),
        host: spec.hosts[0].into(),
        field: field(spec.name),
        key,
        host_key: key,
        start_key: key,
        peers: peers.collect(),
    }
}

fn server(host: &str) -> Server {
    // `www` is the second name of the same server.
    let name = host.strip_prefix("www.").unwrap_or(host);
    Server {
        field: format!(", server: {name}").into_bytes(),
        host: format!(", host: \"{host}\"").into_bytes(),
        referrer: format!(", referrer: \"https://{host}").into_bytes(),
    }
}

fn path(spec: &Spec, random: &mut Random) -> Path {
    let [a, b] = [random.word(), random.word()];
    let id = random.below(100_000);
    let prefix = spec.prefix();
    let file = match (spec.protocol, random.below(4)) {
        (PHP | FASTCGI, 0) => format!("{prefix}/index.php"),
        (PHP | FASTCGI, 1) => format!("{prefix}/{a}.php"),
        (PHP | FASTCGI, _) => format!("{prefix}/{a}/{b}.php"),
        (_, 0) => format!("{prefix}/v2/{a}/{id}"),
        (_, 1) => format!("{prefix}/v2/{a}"),
        (_, _) => format!("{prefix}/{a}/{b}"),
    };
    let uri = match random.below(5) {
        0 | 1 => format!("{file}?id={id}"),
        2 => format!(
            "{file}?page={}&sort={b}&utm_source=mail",
            random.below(50) + 1
        ),
        _ => file.clone(),
    };
    let method = ["GET", "GET", "GET", "GET", "POST", "HEAD"][random.below(6)];
    let version = ["1.1", "1.1", "2.0", "2.0", "3.0"][random.below(5)];
    Path {
        request: format!(", request: \"{method} {uri} HTTP/{version}\"").into_bytes(),
        uri: uri.into_bytes(),
        file: file.into_bytes(),
    }
}

/// The configuration that gives the pools their names.
pub fn nginx_conf() -> String {
    let mut text = String::from("events {}\n\nhttp {\n");
    let mut locations: BTreeMap<&str, String> = BTreeMap::new();
    for (number, spec) in POOLS.iter().enumerate() {
        if !spec.is_socket() {
            let _ = writeln!(text, "    upstream {} {{", spec.name);
            for peer in 0..spec.peers {
                let address = spec.address(number, peer);
                let _ = writeln!(
                    text,
                    "        server {address} max_fails=3 fail_timeout=10s;"
                );
            }
            text.push_str("    }\n\n");
        }
        let mut names: Vec<&str> = spec
            .hosts
            .iter()
            .map(|host| host.strip_prefix("www.").unwrap_or(host))
            .collect();
        names.dedup();
        for name in names {
            let pass = spec.pass(number);
            let _ = writeln!(
                locations.entry(name).or_default(),
                "        location {}/ {{ {pass} }}",
                spec.prefix()
            );
        }
    }
    for (name, locations) in locations {
        let _ = writeln!(
            text,
            "    server {{\n        listen 80;\n        server_name {name} www.{name};\n{locations}    }}\n"
        );
    }
    text.truncate(text.trim_end().len());
    text + "\n}\n"
}
