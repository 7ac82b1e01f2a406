//! Real lines from public bug reports, manuals and test fixtures, labelled by hand. The file is not
//! part of the repository; `BADGATEWAY_WILD_LINES` names it.

use badgateway::record::{Splitter, Text};
use badgateway::source::Start;
use badgateway::taxonomy::{Kind, classify, is_message};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
struct Labelled {
    id: u32,
    line: String,
    /// `None`: cannot be decided.
    upstream_event: Option<bool>,
    /// Alternatives are separated by `|`.
    class: Option<String>,
    level: Option<String>,
    peer: Option<String>,
    scheme: Option<String>,
    server: Option<String>,
    client: Option<String>,
}

/// Where we read otherwise than the label.
const EXPECTED: [(u32, &str); 1] = [(
    106,
    "the label leaves the peer open; the socket's name ends in .sock",
)];

/// What differs between a label and what we read.
fn differences(labelled: &Labelled) -> Vec<String> {
    let log = labelled.line.as_bytes();
    let mut splitter = Splitter::knowing(is_message);
    let found = splitter.split(log, Start::Input, true);
    let records: Vec<_> = found
        .spans()
        .iter()
        .filter_map(|span| found.read(span, 0))
        .collect();
    let events: Vec<_> = records
        .iter()
        .filter_map(|record| Some((record, classify(record)?)))
        // The labels count what a client did as no event of an upstream.
        .filter(|(_, verdict)| verdict.class.kind() != Kind::Client)
        .collect();
    let Some(wanted) = labelled.upstream_event else {
        return Vec::new();
    };
    let [(record, verdict)] = events[..] else {
        let found: Vec<_> = events.iter().map(|event| event.1.class).collect();
        return match wanted {
            false if found.is_empty() => Vec::new(),
            _ => vec![format!("events {found:?}, wanted {wanted}")],
        };
    };
    if !wanted {
        return vec![format!("event {}", verdict.class)];
    }
    let mut differences = Vec::new();
    let classes = labelled.class.as_deref().unwrap_or_default();
    if !classes
        .split('|')
        .any(|class| class == verdict.class.name())
    {
        differences.push(format!("class {}, wanted {classes}", verdict.class));
    }
    let upstream = record.tail.upstream;
    let level = record.head.level.map(|level| level.name().as_bytes());
    for (name, found, wanted) in [
        ("level", level, &labelled.level),
        ("peer", verdict.peer, &labelled.peer),
        (
            "scheme",
            upstream.and_then(|upstream| upstream.scheme),
            &labelled.scheme,
        ),
        ("server", record.tail.server, &labelled.server),
        ("client", record.tail.client, &labelled.client),
    ] {
        let found = found.map(|bytes| Text(bytes).to_str());
        if found.as_deref() != wanted.as_deref() {
            differences.push(format!("{name} {found:?}, wanted {wanted:?}"));
        }
    }
    differences
}

#[test]
fn real_lines_from_elsewhere_are_read_as_labelled() {
    let Ok(path) = std::env::var("BADGATEWAY_WILD_LINES") else {
        return println!("skipped: BADGATEWAY_WILD_LINES names no file");
    };
    let text = std::fs::read_to_string(&path).unwrap();
    let labelled = text
        .lines()
        .map(|line| serde_json::from_str::<Labelled>(line).unwrap());
    let labelled: Vec<_> = labelled.collect();
    assert!(labelled.len() > 100);
    let mut wrong = Vec::new();
    for labelled in &labelled {
        let differences = differences(labelled);
        let is_expected = EXPECTED.iter().any(|known| known.0 == labelled.id);
        if differences.is_empty() == is_expected {
            wrong.push(format!(
                "{}: {differences:?}\n  {}",
                labelled.id, labelled.line
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        labelled.len(),
        wrong.join("\n")
    );
}
