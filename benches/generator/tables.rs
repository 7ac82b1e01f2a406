//! Who takes part in the records: pools and their peers, virtual servers, clients, paths, PHP scripts.

use super::Settings;
use super::random::{Random, WORDS};
use super::rows::{
    EVENTS, FASTCGI, GRPC, HTTP, HTTP_UNIX, HTTPS, MAIL, MEMCACHED, MULTI_LINE_EVENTS,
    MULTI_LINE_OTHERS, OTHERS, PHP, STREAM, UDP, UNIX, UWSGI,
};
use super::shapes::{Family, Few};
use std::collections::HashMap;

/// In the order in which pools take turns.
const PROTOCOLS: [u16; 12] = [
    PHP,
    HTTP,
    HTTPS,
    GRPC,
    HTTP,
    UWSGI,
    PHP,
    STREAM,
    HTTP_UNIX,
    FASTCGI,
    MEMCACHED,
    UDP | MAIL,
];

pub(super) struct Peer {
    pub(super) address: Vec<u8>,
    /// `, upstream: "scheme://address`, unterminated.
    pub(super) field: Vec<u8>,
    pub(super) key: usize,
}

pub(super) struct Pool {
    /// Which of the pools it is; its virtual servers follow from that.
    pub(super) number: usize,
    pub(super) protocol: u16,
    pub(super) name: Vec<u8>,
    pub(super) host: Vec<u8>,
    /// `, upstream: "scheme://name`
    pub(super) field: Vec<u8>,
    pub(super) key: usize,
    pub(super) host_key: usize,
    pub(super) start_key: usize,
    pub(super) peers: Vec<Peer>,
}

pub(super) struct Server {
    /// `, server: shop.example`
    pub(super) field: Vec<u8>,
    /// `, host: "shop.example"`
    pub(super) host: Vec<u8>,
    /// `, referrer: "https://shop.example`
    pub(super) referrer: Vec<u8>,
}

pub(super) struct Path {
    /// `, request: "GET /a HTTP/1.1"`
    pub(super) request: Vec<u8>,
    pub(super) uri: Vec<u8>,
    /// `/a`, decoded.
    pub(super) file: Vec<u8>,
}

pub(super) struct Tables {
    pub(super) pools: Vec<Pool>,
    pub(super) servers: Vec<Server>,
    /// `203.0.113.9`
    pub(super) clients: Vec<Vec<u8>>,
    pub(super) paths: Vec<Path>,
    pub(super) scripts: Vec<Vec<u8>>,
    pub(super) events: Family,
    /// Which of them a pool has day by day, by its number; none: any.
    pub(super) troubles: Vec<Few>,
    pub(super) multi_line_events: Family,
    pub(super) others: Family,
    pub(super) multi_line_others: Family,
    /// Names of pools, as keys.
    pub(super) names: Vec<String>,
}

impl Tables {
    pub(super) fn new(settings: &Settings) -> Tables {
        let mut random = Random::new(settings.seed ^ 0x7ab1e5);
        let mut names = vec!["(unknown)".to_owned()];
        let mut keys = HashMap::new();
        let mut key = |name: String| {
            *keys.entry(name.clone()).or_insert_with(|| {
                names.push(name);
                names.len() - 1
            })
        };
        let pools: Vec<Pool> = (0..settings.pools.max(1))
            .map(|number| pool(number, &mut key))
            .collect();
        let events = Family::new(EVENTS);
        let mut luck = Random::new(settings.seed ^ 0x7120_b1e5);
        let troubles = match settings.troubles_per_pool {
            0 => Vec::new(),
            count => pools
                .iter()
                .map(|pool| events.some(count, pool.protocol, &mut luck))
                .collect(),
        };
        let servers = (0..settings.servers.max(1))
            .map(|number| server(number, &mut random))
            .collect();
        let clients = (0..settings.clients.max(1))
            .map(|_| client(&mut random))
            .collect();
        let paths = (0..settings.paths.max(1))
            .map(|number| path(number, &mut random))
            .collect();
        let script = |_| {
            let [folder, file] = [random.word(), random.word()];
            format!("/srv/www/{folder}/src/{file}.php").into_bytes()
        };
        let scripts = (0..64).map(script).collect();
        Tables {
            pools,
            servers,
            clients,
            paths,
            scripts,
            events,
            troubles,
            multi_line_events: Family::new(MULTI_LINE_EVENTS),
            others: Family::new(OTHERS),
            multi_line_others: Family::new(MULTI_LINE_OTHERS),
            names,
        }
    }
}

fn pool(number: usize, key: &mut impl FnMut(String) -> usize) -> Pool {
    let mut protocol = PROTOCOLS[number % PROTOCOLS.len()];
    if protocol == UDP | MAIL {
        protocol = if (number / PROTOCOLS.len()).is_multiple_of(2) {
            UDP
        } else {
            MAIL
        };
    }
    let word = WORDS[number * 7 % WORDS.len()];
    let name = format!("{word}_{number}");
    let host = format!("{word}-{number}.internal.example");
    let (scheme, port) = match protocol {
        HTTP => ("http://", 8080),
        HTTPS => ("https://", 443),
        HTTP_UNIX => ("http://", 0),
        FASTCGI | PHP => ("fastcgi://", 9000),
        UWSGI => ("uwsgi://", 0),
        GRPC => ("grpc://", 50051),
        MEMCACHED => ("memcached://", 11211),
        STREAM => ("", 5432),
        UDP => ("", 53),
        _ => ("", 143),
    };
    let quote = if protocol == MAIL { "" } else { "\"" };
    let field = |address: &str| format!(", upstream: {quote}{scheme}{address}").into_bytes();
    let addresses: Vec<(String, String)> = if protocol & UNIX != 0 {
        let folder = if protocol == PHP { "php" } else { "app" };
        vec![(format!("unix:/run/{folder}/{name}.sock"), name.clone())]
    } else {
        let address = |peer: usize| match number % 5 {
            4 => format!("[2001:db8:{number:x}::{}]:{port}", peer + 1),
            _ => format!(
                "10.{}.{}.{}:{port}",
                number / 250 % 250,
                number % 250,
                peer + 11
            ),
        };
        (0..number % 3 + 2)
            .map(|peer| (address(peer), address(peer)))
            .collect()
    };
    let peers = addresses.into_iter().map(|(address, pool)| Peer {
        field: field(&address),
        address: address.into_bytes(),
        key: key(pool),
    });
    Pool {
        number,
        protocol,
        peers: peers.collect(),
        field: field(&name),
        key: key(name.clone()),
        host_key: key(host.clone()),
        start_key: key(format!("{host}:8080")),
        name: name.into_bytes(),
        host: host.into_bytes(),
    }
}

fn server(number: usize, random: &mut Random) -> Server {
    let name = match number {
        3 => String::new(), // a server without a name
        4 => "_".to_owned(),
        5 => r"~^(www\.)?[a-z]{2,8}\.example$".to_owned(),
        _ => format!("{}-{number}.example", random.word()),
    };
    let host = match number {
        3..=5 => format!("{}-{number}.example", random.word()),
        _ => name.clone(),
    };
    Server {
        field: format!(", server: {name}").into_bytes(),
        host: format!(", host: \"{host}\"").into_bytes(),
        referrer: format!(", referrer: \"https://{host}").into_bytes(),
    }
}

fn client(random: &mut Random) -> Vec<u8> {
    let mut part = |range: usize| random.below(range);
    if part(5) == 0 {
        format!(
            "2001:db8:{:x}:{:x}::{:x}",
            part(65536),
            part(65536),
            part(65536)
        )
        .into_bytes()
    } else {
        format!(
            "{}.{}.{}.{}",
            part(100) + 20,
            part(256),
            part(256),
            part(254) + 1
        )
        .into_bytes()
    }
}

fn path(number: usize, random: &mut Random) -> Path {
    let [a, b] = [random.word(), random.word()];
    let id = random.below(100_000);
    let file = match random.below(6) {
        0 => format!("/{a}/{b}/{id}"),
        1 => format!("/{a}/{b}-{number}.php"),
        2 => format!("/assets/{a}/{b}.{id:05x}.min.js"),
        3 => format!("/api/v2/{a}/{id}/{b}"),
        4 => format!("/media/2026/10/{a}-{number}.jpg"),
        _ => format!("/{a}"),
    };
    let uri = match random.below(8) {
        0 => format!("{file}?page={}&sort={b}&session={id:08x}", random.below(50)),
        1 => format!("{file}?q={a}%20{b}"),
        _ => file.clone(),
    };
    let method = ["GET", "GET", "GET", "GET", "POST", "HEAD", "PUT", "DELETE"][random.below(8)];
    let version = ["1.1", "1.1", "2.0", "2.0", "3.0", "1.0"][random.below(6)];
    Path {
        request: format!(", request: \"{method} {uri} HTTP/{version}\"").into_bytes(),
        uri: uri.into_bytes(),
        file: file.into_bytes(),
    }
}
