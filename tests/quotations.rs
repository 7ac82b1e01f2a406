//! What people do to a record when they quote it: it still says which peer failed, and why.

#[path = "forge/judge.rs"]
mod judge;

use badgateway::record::Splitter;
use badgateway::source::Start;
use badgateway::taxonomy::{Phase, is_message};
use judge::judge;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

/// A record without its head, and what it says.
struct Original {
    text: &'static str,
    class: &'static str,
    phase: Option<&'static str>,
    os_error: Option<&'static str>,
    peer: &'static str,
    client: &'static str,
    server: &'static str,
}

const fn original(
    text: &'static str,
    class: &'static str,
    phase: Option<&'static str>,
    os_error: Option<&'static str>,
    peer: &'static str,
) -> Original {
    Original {
        text,
        class,
        phase,
        os_error,
        peer,
        client: "192.0.2.17",
        server: "shop.example",
    }
}

const ORIGINALS: [Original; 12] = [
    original(
        "connect() failed (111: Connection refused) while connecting to upstream, client: 192.0.2.17, server: shop.example, request: \"GET /cart?id=7 HTTP/1.1\", upstream: \"http://127.0.0.1:8080/cart?id=7\", host: \"shop.example\", referrer: \"https://shop.example/\"",
        "connect_refused",
        Some("connect"),
        Some("ECONNREFUSED"),
        "127.0.0.1:8080",
    ),
    original(
        "connect() to unix:/run/php/shop.sock failed (2: No such file or directory) while connecting to upstream, client: 192.0.2.17, server: shop.example, request: \"POST /index.php HTTP/2.0\", upstream: \"fastcgi://unix:/run/php/shop.sock:\", host: \"shop.example\"",
        "socket_missing",
        Some("connect"),
        Some("ENOENT"),
        "unix:/run/php/shop.sock",
    ),
    original(
        "upstream timed out (110: Connection timed out) while reading response header from upstream, client: 192.0.2.17, server: shop.example, request: \"GET /report HTTP/1.1\", upstream: \"http://[2001:db8::7]:8080/report\", host: \"shop.example\"",
        "response_timeout",
        Some("header"),
        Some("ETIMEDOUT"),
        "[2001:db8::7]:8080",
    ),
    original(
        "upstream prematurely closed connection while reading response header from upstream, client: 192.0.2.17, server: shop.example, request: \"GET / HTTP/1.1\", upstream: \"uwsgi://unix:/run/uwsgi/app/shop/socket:\", host: \"shop.example\"",
        "response_closed",
        Some("header"),
        None,
        "unix:/run/uwsgi/app/shop/socket",
    ),
    original(
        "no live upstreams while connecting to upstream, client: 192.0.2.17, server: shop.example, request: \"GET / HTTP/1.1\", upstream: \"http://backend/\", host: \"shop.example\"",
        "no_live_upstreams",
        Some("connect"),
        None,
        "backend",
    ),
    original(
        "SSL_do_handshake() failed (SSL: error:1408F10B:SSL routines:ssl3_get_record:wrong version number) while SSL handshaking to upstream, client: 192.0.2.17, server: shop.example, request: \"GET / HTTP/1.1\", upstream: \"https://198.51.100.4:443/\", host: \"shop.example\"",
        "tls_handshake_failed",
        Some("tls_handshake"),
        None,
        "198.51.100.4:443",
    ),
    original(
        "recv() failed (104: Connection reset by peer) while reading response header from upstream, client: 192.0.2.17, server: shop.example, request: \"PUT /upload HTTP/1.1\", upstream: \"fastcgi://127.0.0.1:9000\", host: \"shop.example\"",
        "response_reset",
        Some("header"),
        Some("ECONNRESET"),
        "127.0.0.1:9000",
    ),
    original(
        "FastCGI sent in stderr: \"Primary script unknown\" while reading response header from upstream, client: 192.0.2.17, server: shop.example, request: \"GET /x.php HTTP/1.1\", upstream: \"fastcgi://unix:/run/php/shop.sock:\", host: \"shop.example\"",
        "script_not_found",
        Some("header"),
        None,
        "unix:/run/php/shop.sock",
    ),
    original(
        "upstream sent too big header while reading response header from upstream, client: 192.0.2.17, server: shop.example, request: \"GET /login HTTP/1.1\", upstream: \"http://10.0.0.5:3000/login\", host: \"shop.example\"",
        "header_too_big",
        Some("header"),
        None,
        "10.0.0.5:3000",
    ),
    original(
        "upstream timed out (10060: A connection attempt failed because the connected party did not properly respond after a period of time, or established connection failed because connected host has failed to respond) while connecting to upstream, client: 192.0.2.17, server: shop.example, request: \"GET / HTTP/1.1\", upstream: \"http://10.0.0.5:3000/\", host: \"shop.example\"",
        "connect_timeout",
        Some("connect"),
        Some("ETIMEDOUT"),
        "10.0.0.5:3000",
    ),
    original(
        "connect() failed (113: No route to host) while connecting to upstream, client: 192.0.2.17, server: shop.example, upstream: \"10.0.0.5:3306\", bytes from/to client:0/0, bytes from/to upstream:0/0",
        "connect_unreachable",
        Some("connect"),
        Some("EHOSTUNREACH"),
        "10.0.0.5:3306",
    ),
    original(
        "upstream rejected request with error 2 while reading response header from upstream, client: 192.0.2.17, server: shop.example, request: \"POST /api.Users/Get HTTP/2.0\", upstream: \"grpc://10.0.0.5:50051\", host: \"shop.example\"",
        "request_rejected",
        Some("header"),
        None,
        "10.0.0.5:50051",
    ),
];

/// One thing that happens to a quotation.
type Damage = fn(&str, &mut StdRng) -> String;

/// How the record begins, and what is put in front.
const HEADS: [Damage; 10] = [
    |text, _| format!("2026/11/01 09:15:02 [error] 12#12: *23 {text}"),
    |text, _| format!("2026/11/01 09:15:02 [crit] 12#0: *23 {text}"),
    |text, _| format!("[error] 12#12: *23 {text}"),
    |text, _| format!("*23 {text}"),
    |text, _| text.to_owned(),
    |text, _| format!("... {text}"),
    |text, _| format!("> 2026/11/01 09:15:02 [error] 12#12: *23 {text}"),
    |text, _| format!("the log says: 2026/11/01 09:15:02 [error] 12#12: *23 {text}"),
    |text, _| format!("// {text}"),
    |text, _| format!("[error] {text}"),
];

/// What happens to the rest.
const DAMAGES: [(&str, Damage); 34] = [
    ("nothing", |text, _| text.to_owned()),
    ("lines broken at blanks", |text, random| {
        wrapped(text, random, 30, "\n")
    }),
    ("indented lines", |text, random| {
        wrapped(text, random, 30, "\n    ")
    }),
    ("quoted lines", |text, random| {
        wrapped(text, random, 40, "\n> ")
    }),
    ("commented lines", |text, random| {
        wrapped(text, random, 40, "\n# ")
    }),
    ("continued lines", |text, random| {
        wrapped(text, random, 40, " \\\n")
    }),
    ("empty lines between", |text, random| {
        wrapped(text, random, 40, "\n\n")
    }),
    ("one field a line", |text, _| {
        [
            "client", "server", "request", "upstream", "host", "referrer",
        ]
        .iter()
        .fold(text.to_owned(), |text, name| {
            text.replace(&format!(", {name}: "), &format!(",\n{name}: "))
        })
    }),
    ("broken inside a value", |text, random| {
        let name = ["client: ", "upstream: \"", "host: \"", "server: "];
        let name = name.choose(random).unwrap();
        match text.find(name) {
            Some(at) => {
                let at = at + name.len() + random.random_range(2..7);
                format!("{}\n{}", &text[..at], &text[at..])
            }
            None => text.to_owned(),
        }
    }),
    ("typographic quotes", |text, _| {
        text.replace(" \"", " “").replace('"', "”")
    }),
    ("entities", |text, _| text.replace('"', "&quot;")),
    ("escaped quotes", |text, _| text.replace('"', "\\\"")),
    ("bold", |text, _| match text.split_once(", client") {
        Some((message, rest)) => format!("**{message}**, client{rest}"),
        None => text.to_owned(),
    }),
    ("no blanks behind colons", |text, _| {
        text.replace("client: ", "client:")
            .replace("server: ", "server:")
    }),
    ("no blanks behind commas", |text, _| text.replace(", ", ",")),
    ("no comma before the client", |text, _| {
        text.replace(", client: ", " client: ")
    }),
    ("no commas before the others", |text, _| {
        ["server", "request", "upstream", "host"]
            .iter()
            .fold(text.to_owned(), |text, name| {
                text.replace(&format!(", {name}: "), &format!(" {name}: "))
            })
    }),
    ("no quotes", |text, _| match text.split_once(", client") {
        Some((message, rest)) => format!("{message}, client{}", rest.replace('"', "")),
        None => text.to_owned(),
    }),
    ("Markdown's escapes", |text, _| {
        text.replace('*', "\\*")
            .replace('_', "\\_")
            .replace('[', "\\[")
    }),
    ("an item of a list", |text, _| format!("- {text}")),
    ("a cell of a table", |text, _| format!("| {text} |")),
    ("code", |text, _| format!("`{text}`")),
    ("a string", |text, _| {
        match text.starts_with("the") || text.starts_with("//") {
            true => text.to_owned(),
            false => format!("\"{}\"", text.replace('"', "\\\"")),
        }
    }),
    ("Windows line ends", |text, random| {
        wrapped(text, random, 40, "\r\n") + "\r"
    }),
    ("hard blanks", |text, _| text.replace(", ", ",\u{a0}")),
    ("tabs", |text, _| text.replace(", ", ",\t")),
    ("cut behind the upstream", |text, _| {
        match text.find(", host: ") {
            Some(at) => format!("{}...", &text[..at]),
            None => text.to_owned(),
        }
    }),
    ("broken at any byte, with many blanks", |text, random| {
        let width = random.random_range(60..120);
        let characters: Vec<char> = text.chars().collect();
        let lines = characters
            .chunks(width)
            .map(|line| line.iter().collect::<String>());
        lines.collect::<Vec<_>>().join("    ")
    }),
    ("a link in Markdown", |text, _| {
        text.replace(
            "http://127.0.0.1:8080",
            "[http://127.0.0.1:8080](http://127.0.0.1:8080)",
        )
    }),
    ("a link in brackets", |text, _| {
        text.replace("\"http://10.0.0.5:3000/\"", "\"<http://10.0.0.5:3000/>\"")
    }),
    ("a comment of Java", |text, random| {
        format!(" * {}", wrapped(text, random, 40, "\n *   "))
    }),
    ("no blank before the errno", |text, _| {
        text.replace("failed (", "failed(")
    }),
    ("a member of JSON", |text, _| {
        let text = text.replace('\\', "\\\\").replace('"', "\\\"");
        format!("{{\n  \"level\": \"error\",\n  \"message\": \"{text}\",\n  \"host\": \"x\"\n}}")
    }),
    ("the request left out", |text, _| {
        match (text.find(", request: "), text.find(", upstream: ")) {
            (Some(from), Some(to)) => format!("{} ... {}", &text[..from], &text[to + 2..]),
            _ => text.to_owned(),
        }
    }),
];

/// Breaks a text at blanks, no line much longer than some width of at least `least`.
fn wrapped(text: &str, random: &mut StdRng, least: usize, end: &str) -> String {
    let width = random.random_range(least..100);
    let mut out = String::new();
    let mut column = 0;
    for (number, word) in text.split(' ').enumerate() {
        if number > 0 && column + word.len() > width {
            out += end;
            column = 0;
        } else if number > 0 {
            out.push(' ');
        }
        out += word;
        column += word.len() + 1;
    }
    out
}

#[derive(Debug, PartialEq, Eq)]
struct Told {
    class: String,
    phase: Option<&'static str>,
    os_error: Option<String>,
    peer: Option<String>,
    client: Option<String>,
    server: Option<String>,
}

fn told(log: &str) -> Vec<Told> {
    let mut splitter = Splitter::knowing(is_message);
    let records = splitter.split(log.as_bytes(), Start::Input, true);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let spans = records.spans().iter();
    spans
        .filter_map(|span| records.read(span, 0))
        .filter_map(|record| {
            let verdict = judge(&record)?;
            Some(Told {
                class: verdict.class.to_string(),
                phase: verdict.phase.map(Phase::name),
                os_error: verdict.os_error.map(|error| error.name().to_owned()),
                peer: verdict.peer.map(text),
                client: record.tail.client.map(text),
                server: record.tail.server.map(text),
            })
        })
        .collect()
}

#[test]
fn a_quotation_says_what_the_record_said() {
    let mut random = StdRng::seed_from_u64(1);
    let mut failures = Vec::new();
    let mut tried = 0;
    for original in &ORIGINALS {
        let expected = Told {
            class: original.class.into(),
            phase: original.phase,
            os_error: original.os_error.map(Into::into),
            peer: Some(original.peer.into()),
            client: Some(original.client.into()),
            server: Some(original.server.into()),
        };
        for (at, head) in HEADS.iter().enumerate() {
            for (name, damage) in DAMAGES {
                for _ in 0..2 {
                    let log = damage(&head(original.text, &mut random), &mut random);
                    tried += 1;
                    let found = told(&log);
                    if found.len() != 1 || found[0] != expected {
                        failures.push(format!("head {at}, {name}:\n{log}\n{found:?}"));
                    }
                }
            }
        }
    }
    assert!(
        failures.is_empty(),
        "{} of {tried}\n{}",
        failures.len(),
        failures[..failures.len().min(12)].join("\n\n")
    );
}
