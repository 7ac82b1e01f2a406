//! Every log under `samples/` was written by a real NGINX, and what must come out of it stands beside
//! it. Each is read mapped and piped, by 1, 2 and 8 threads, whole and in tiny chunks: one answer.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use badgateway::render::Ndjson;
use badgateway::rollup::{Intake, Row};
use badgateway::scan::Scan;
use badgateway::source::{Access, Input};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    about: String,
    #[allow(dead_code, reason = "says who wrote the log")]
    nginx: String,
    #[allow(dead_code, reason = "says who wrote the log")]
    php: Option<String>,
    lines: u64,
    records: u64,
    events: Vec<Group>,
}

/// Events that agree in all of this, and how many there are.
#[derive(Debug, Clone, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(deny_unknown_fields)]
struct Group {
    class: String,
    kind: String,
    phase: Option<String>,
    os_error: Option<String>,
    level: String,
    scheme: Option<String>,
    peer: Option<String>,
    pool: String,
    server: Option<String>,
    client: Option<String>,
    status: Option<u64>,
    #[serde(default)]
    events: u64,
}

/// The samples: name, log, and what is expected of it.
fn samples(folder: &Path) -> Vec<(String, PathBuf, Expected)> {
    let mut samples: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            let expected = toml::from_str(&fs::read_to_string(&path).unwrap())
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            (name, path.with_extension("log"), expected)
        })
        .collect();
    samples.sort_by(|one, other| one.0.cmp(&other.0));
    samples
}

fn scan(log: &Path, access: Access, chunk_size: usize) -> Scan {
    Scan {
        access,
        chunk_size,
        zone: "UTC".parse().unwrap(),
        host: "web1".to_owned(),
        ..Scan::new(vec![Input::File(log.to_path_buf())])
    }
}

/// The events of a log, grouped; what they look like in full; and what was read.
fn events(scan: &Scan) -> (Vec<Group>, Vec<u8>, Intake) {
    let mut lines = Vec::new();
    let outcome = scan
        .events::<Ndjson>(|bytes| lines.write_all(bytes))
        .unwrap();
    assert!(outcome.troubles.is_empty(), "{:?}", outcome.troubles);
    let mut groups: BTreeMap<Group, u64> = BTreeMap::new();
    for line in lines
        .split(|&byte| byte == b'\n')
        .filter(|line| !line.is_empty())
    {
        let event: serde_json::Value = serde_json::from_slice(line).unwrap();
        let text = |name: &str| event[name].as_str().map(str::to_owned);
        let group = Group {
            class: text("class").unwrap(),
            kind: text("kind").unwrap(),
            phase: text("phase"),
            os_error: text("os_error"),
            level: text("level").unwrap(),
            scheme: text("scheme"),
            peer: text("peer"),
            pool: text("pool").unwrap(),
            server: text("server"),
            client: text("client"),
            status: event["status"].as_u64(),
            events: 0,
        };
        *groups.entry(group).or_default() += 1;
    }
    let groups = groups
        .into_iter()
        .map(|(group, events)| Group { events, ..group })
        .collect();
    (groups, lines, outcome.intake)
}

fn rows(scan: &Scan) -> Vec<Row> {
    scan.rollup(3_600_000_000).value.into_rows()
}

fn with_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.unwrap().install(work)
}

/// Says in which events a log differs from what is expected, and whether in its counts.
fn differences(log: &Path, expected: &Expected) -> Vec<String> {
    let (found, _, intake) = events(&scan(log, Access::Map, 1 << 20));
    let mut wanted = expected.events.clone();
    wanted.sort();
    let mut differences = Vec::new();
    for group in wanted.iter().filter(|group| !found.contains(group)) {
        differences.push(format!("wanted {group:?}"));
    }
    for group in found.iter().filter(|group| !wanted.contains(group)) {
        differences.push(format!("found  {group:?}"));
    }
    let (lines, records) = (intake.lines, intake.records);
    if (lines, records) != (expected.lines, expected.records) {
        differences.push(format!(
            "{lines} lines and {records} records, not {} and {}",
            expected.lines, expected.records
        ));
    }
    differences
}

fn check(folder: &Path) {
    let samples = samples(folder);
    assert!(samples.len() > 60, "only {} samples", samples.len());
    let mut failed = Vec::new();
    for (name, log, expected) in &samples {
        let differences = differences(log, expected);
        if !differences.is_empty() {
            failed.push(format!(
                "{name} ({})\n  {}",
                expected.about,
                differences.join("\n  ")
            ));
        }
    }
    assert!(
        failed.is_empty(),
        "{} samples:\n{}",
        failed.len(),
        failed.join("\n")
    );
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples")
}

#[test]
fn every_sample_gives_the_events_stated_beside_it() {
    check(&folder());
}

#[test]
fn every_class_has_a_real_record() {
    let mut seen: Vec<String> = samples(&folder())
        .into_iter()
        .flat_map(|(_, _, expected)| expected.events)
        .map(|group| group.class)
        .collect();
    seen.sort();
    seen.dedup();
    for class in badgateway::taxonomy::Class::ALL {
        assert!(
            seen.iter().any(|name| name == class.name()),
            "no sample of {class}"
        );
    }
}

#[test]
fn every_sample_gives_one_answer_however_it_is_read() {
    for (name, log, _) in samples(&folder()) {
        let whole = scan(&log, Access::Read, 1 << 20);
        let (_, lines, intake) = with_threads(1, || events(&whole));
        let counted = with_threads(1, || rows(&whole));
        for threads in [1, 2, 8] {
            for access in [Access::Map, Access::Read] {
                for chunk_size in [1, 300, 1 << 20] {
                    let scan = scan(&log, access, chunk_size);
                    let how = format!("{name}: {threads} threads, {access:?}, {chunk_size}");
                    with_threads(threads, || {
                        let (_, other_lines, other_intake) = events(&scan);
                        assert!(lines == other_lines, "{how}");
                        assert_eq!(intake, other_intake, "{how}");
                        assert!(counted == rows(&scan), "{how}");
                    });
                }
            }
        }
    }
}

/// Samples that were written just now, instead of those in the repository.
#[test]
#[ignore = "needs root, NGINX and PHP-FPM; see samples/README.md"]
fn a_real_nginx_gives_the_same_today() {
    let out = tempfile::tempdir().unwrap();
    let status = std::process::Command::new("python3")
        .arg(folder().join("provoke"))
        .arg("--out")
        .arg(out.path())
        .status()
        .unwrap();
    assert!(status.success());
    check(out.path());
}
