//! Everything NGINX can say about an upstream, one example each, and what we take it for. Prints the
//! table: `cargo test --test messages -- --nocapture`.

use std::collections::BTreeSet;

use badgateway::record::Splitter;
use badgateway::source::Start;
use badgateway::taxonomy::{Class, classify};

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

fn class_of(record: &str) -> Option<Class> {
    let mut splitter = Splitter::default();
    let records = splitter.split(record.as_bytes(), Start::Input, true);
    assert_eq!(records.spans().len(), 1, "{record}");
    let record = records.read(&records.spans()[0], 0).unwrap();
    classify(&record).map(|verdict| verdict.class)
}

const TABLE: &str = include_str!("messages.tsv");

#[test]
fn every_message_has_its_class() {
    let mut wrong = Vec::new();
    for row in rows(TABLE) {
        let class = class_of(&record(&row));
        let name = class.map(Class::name);
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
        assert_eq!(class_of(&record(&row)), None, "{}", row.example);
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
