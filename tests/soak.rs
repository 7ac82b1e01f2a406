//! One process that reads rotating logs again and again: memory stays flat, and no handle is left.
//!
//! `BADGATEWAY_SOAK_SECONDS` makes it longer than some seconds.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use badgateway::dataset::{Addition, Commit, Dataset, Fresh, Provenance};
use badgateway::record::Moment;
use badgateway::rollup::{Failures, Row, Thresholds};
use badgateway::scan::Scan;
use badgateway::source::{Privacy, discover};
use chrono::{DateTime, Utc};
use flate2::Compression;
use flate2::write::GzEncoder;

const HOUR: i64 = 3_600_000_000;

/// So many records are written between two runs.
const RECORDS: u64 = 4_000;

/// After so many runs the log is rotated, and after so many rotations the dataset is compacted.
const RUNS: u64 = 3;
const ROTATIONS: u64 = 10;

/// What the process has.
#[derive(Debug, Clone, Copy)]
struct Held {
    kilobytes: u64,
    files: usize,
    maps: usize,
}

impl Held {
    fn now() -> Self {
        let status = fs::read_to_string("/proc/self/status").unwrap();
        let anonymous = status
            .lines()
            .find_map(|line| line.strip_prefix("RssAnon:"));
        let kilobytes = anonymous.unwrap().trim().trim_end_matches(" kB");
        let maps = fs::read_to_string("/proc/self/maps").unwrap();
        Self {
            kilobytes: kilobytes.parse().unwrap(),
            files: fs::read_dir("/proc/self/fd").unwrap().count(),
            maps: maps.lines().count(),
        }
    }
}

/// Appends what a site logs in a while: the usual pools, now and then one that nobody knows.
fn append(log: &Path, moment: &mut i64, number: &mut u64) {
    let mut file = File::options().append(true).create(true).open(log).unwrap();
    let mut text = Vec::new();
    for _ in 0..RECORDS {
        *number += 1;
        *moment += 2;
        let (client, pool) = (*number % 250, *number % 7);
        let time = DateTime::from_timestamp(*moment, 0).unwrap();
        let time = time.format("%Y/%m/%d %H:%M:%S");
        let name = match *number % 50 {
            0 => format!("stranger{number}"),
            _ => format!("10.0.0.{pool}"),
        };
        writeln!(
            text,
            "{time} [error] 7#7: *{number} connect() failed (111: Connection refused) while connecting to upstream, \
             client: 192.0.2.{client}, server: shop.example, request: \"GET /{number} HTTP/1.1\", upstream: \
             \"http://{name}:80/\", host: \"shop.example\""
        )
        .unwrap();
    }
    file.write_all(&text).unwrap();
    // What is kept is told by the logs' own time.
    file.set_modified(at(*moment)).unwrap();
}

fn at(moment: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(moment as u64)
}

fn rotate(folder: &Path, moment: i64) {
    let name = |end: &str| folder.join(format!("error.log{end}"));
    let _ = fs::rename(name(".2.gz"), name(".3.gz"));
    if let Ok(text) = fs::read(name(".1")) {
        let packed = File::create(name(".2.gz")).unwrap();
        let mut packed = GzEncoder::new(packed, Compression::fast());
        packed.write_all(&text).unwrap();
        let packed = packed.finish().unwrap();
        packed.set_modified(at(moment)).unwrap();
        fs::remove_file(name(".1")).unwrap();
    }
    fs::rename(name(""), name(".1")).unwrap();
}

/// One run, and how many events it has counted.
fn run(logs: &Path, dataset: &Dataset) -> u64 {
    let mut run = dataset.begin("web1", Duration::ZERO, |_| {}).unwrap();
    let ledger = run.ledger().unwrap();
    let (inputs, troubles) = discover(&[logs.to_path_buf()]);
    assert!(troubles.is_empty(), "{troubles:?}");
    let mut scan = Scan::new(inputs);
    scan.zone = "UTC".parse().unwrap();
    let outcome = scan.resume(HOUR, &ledger, "web1", &run);
    assert!(outcome.troubles.is_empty(), "{:?}", outcome.troubles);
    let resumed = outcome.value;
    let rows = resumed.counted.into_rows(|_| false).unwrap();
    let provenance = Provenance {
        zone: "UTC".to_owned(),
        bucket_seconds: HOUR / 1_000_000,
        run: Utc::now(),
    };
    let mut failures = Failures::default();
    let each = |rows: &[Row]| failures.add(rows);
    let addition = Addition {
        rows: &rows,
        entries: &resumed.notes.entries,
        provenance: &provenance,
        ledger: &ledger,
        privacy: Privacy::Private,
    };
    let commit = run.commit(addition, each);
    let Commit::Done(path) = commit.unwrap() else {
        panic!("nobody else adds to it");
    };
    let fresh = Fresh {
        path: &path,
        failures,
        rows: &rows,
    };
    let thresholds = Thresholds::default();
    dataset
        .refresh_incidents(&thresholds, Duration::ZERO, Some(fresh))
        .unwrap();
    outcome.intake.events
}

#[test]
fn memory_stays_flat_and_no_handle_is_left() {
    let seconds =
        std::env::var("BADGATEWAY_SOAK_SECONDS").map_or(8, |seconds| seconds.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let logs = folder.path().join("log");
    fs::create_dir(&logs).unwrap();
    let dataset = Dataset::new(folder.path().join("dataset"));
    let (mut moment, mut number, mut counted) = (1_793_491_200, 0, 0);
    let begin = Instant::now();
    let mut warm: Option<Held> = None;
    let mut highest = 0;
    let mut runs = 0;
    while begin.elapsed() < Duration::from_secs(seconds) || runs < 2 * RUNS * ROTATIONS {
        append(&logs.join("error.log"), &mut moment, &mut number);
        counted += run(&logs, &dataset);
        assert_eq!(counted, number);
        runs += 1;
        if runs % RUNS == 0 {
            rotate(&logs, moment);
        }
        if runs % (RUNS * ROTATIONS) == 0 {
            // A few days are kept, as much as at the beginning.
            let kept = Moment((moment - 3 * 86_400) * 1_000_000);
            dataset.compact(Some(kept), Duration::ZERO, |_| {}).unwrap();
            let held = Held::now();
            println!("{runs} runs, {number} events: {held:?}");
            let warm = warm.get_or_insert(held);
            highest = highest.max(held.kilobytes);
            // Threads of the allocator's and of the pool's come late.
            assert!(held.files <= warm.files, "{held:?} {warm:?}");
            assert!(held.maps <= warm.maps + 40, "{held:?} {warm:?}");
            assert!(
                held.kilobytes < warm.kilobytes + 40 * 1024,
                "{held:?} {warm:?}"
            );
        }
    }
    println!("{runs} runs, {number} events, {highest} kB at most");
}
