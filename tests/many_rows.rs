//! More rows than are held in memory: they are put aside, and nothing of that is seen.

#[path = "../benches/generator/mod.rs"]
mod generator;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::Duration;

use badgateway::dataset::Dataset;
use badgateway::record::Moment;
use badgateway::rollup::{Row, Rows, Source};
use badgateway::scan::Scan;
use badgateway::source::Input;
use generator::{Settings, generate};
use tempfile::TempDir;

const HOUR: i64 = 3_600_000_000;

/// Logs of one site that tell of the same hours, tame ones and hostile ones.
fn logs(folder: &Path) -> Vec<Input> {
    let kinds = [(0.97, 0.0), (0.7, 0.5), (0.97, 0.05)];
    let logs = kinds.into_iter().zip(1..);
    let logs = logs.map(|((upstream_share, hostile_share), seed)| {
        let settings = Settings {
            seed,
            upstream_share,
            hostile_share,
            ..Settings::default()
        };
        let mut log = Vec::new();
        generate(&settings, 2_000_000, &mut log).unwrap();
        let path = folder.join(format!("{seed}-error.log"));
        fs::write(&path, log).unwrap();
        Input::File(path)
    });
    logs.collect()
}

/// The rows, and whether they were ever put aside.
fn rows(inputs: &[Input], threads: usize, most_held: Option<usize>) -> (Vec<Row>, bool) {
    let folder = tempfile::tempdir().unwrap();
    let run = Dataset::new(folder.path()).begin("web1", Duration::ZERO, |_| {});
    let mut run = run.unwrap();
    let mut scan = Scan {
        chunk_size: 100_000,
        zone: "UTC".parse().unwrap(),
        ..Scan::new(inputs.to_vec())
    };
    scan.most_held = most_held.unwrap_or(scan.most_held);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
    let counted = pool.build().unwrap().install(|| {
        let ledger = run.ledger().unwrap();
        scan.resume(HOUR, &ledger, "web1", &run).value.counted
    });
    match counted.into_rows(|_| false).unwrap() {
        Rows::Held(rows) => (rows, false),
        Rows::Aside(rows) => {
            let rows = rows.rows().unwrap().map(Result::unwrap);
            (rows.collect(), true)
        }
    }
}

#[test]
fn rows_are_the_same_however_few_are_held_and_whoever_counts_them() {
    let folder = tempfile::tempdir().unwrap();
    let inputs = logs(folder.path());
    let (expected, were_aside) = rows(&inputs, 1, None);
    assert!(expected.len() > 1_000 && !were_aside, "{}", expected.len());
    for threads in [1, 2, 5] {
        for most_held in [0, 300_000] {
            let (rows, were_aside) = rows(&inputs, threads, Some(most_held));
            assert!(were_aside, "{threads} {most_held}");
            assert_eq!(rows.len(), expected.len(), "{threads} {most_held}");
            for (row, expected) in rows.iter().zip(&expected) {
                assert_eq!(row, expected, "{threads} {most_held}");
                assert_eq!(row.clients.sketch(), expected.clients.sketch());
            }
        }
    }
}

const SERVERS: usize = 8_000;
const HOURS: usize = 24;

/// A site with as many servers as keep their names: a day has more rows than are held.
fn many_servers() -> Vec<u8> {
    let mut log = Vec::new();
    for number in 0..SERVERS * HOURS {
        let (hour, server) = (number / SERVERS, number % SERVERS);
        writeln!(
            log,
            "2026/11/01 {hour:02}:{:02}:02 [error] 7#7: *{number} connect() failed (111: Connection refused) while \
             connecting to upstream, client: 192.0.2.{}, server: s{server}.example, request: \"GET / HTTP/1.1\", \
             upstream: \"http://127.0.0.1:8080/\", host: \"s{server}.example\"",
            server * 60 / SERVERS,
            number % 200,
        )
        .unwrap();
    }
    log
}

/// Begins a run behind what the shell does before, which is given the log through a pipe that stays open.
fn begin(folder: &TempDir, shell: &str, log: &[u8]) -> Child {
    let program = env!("CARGO_BIN_EXE_badgateway");
    let arguments = "aggregate - --out dataset --no-discover -q -j 2 --timezone UTC --host web1";
    let mut child = Command::new("sh")
        .args(["-c", &format!("{shell} exec {program} {arguments}")])
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Who has died has words.
    let _ = child.stdin.as_mut().unwrap().write_all(log);
    child
}

fn end(mut child: Child) -> (Option<i32>, String) {
    drop(child.stdin.take());
    let Output { status, stderr, .. } = child.wait_with_output().unwrap();
    (status.code(), String::from_utf8(stderr).unwrap())
}

/// What lies in the dataset's folder, but for locks.
fn names(folder: &TempDir) -> Vec<String> {
    let entries = fs::read_dir(folder.path().join("dataset")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| !name.ends_with(".lock")).collect();
    names.sort();
    names
}

/// Each server's failure in each hour is counted once.
fn all_are_there(folder: &TempDir) {
    assert_eq!(names(folder), ["hourly", "incidents"]);
    let held = Dataset::new(folder.path().join("dataset")).open().unwrap();
    let always = Moment(i64::MIN)..Moment(i64::MAX);
    let rows: Vec<Row> = held.rows(&always, &[]).map(Result::unwrap).collect();
    assert_eq!(rows.len(), SERVERS * HOURS);
    assert!(rows.iter().all(|row| row.events == 1));
    let examples = rows.iter().filter(|row| row.example.is_some());
    assert_eq!(examples.count(), HOURS);
}

#[test]
fn memory_is_bounded_however_many_rows_there_are() {
    let folder = tempfile::tempdir().unwrap();
    // Kilobytes.
    let child = begin(&folder, "ulimit -d 98304 &&", &many_servers());
    assert_eq!(end(child), (Some(0), String::new()));
    all_are_there(&folder);
}

#[test]
fn a_run_that_finds_no_room_to_put_rows_aside_says_so_and_adds_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let log = many_servers();
    let (code, words) = end(begin(&folder, "trap '' XFSZ; ulimit -f 2000 &&", &log));
    assert_eq!(code, Some(2), "{words}");
    assert!(
        words.contains("dataset: cannot be used: File too large"),
        "{words}"
    );
    assert_eq!(names(&folder), ["hourly"]);
    let table = folder.path().join("dataset/hourly");
    assert_eq!(fs::read_dir(table).unwrap().count(), 0);
    assert_eq!(end(begin(&folder, "", &log)), (Some(0), String::new()));
    all_are_there(&folder);
}

#[test]
fn a_run_that_is_killed_leaves_nothing_of_what_it_has_put_aside() {
    let folder = tempfile::tempdir().unwrap();
    let log = many_servers();
    let mut child = begin(&folder, "", &log);
    // A file without a name is open.
    let files = format!("/proc/{}/fd", child.id());
    let is_aside = || {
        let files = fs::read_dir(&files).unwrap().flatten();
        let mut targets = files.filter_map(|file| fs::read_link(file.path()).ok());
        targets.any(|target| target.to_string_lossy().ends_with(".tmp (deleted)"))
    };
    while !is_aside() {
        sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    assert_eq!(end(child).0, None);
    assert_eq!(names(&folder), ["hourly"]);
    assert_eq!(end(begin(&folder, "", &log)), (Some(0), String::new()));
    all_are_there(&folder);
}
