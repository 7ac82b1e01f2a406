//! Everything NGINX can say about an upstream, one example each, and what we take it for. Prints the
//! table: `cargo test --test messages -- --nocapture`.

use std::collections::BTreeSet;

use badgateway::record::Splitter;
use badgateway::source::Start;
use badgateway::taxonomy::{Phase, classify};

/// A row of `tests/messages.tsv`.
struct Row<'a> {
    source: &'a str,
    level: &'a str,
    /// As it stands in the source.
    template: &'a str,
    /// Filled in, with an errno where there is one.
    example: &'a str,
    action: Option<&'a str>,
    class: Option<&'a str>,
}

fn rows(table: &str) -> impl Iterator<Item = Row<'_>> {
    let lines = table.lines().filter(|line| !line.starts_with('#')).skip(1);
    lines.map(|line| {
        let columns: Vec<&str> = line.split('\t').collect();
        let [source, level, template, example, action, class] = columns[..] else {
            panic!("{line}");
        };
        let given = |text| Some(text).filter(|&text| text != "-");
        Row {
            source,
            level,
            template,
            example,
            action: given(action),
            class: given(class),
        }
    })
}

/// A record with the context that the row's module writes: that of HTTP, stream or mail, and an
/// upstream once NGINX deals with one.
fn record(row: &Row<'_>) -> String {
    let Row { level, example, .. } = row;
    let action = row
        .action
        .map(|action| format!(" while {action}"))
        .unwrap_or_default();
    let has_upstream = row.action.is_some();
    let context = match row.source.split('/').next().unwrap() {
        "mail" => ", client: 192.0.2.1, server: 0.0.0.0:143, login: \"a\", upstream: 127.0.0.1:144"
            .to_owned(),
        "stream" => {
            let upstream = if has_upstream {
                ", upstream: \"127.0.0.1:8080\""
            } else {
                ""
            };
            format!(
                ", client: 192.0.2.1, server: 0.0.0.0:53{upstream}, bytes from/to client:0/0, bytes from/to upstream:0/0"
            )
        }
        _ => {
            let upstream = if has_upstream {
                ", upstream: \"http://127.0.0.1:8080/\""
            } else {
                ""
            };
            format!(
                ", client: 192.0.2.1, server: a, request: \"GET / HTTP/1.1\"{upstream}, host: \"a\""
            )
        }
    };
    format!("2026/11/01 09:15:02 [{level}] 1#1: *2 {example}{action}{context}\n")
}

/// Class, phase and peer of the only record in a log.
fn told(log: &str) -> Option<(&'static str, Option<&'static str>, Option<String>)> {
    let mut splitter = Splitter::default();
    let records = splitter.split(log.as_bytes(), Start::Input, true);
    assert_eq!(records.spans().len(), 1, "{log}");
    let record = records.read(&records.spans()[0], 0).unwrap();
    classify(&record).map(|verdict| {
        let peer = verdict
            .peer
            .map(|peer| std::str::from_utf8(peer).unwrap().to_owned());
        (verdict.class.name(), verdict.phase.map(Phase::name), peer)
    })
}

const TABLE: &str = include_str!("messages.tsv");

#[test]
fn every_message_has_its_class() {
    let mut wrong = Vec::new();
    for row in rows(TABLE) {
        let name = told(&record(&row)).map(|told| told.0);
        println!(
            "{:24} {:44} {}",
            name.unwrap_or("-"),
            row.source,
            row.example
        );
        if name != row.class {
            wrong.push(format!("{}: {name:?}, not {:?}", row.example, row.class));
        }
        assert_ne!(name, Some("upstream_other"), "{}", row.example);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_message_is_an_event_as_debugging() {
    for row in rows(TABLE) {
        let row = Row {
            level: "debug",
            ..row
        };
        assert_eq!(told(&record(&row)), None, "{}", row.example);
    }
}

/// A list of NGINX's messages from elsewhere must be covered: source file, level and template.
#[test]
fn no_message_is_missing() {
    let Ok(path) = std::env::var("BADGATEWAY_MESSAGES") else {
        return println!("skipped: BADGATEWAY_MESSAGES names no file");
    };
    let known: BTreeSet<(&str, &str)> = rows(TABLE).map(|row| (row.source, row.template)).collect();
    let listed = std::fs::read_to_string(path).unwrap();
    let lines = listed.lines().filter(|line| !line.starts_with('#')).skip(1);
    for line in lines {
        let columns: Vec<&str> = line.split('\t').collect();
        assert!(known.contains(&(columns[0], columns[2])), "{line}");
    }
}

/// What other builds and modules write, and NGINX where its words alone do not decide: class, phase and
/// peer.
#[test]
fn what_else_is_said_of_an_upstream() {
    const CONTEXT: &str =
        ", client: 192.0.2.1, server: a, request: \"GET / HTTP/1.1\", host: \"a\"";
    for (text, expected) in [
        (
            "1#1: upstream timed out (110: Connection timed out) while connecting to upstream, health check \"ok\" of peer 192.0.2.9:80 in upstream \"app\"",
            Some(("connect_timeout", Some("connect"), Some("192.0.2.9:80"))),
        ),
        (
            "1#1: peer is unhealthy while connecting to upstream, health check \"\" of peer 192.0.2.9:80 in upstream \"app\"",
            Some(("peer_disabled", Some("connect"), Some("192.0.2.9:80"))),
        ),
        (
            "1#1: ngx_http_upstream_jdomain_module: resolver failed, \"b.example\" (110: Operation timed out)",
            Some(("resolve_timeout", Some("resolve"), Some("b.example"))),
        ),
        (
            "1#1: *2 proxy_connect: connection error while connecting to upstream{CONTEXT}",
            Some(("connect_failed", Some("connect"), None)),
        ),
        (
            "1#1: *2 upstream prematurely closed connection while reading response header from upstream, client: 192.0.2.1, server: a, request: \"GET / HTTP/1.1\", upstream: \"passenger:/tmp/passenger.1/request:\", host: \"a\"",
            Some((
                "response_closed",
                Some("header"),
                Some("/tmp/passenger.1/request"),
            )),
        ),
        (
            "1#1: [emerg] no port in upstream \"app\"{CONTEXT}",
            Some(("upstream_misconfigured", Some("config"), Some("app"))),
        ),
        // A subrequest in the background leaves the client's action.
        (
            "1#1: *2 b.example could not be resolved (110: Operation timed out) while sending to client{CONTEXT}",
            Some(("resolve_timeout", Some("resolve"), Some("b.example"))),
        ),
        (
            "1#1: *2 b.example could not be resolved (110: Operation timed out) while requesting certificate status{CONTEXT}",
            None,
        ),
        (
            "1#1: *2 write() to \"/var/log/nginx/access.log\" was incomplete: 19 of 328 while logging request, client: 192.0.2.1, server: a, request: \"GET / HTTP/1.1\", upstream: \"http://127.0.0.1:3000/\", host: \"a\"",
            None,
        ),
        // At level error a module may log anything; what tells of a failure is one.
        ("1#1: *2 a note while reading upstream{CONTEXT}", None),
        (
            "1#1: *2 a note went missing while reading upstream{CONTEXT}",
            Some(("upstream_other", Some("body"), None)),
        ),
    ] {
        let text = text.replace("{CONTEXT}", CONTEXT);
        let log = format!("2026/11/01 09:15:02 [error] {text}\n");
        let expected = expected.map(|(class, phase, peer)| (class, phase, peer.map(str::to_owned)));
        assert_eq!(told(&log), expected, "{text}");
    }
}
