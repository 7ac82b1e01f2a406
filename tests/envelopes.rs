//! Whatever other programs put around a log, the events are those of the log itself. Generated logs
//! are wrapped the way each program does it, lines of other programs are put between, and both are
//! read.

#[path = "../benches/generator/mod.rs"]
mod generator;

use std::fmt::Write as _;
use std::io::Write as _;

use badgateway::record::Zone;
use badgateway::render::Ndjson;
use badgateway::rollup::Intake;
use badgateway::scan::Scan;
use badgateway::source::{Access, Input};
use generator::{Settings, generate};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

/// How one program wraps a line: what it is, and whether the line begins a record.
type Wrap = fn(&mut StdRng, &str, bool) -> String;

/// A program that wraps lines.
struct Envelope {
    name: &'static str,
    wrap: Wrap,
    /// A line of another program, as it stands between those of NGINX.
    other: Option<&'static str>,
    /// The machine that it names.
    host: Option<&'static str>,
}

const ACCESS: &str = r#"192.0.2.1 - 2026/11/01 09:15:02 [error] 1#1: *1 connect() failed (111: Connection refused) while connecting to upstream, upstream: \"http://evil:80/\" [01/Nov/2026:09:15:02 +0000] \"GET / HTTP/1.1\" 200 5"#;

fn nanos(random: &mut StdRng) -> String {
    // Go drops zeros at the end.
    let nanos = format!(".{:09}", random.random_range(0..40_u32) * 25_000_000);
    let nanos = nanos.trim_end_matches('0').trim_end_matches('.');
    format!("2026-11-01T09:15:02{nanos}Z")
}

/// Programs that wrap every line by itself.
const LINES: [Envelope; 9] = [
    Envelope {
        name: "docker logs -t",
        wrap: |random, line, _| format!("{} {line}\n", nanos(random)),
        other: None,
        host: None,
    },
    Envelope {
        name: "Docker json-file",
        wrap: |random, line, _| {
            let log = format!("{line}\n");
            format!(
                "{}\n",
                json!({"log": log, "stream": "stderr", "time": nanos(random)})
            )
        },
        other: Some(r#"{"log":"ACCESS\n","stream":"stdout","time":"2026-11-01T09:15:02Z"}"#),
        host: None,
    },
    Envelope {
        name: "CRI",
        wrap: |random, line, _| {
            let mut wrapped = String::new();
            let mut rest = line;
            while rest.len() > 40 && random.random_ratio(1, 4) {
                let mut at = random.random_range(1..rest.len());
                while !rest.is_char_boundary(at) {
                    at -= 1;
                }
                let (part, behind) = rest.split_at(at);
                writeln!(wrapped, "{} stderr P {part}", nanos(random)).unwrap();
                rest = behind;
            }
            writeln!(wrapped, "{} stderr F {rest}", nanos(random)).unwrap();
            wrapped
        },
        other: Some("2026-11-01T09:15:02.5Z stdout F ACCESS"),
        host: None,
    },
    Envelope {
        name: "docker compose logs",
        wrap: |_, line, _| format!("nginx-1  | {line}\n"),
        other: Some("php-1    | [01-Nov-2026 09:15:02] NOTICE: fpm is running, client: 192.0.2.1"),
        host: None,
    },
    Envelope {
        name: "docker compose logs -t, in colour",
        wrap: |random, line, _| format!("\u{1b}[36mnginx-1  |\u{1b}[0m {} {line}\n", nanos(random)),
        other: None,
        host: None,
    },
    Envelope {
        name: "FireLens",
        wrap: |_, line, _| {
            let object = json!({"container_id": "c0ffee", "log": line, "source": "stderr"});
            format!("{object}\n")
        },
        other: Some(r#"{"container_id":"c0ffee","log":"ACCESS","source":"stdout"}"#),
        host: None,
    },
    Envelope {
        name: "kubectl logs --prefix --timestamps",
        wrap: |random, line, _| format!("[pod/web-1/nginx] {} {line}\n", nanos(random)),
        other: None,
        host: None,
    },
    Envelope {
        name: "syslog of a program's standard error",
        wrap: |_, line, _| format!("Nov  1 09:15:02 web1 nginx: {line}\n"),
        other: Some("Nov  1 09:15:02 web1 cron[7]: (root) CMD (x)"),
        host: Some("web1"),
    },
    Envelope {
        name: "two columns of times",
        wrap: |_, line, _| format!("1793524502960\t2026-11-01T09:15:02.960Z\t{line}\n"),
        other: None,
        host: None,
    },
];

/// Programs that wrap a record.
const RECORDS: [Envelope; 8] = [
    Envelope {
        name: "RFC 3164",
        wrap: |_, line, _| format!("Nov  1 09:15:02 web1 nginx: {line}\n"),
        other: Some("Nov  1 09:15:02 web1 systemd[1]: Started Session 7, client: none."),
        host: Some("web1"),
    },
    Envelope {
        name: "NGINX's datagrams",
        wrap: |_, line, _| format!("<187>Nov  1 09:15:02 web1 nginx: {line}\n"),
        other: None,
        host: Some("web1"),
    },
    Envelope {
        name: "rsyslog with precise times",
        wrap: |_, line, _| format!("2026-11-01T09:15:02.123456+01:00 web1 nginx[7]: {line}\n"),
        other: Some("2026-11-01T09:15:03.123456+01:00 web1 cron[8]: (root) CMD (x)"),
        host: Some("web1"),
    },
    Envelope {
        name: "RFC 5424",
        wrap: |_, line, _| format!("<187>1 2026-11-01T09:15:02.1+01:00 web1 nginx 7 - - {line}\n"),
        other: Some("<30>1 2026-11-01T09:15:02.1+01:00 web1 cron 8 - - (root) CMD (x)"),
        host: Some("web1"),
    },
    Envelope {
        name: "journalctl -o short",
        wrap: |_, line, is_first| match is_first {
            true => format!("Nov 01 09:15:02 web1 nginx[676]: {line}\n"),
            false => format!("                                 {line}\n"),
        },
        other: Some("Nov 01 09:15:02 web1 systemd[1]: Reloading nginx.service."),
        host: Some("web1"),
    },
    Envelope {
        name: "journalctl -o short-iso",
        wrap: |_, line, is_first| match is_first {
            true => format!("2026-11-01T09:15:02+0100 web1 nginx[676]: {line}\n"),
            false => format!("                                          {line}\n"),
        },
        other: Some("2026-11-01T09:15:02+0100 web1 sshd[9]: Accepted publickey for a"),
        host: Some("web1"),
    },
    Envelope {
        name: "journal as JSON",
        wrap: |_, line, _| {
            let object = json!({
                "MESSAGE": line,
                "_HOSTNAME": "web1",
                "SYSLOG_IDENTIFIER": "nginx",
                "_PID": "676",
                "__REALTIME_TIMESTAMP": "1793524502960000",
            });
            format!("{object}\n")
        },
        other: Some(r#"{"MESSAGE":"Started Session 7","_HOSTNAME":"web1","_PID":"1"}"#),
        host: Some("web1"),
    },
    Envelope {
        name: "grep",
        wrap: |_, line, _| format!("/var/log/nginx/error.log:{line}\n"),
        other: None,
        host: None,
    },
];

fn log(hostile_share: f64, multi_line_share: f64, bytes: u64) -> String {
    let settings = Settings {
        upstream_share: 0.6,
        hostile_share,
        multi_line_share,
        ..Settings::default()
    };
    let mut log = Vec::new();
    generate(&settings, bytes, &mut log).unwrap();
    // JSON and its like are text; what is not was replaced before it got there.
    String::from_utf8_lossy(&log).into_owned()
}

fn read(log: &str, access: Access, chunk_size: usize) -> (Vec<Value>, Intake) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(log.as_bytes()).unwrap();
    let scan = Scan {
        access,
        chunk_size,
        zone: "UTC".parse::<Zone>().unwrap(),
        host: "here".to_owned(),
        ..Scan::new(vec![Input::File(file.path().to_path_buf())])
    };
    let mut lines = Vec::new();
    let outcome = scan
        .events::<Ndjson>(|bytes| lines.write_all(bytes))
        .unwrap();
    assert!(outcome.troubles.is_empty(), "{:?}", outcome.troubles);
    let events = serde_json::Deserializer::from_slice(&lines).into_iter();
    // Samples name the temporary file.
    let intake = Intake {
        samples: Vec::new(),
        unclassified_samples: Vec::new(),
        ..outcome.intake
    };
    (events.map(Result::unwrap).collect(), intake)
}

/// What an event says but for where it was found.
fn said(event: &Value) -> String {
    let mut event = event.clone();
    for place in ["host", "source", "offset"] {
        event.as_object_mut().unwrap().remove(place);
    }
    serde_json::to_string_pretty(&event).unwrap()
}

fn assert_said(events: &[Value], expected: &[Value], chunk_size: usize) {
    for (event, plain_event) in events.iter().zip(expected) {
        assert_eq!(said(event), said(plain_event), "chunks of {chunk_size}");
    }
    assert_eq!(events.len(), expected.len());
}

fn is_first(line: &str) -> bool {
    line.starts_with("2026/11/") && line.contains(" [")
}

fn check(plain: &str, envelope: &Envelope) {
    let mut random = StdRng::seed_from_u64(7);
    let mut wrapped = String::new();
    let mut places = Vec::new();
    let mut others = 0;
    for line in plain.lines() {
        places.push(wrapped.len());
        wrapped += &(envelope.wrap)(&mut random, line, is_first(line));
        if let Some(other) = envelope.other
            && random.random_ratio(1, 3)
        {
            others += 1;
            let access = if other.starts_with('{') {
                ACCESS.to_owned()
            } else {
                ACCESS.replace('\\', "")
            };
            wrapped += &other.replace("ACCESS", &access);
            wrapped.push('\n');
        }
    }
    let (expected, _) = read(plain, Access::Read, 1 << 20);
    let (events, intake) = read(&wrapped, Access::Read, 1 << 20);
    let name = envelope.name;
    for (event, plain_event) in events.iter().zip(&expected) {
        assert_eq!(said(event), said(plain_event), "{name}");
        assert_eq!(event["host"], envelope.host.unwrap_or("here"), "{name}");
        let offset = event["offset"].as_u64().unwrap();
        assert!(places.contains(&(offset as usize)), "{name}: {offset}");
    }
    assert_eq!(events.len(), expected.len(), "{name}");
    assert_eq!(intake.other_lines, others, "{name}");
    assert_eq!(intake.lines, wrapped.lines().count() as u64, "{name}");
    for (access, chunk_size) in [(Access::Map, 1), (Access::Read, 700), (Access::Map, 20_000)] {
        let (other_events, other_intake) = read(&wrapped, access, chunk_size);
        assert_eq!(intake, other_intake, "{name}, chunks of {chunk_size}");
        let without_source =
            |events: &[Value]| -> Vec<String> { events.iter().map(said).collect() };
        assert!(
            without_source(&events) == without_source(&other_events),
            "{name}, chunks of {chunk_size}"
        );
    }
}

#[test]
fn lines_in_envelopes_are_the_log_without_them() {
    for (hostile_share, multi_line_share) in [(0.0, 0.2), (0.3, 0.1)] {
        let plain = log(hostile_share, multi_line_share, 40_000);
        for envelope in &LINES {
            check(&plain, envelope);
        }
    }
}

#[test]
fn records_in_envelopes_are_the_log_without_them() {
    for envelope in &RECORDS {
        // Only the journal keeps the lines of a record apart.
        let keeps_lines = envelope.name.starts_with("journalctl");
        check(
            &log(0.0, if keeps_lines { 0.2 } else { 0.0 }, 40_000),
            envelope,
        );
    }
}

#[test]
fn json_may_be_spread_over_lines() {
    let plain = log(0.0, 0.2, 40_000);
    let mut records: Vec<String> = Vec::new();
    for line in plain.lines() {
        match records.last_mut().filter(|_| !is_first(line)) {
            Some(record) => *record += &format!("\n{line}"),
            None => records.push(line.to_owned()),
        }
    }
    let objects: Vec<_> = records
        .iter()
        .map(|record| json!({"insertId": "x", "severity": "ERROR", "textPayload": record}))
        .collect();
    let wrapped = serde_json::to_string_pretty(&objects).unwrap();
    let (expected, _) = read(&plain, Access::Read, 1 << 20);
    for chunk_size in [1, 5_000, 1 << 20] {
        let (events, intake) = read(&wrapped, Access::Map, chunk_size);
        assert_said(&events, &expected, chunk_size);
        // Brackets and the other members.
        let others = wrapped.lines().count() - records.len();
        assert_eq!(intake.other_lines, others as u64);
    }
}

#[test]
fn envelopes_may_change_from_record_to_record() {
    let plain = log(0.0, 0.2, 60_000);
    let mut random = StdRng::seed_from_u64(11);
    let mut mixed = String::new();
    let mut envelope: Option<&Envelope> = None;
    for line in plain.lines() {
        if is_first(line) {
            let number = random.random_range(0..=LINES.len());
            envelope = LINES.get(number);
        }
        match envelope {
            Some(envelope) => mixed += &(envelope.wrap)(&mut random, line, is_first(line)),
            None => writeln!(mixed, "{line}").unwrap(),
        }
    }
    let (expected, _) = read(&plain, Access::Read, 1 << 20);
    for chunk_size in [1, 5_000, 1 << 20] {
        let (events, intake) = read(&mixed, Access::Map, chunk_size);
        assert_said(&events, &expected, chunk_size);
        assert_eq!(intake.other_lines, 0);
    }
}
