//! Logs that lie in a bucket.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use super::house::{House, url};
use super::line::{Fate, Line, Request};

/// Some 9 MB of log, more than is asked for at once.
fn large(house: &House) -> Vec<u8> {
    let log = house.log("large-error.log", "2026/01/30", 1..u16::MAX);
    let log = fs::read(log).unwrap();
    assert!(log.len() > 9_000_000, "{}", log.len());
    log
}

fn packed(program: &str, path: &Path) -> Vec<u8> {
    let output = Command::new(program).arg("-c").arg(path).output().unwrap();
    assert!(output.status.success());
    output.stdout
}

/// Puts a log into the bucket, as it is and packed in each way.
fn put_all(house: &House, log: &Path) -> Vec<String> {
    let mut keys = Vec::new();
    for (name, program) in [
        ("", ""),
        (".gz", "gzip"),
        (".zst", "zstd"),
        (".xz", "xz"),
        (".bz2", "bzip2"),
    ] {
        let bytes = match program {
            "" => fs::read(log).unwrap(),
            program => packed(program, log),
        };
        let path = house.folder.path().join("packed");
        fs::write(&path, bytes).unwrap();
        let key = format!("packed/error.log{name}");
        house.server.put(&key, &path);
        keys.push(key);
    }
    keys
}

/// All events, but for the column that says where they stand.
fn events(house: &House, log: &str) -> String {
    let events = house.run(&[
        "events",
        "--no-discover",
        "--timezone=UTC",
        "--format=csv",
        log,
    ]);
    events.replace(&format!(",{log},"), ",LOG,")
}

#[test]
#[ignore = "needs moto; tests/all installs it"]
fn a_log_says_the_same_wherever_it_lies_and_however_it_is_packed() {
    let house = House::new();
    large(&house);
    let log = house.folder.path().join("large-error.log");
    let expected = events(&house, &log.display().to_string());
    assert!(expected.lines().count() > 60_000);
    for key in put_all(&house, &log) {
        assert!(events(&house, &url(&key)) == expected, "{key}");
    }
}

#[test]
#[ignore = "needs moto; tests/all installs it"]
fn urls_stand_for_objects_as_paths_do_for_files() {
    let house = House::new();
    let log = house.log("log", "2026/01/30", 8000..8003);
    for key in [
        "nginx/error.log",
        "nginx/shop-error.log.1",
        "nginx/access.log",
        "nginx/old/error.log",
    ] {
        house.server.put(key, &log);
    }
    let counted = |words: &[&str]| {
        let urls = words.iter().map(|word| url(word));
        let urls: Vec<String> = urls.collect();
        let mut arguments = vec!["events", "--no-discover", "--timezone=UTC"];
        arguments.extend(urls.iter().map(String::as_str));
        house.run(&arguments).lines().count()
    };
    assert_eq!(counted(&["nginx/error.log"]), 3);
    assert_eq!(
        counted(&["nginx"]),
        6,
        "a folder stands for the error logs in it"
    );
    assert_eq!(counted(&["nginx/"]), 6);
    assert_eq!(counted(&["nginx/*.log"]), 6, "a pattern for all that match");
    assert_eq!(counted(&["nginx/*/*.log"]), 3);
    assert_eq!(counted(&["nginx/**/*.log"]), 9);
    assert_eq!(
        counted(&["nginx", "nginx/error.log", "nginx/*.log"]),
        9,
        "none is read twice"
    );
    for (word, said) in [
        (
            "nginx/nothing.log",
            "s3://logs/nginx/nothing.log: cannot be opened",
        ),
        ("nginx/*.gone", "s3://logs/nginx/*.gone: no file matches"),
        (
            "nginx/old/x/",
            "s3://logs/nginx/old/x/: no *error*log* file in this folder",
        ),
    ] {
        let output = house.output(&["events", &url(word)]);
        let words = String::from_utf8(output.stderr).unwrap();
        assert!(
            output.status.code() == Some(2) && words.contains(said),
            "{words}"
        );
    }
    let output = house.output(&["events", "s3://nobody/error.log"]);
    let words = String::from_utf8(output.stderr).unwrap();
    assert!(
        words.contains("NoSuchBucket: The specified bucket does not exist"),
        "{words}"
    );
}

#[test]
#[ignore = "needs moto; tests/all installs it"]
fn a_log_that_grows_is_renamed_packed_or_copied_in_a_bucket_is_counted_once() {
    let house = House::new();
    let count = || {
        let out = format!("--out={}", url("grown"));
        house.run(&[
            "aggregate",
            "--no-discover",
            "--timezone=UTC",
            &out,
            &url("raw/"),
        ]);
        house.events("grown")
    };
    house
        .server
        .put("raw/error.log", &house.log("log", "2026/01/30", 8000..8100));
    assert_eq!(count(), 100);
    assert_eq!(count(), 100);
    let whole = house.log("log", "2026/01/30", 8000..8150);
    house.server.put("raw/error.log", &whole);
    assert_eq!(count(), 150, "what was added");
    house.server.put("raw/error.log.1", &whole);
    house.server.remove("raw/error.log");
    assert_eq!(count(), 150, "under another name");
    let gz = house.folder.path().join("log.gz");
    fs::write(&gz, packed("gzip", &whole)).unwrap();
    house.server.put("raw/error.log.2.gz", &gz);
    house.server.remove("raw/error.log.1");
    assert_eq!(count(), 150, "packed");
    house
        .server
        .put("raw/error.log", &house.log("log", "2026/01/31", 8000..8010));
    assert_eq!(count(), 160, "a new one");
    // From the disk it is the same log.
    house.aggregate(&whole, "grown");
    assert_eq!(house.events("grown"), 160);
}

#[test]
#[ignore = "needs moto; tests/all installs it"]
fn a_log_that_is_replaced_while_it_is_read_is_told() {
    let house = Arc::new(House::new());
    large(&house);
    house
        .server
        .put("error.log", &house.folder.path().join("large-error.log"));
    let small = house.log("small", "2026/01/31", 8000..8001);
    let mut parts = 0;
    let line = {
        let house = Arc::clone(&house);
        Line::new(house.server.port, move |request: Request<'_>| {
            parts += u64::from(request.line.starts_with("GET /logs/error.log"));
            if parts == 4 {
                house.server.put("error.log", &small);
            }
            Fate::Answered
        })
    };
    let arguments = [
        "events",
        "--no-discover",
        "--timezone=UTC",
        &url("error.log"),
    ];
    let output = house.command(line.port, &arguments).output().unwrap();
    let words = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{words}");
    assert!(
        words.contains("it was replaced by another object while it was read"),
        "{words}"
    );
    let lines = output.stdout.iter().filter(|&&byte| byte == b'\n').count();
    assert!(
        (10_000..60_000).contains(&lines),
        "what came before is used: {lines}"
    );
}
