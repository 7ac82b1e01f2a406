//! More names than anybody has given: memory is bounded, nothing is lost, and what is said does not depend on the machine.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use badgateway::dataset::Dataset;
use badgateway::record::Moment;
use badgateway::rollup::{OTHER, Row, Rows};
use badgateway::scan::Scan;
use badgateway::source::Input;

const HOUR: i64 = 3_600_000_000;

/// So many names there are of each sort.
const NAMES: usize = 150_000;

/// What of a record has a name of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    Pools,
    Sockets,
    Servers,
    Clients,
    Paths,
    /// What a rule of the operator captures.
    Captures,
    /// Longer than anything is called.
    LongNames,
    Everything,
}

const SORTS: [Sort; 8] = [
    Sort::Pools,
    Sort::Sockets,
    Sort::Servers,
    Sort::Clients,
    Sort::Paths,
    Sort::Captures,
    Sort::LongNames,
    Sort::Everything,
];

const RULES: &str = r#"
    [[rule]]
    name = "tenant_down"
    regex = '^\[lua\] \S+ tenant (?<pool>\S+) is down'
    kind = "F"
    override = true
"#;

fn record(sort: Sort, number: usize) -> String {
    let (minute, second) = (number * 60 / NAMES, number % 60);
    let head = format!("2026/11/01 09:{minute:02}:{second:02} [error] 7#7: *{number}");
    let is = |sorts: &[Sort]| sorts.contains(&sort) || sort == Sort::Everything;
    let named = |is: bool, name: String, usual: &str| if is { name } else { usual.to_owned() };
    let server = named(
        is(&[Sort::Servers]),
        format!("s{number}.example"),
        "shop.example",
    );
    let client = named(
        is(&[Sort::Clients]),
        format!("2001:db8::{number:x}"),
        "192.0.2.1",
    );
    let path = named(is(&[Sort::Paths]), format!("/p{number}"), "/");
    let upstream = match sort {
        Sort::Sockets => format!("fastcgi://unix:/run/php/p{number}.sock:"),
        Sort::Pools | Sort::Everything => format!("http://p{number}.example:80/"),
        Sort::LongNames => format!("http://{}{}.example:80/", "x".repeat(1_500), number % 3_000),
        _ => "http://10.0.0.1:80/".to_owned(),
    };
    let message = match sort {
        Sort::Captures => format!("[lua] tenants.lua:7: tenant t{number} is down"),
        _ => "connect() failed (111: Connection refused) while connecting to upstream".to_owned(),
    };
    format!(
        "{head} {message}, client: {client}, server: {server}, request: \"GET {path} HTTP/1.1\", upstream: \
         \"{upstream}\", host: \"shop.example\"\n"
    )
}

/// What the command says of such a log, which it is given through a pipe.
fn run(folder: &Path, sort: Sort, command: &str) -> (String, String) {
    fs::write(folder.join("rules.toml"), RULES).unwrap();
    let program = env!("CARGO_BIN_EXE_badgateway");
    let arguments = "--no-discover -j 2 --timezone UTC --rules rules.toml";
    // Kilobytes.
    let shell = format!("ulimit -d 98304 && exec {program} {command} {arguments} -");
    let mut child = Command::new("sh")
        .args(["-c", &shell])
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = std::io::BufWriter::new(child.stdin.take().unwrap());
    for number in 0..names(sort) {
        // Who has died has words.
        let _ = pipe.write_all(record(sort, number).as_bytes());
    }
    drop(pipe);
    let output = child.wait_with_output().unwrap();
    let words = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{sort:?} {command} {words}");
    (String::from_utf8(output.stdout).unwrap(), words)
}

fn names(sort: Sort) -> usize {
    match sort {
        Sort::LongNames => NAMES / 10,
        _ => NAMES,
    }
}

fn rows(folder: &Path) -> Vec<Row> {
    let held = Dataset::new(folder.join("dataset")).open().unwrap();
    let always = Moment(i64::MIN)..Moment(i64::MAX);
    held.rows(&always, &[]).map(Result::unwrap).collect()
}

/// Events by what `name` tells of a row.
fn sums(rows: &[Row], name: impl Fn(&Row) -> &str) -> BTreeMap<String, u64> {
    let mut sums = BTreeMap::new();
    for row in rows {
        *sums.entry(name(row).to_owned()).or_default() += row.events;
    }
    sums
}

#[test]
fn a_run_holds_few_and_loses_no_event() {
    for sort in SORTS {
        let folder = tempfile::tempdir().unwrap();
        let (_, words) = run(folder.path(), sort, "aggregate --out dataset");
        let rows = rows(folder.path());
        let pools = sums(&rows, |row| &row.pool);
        let servers = sums(&rows, |row| row.server.as_deref().unwrap());
        assert_eq!(pools.values().sum::<u64>(), names(sort) as u64);
        assert!(pools.len() < 5_000 && servers.len() < 10_000, "{sort:?}");
        assert!(rows.len() < 10_000, "{sort:?} {}", rows.len());
        let others = rows.iter().filter(|row| {
            let names = [Some(&row.pool), row.peer.as_ref(), row.server.as_ref()];
            names.into_iter().flatten().any(|name| **name == *OTHER)
        });
        let others: u64 = others.map(|row| row.events).sum();
        let has_others = !matches!(sort, Sort::Clients | Sort::Paths);
        assert_eq!(
            others > names(sort) as u64 / 2,
            has_others,
            "{sort:?} {others}"
        );
        assert_eq!(
            words.contains("events under (other): "),
            has_others,
            "{words}"
        );
    }
}

#[test]
fn a_report_holds_few_and_says_so() {
    for sort in SORTS {
        let folder = tempfile::tempdir().unwrap();
        let (report, _) = run(folder.path(), sort, "report --format json");
        let report: serde_json::Value = serde_json::from_str(&report).unwrap();
        let failures = &report["totals"]["failures"];
        assert_eq!(*failures, names(sort), "{sort:?}");
        let has_others = !matches!(sort, Sort::Clients | Sort::Paths);
        let others = report["not_understood"]["other_names"].as_u64().unwrap();
        assert_eq!(others > 0, has_others, "{sort:?}");
        if sort == Sort::Clients {
            let clients = report["totals"]["clients"].as_f64().unwrap();
            assert!((clients / NAMES as f64 - 1.0).abs() < 0.08, "{clients}");
        }
    }
}

/// A pool that somebody cares about, in a crowd.
#[test]
fn which_names_stay_depends_neither_on_threads_nor_on_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("error.log");
    let mut log = String::new();
    for number in 0..60_000 {
        let sort = [Sort::Pools, Sort::Servers, Sort::Everything][number % 3];
        log += &record(sort, number * 2);
        if number % 20 == 0 {
            log += &record(Sort::Paths, number * 2).replace("10.0.0.1:80", "shop:80");
        }
    }
    fs::write(&path, &log).unwrap();
    let rows = |threads: usize, most_held: usize| {
        let folder = tempfile::tempdir().unwrap();
        let run = Dataset::new(folder.path()).begin("web1", Duration::ZERO, |_| {});
        let mut run = run.unwrap();
        let scan = Scan {
            chunk_size: 100_000,
            zone: "UTC".parse().unwrap(),
            most_held,
            ..Scan::new(vec![Input::File(path.clone())])
        };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let counted = pool.build().unwrap().install(|| {
            let ledger = run.ledger().unwrap();
            scan.resume(HOUR, &ledger, "web1", &run).value.counted
        });
        let rows = counted.into_rows(|pool| pool == "p6.example:80").unwrap();
        let is_held = matches!(rows, Rows::Held(_));
        let mut all = Vec::new();
        rows.each(|some| all.extend_from_slice(some)).unwrap();
        (all, is_held)
    };
    let (expected, is_held) = rows(1, 1 << 30);
    assert!(is_held);
    let pools = sums(&expected, |row| &row.pool);
    assert_eq!((pools["shop:80"], pools["p6.example:80"]), (3_000, 1));
    assert!(pools[OTHER] > 30_000, "{}", pools[OTHER]);
    assert_eq!(pools.values().sum::<u64>(), 63_000);
    for (threads, most_held) in [(2, 1 << 30), (1, 1 << 20), (3, 4 << 20)] {
        let (rows, is_held) = rows(threads, most_held);
        assert_eq!(is_held, most_held == 1 << 30);
        assert_eq!(rows.len(), expected.len(), "{threads} {most_held}");
        for (row, expected) in rows.iter().zip(&expected) {
            assert_eq!(row, expected, "{threads} {most_held}");
        }
    }
}

/// So many runs, each with so many pools of its own in each of so many hours.
const RUNS: usize = 8;
const POOLS_OF_RUN: usize = 4_000;
const HOURS: usize = 4;

fn log_of_run(run: usize) -> String {
    let mut log = String::new();
    for number in 0..HOURS * POOLS_OF_RUN {
        let (hour, pool) = (number / POOLS_OF_RUN, number % POOLS_OF_RUN);
        let pool = match pool {
            0 => "shop:80".to_owned(),
            _ => format!("p{run}x{pool}.example:80"),
        };
        let minute = number % POOLS_OF_RUN * 60 / POOLS_OF_RUN;
        log += &format!(
            "2026/11/01 {hour:02}:{minute:02}:00 [error] 7#7: *{number} connect() failed (111: Connection refused) \
             while connecting to upstream, client: 192.0.2.1, server: s{run}x{number}.example, request: \"GET / \
             HTTP/1.1\", upstream: \"http://{pool}/\", host: \"shop.example\"\n"
        );
    }
    log
}

#[test]
fn runs_that_hold_few_each_may_leave_very_many_together() {
    let folder = tempfile::tempdir().unwrap();
    let events = RUNS * HOURS * POOLS_OF_RUN;
    let command = |kilobytes: usize, arguments: &str| {
        let program = env!("CARGO_BIN_EXE_badgateway");
        let shell = format!("ulimit -d {kilobytes} && exec {program} {arguments}");
        let output = Command::new("sh")
            .args(["-c", &shell])
            .current_dir(folder.path())
            .env("RAYON_NUM_THREADS", "2")
            .output()
            .unwrap();
        let words = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments}: {words}");
        (String::from_utf8(output.stdout).unwrap(), words)
    };
    for run in 0..RUNS {
        fs::write(folder.path().join(format!("log{run}")), log_of_run(run)).unwrap();
        let aggregate = format!("aggregate log{run} --out dataset --timezone UTC --no-discover");
        command(131_072, &aggregate);
    }
    let report = |kilobytes| {
        let report = "report --dataset dataset --format json --timezone UTC";
        let report: serde_json::Value =
            serde_json::from_str(&command(kilobytes, report).0).unwrap();
        assert_eq!(report["totals"]["failures"], events);
        let others = report["not_understood"]["other_names"].as_u64().unwrap() as usize;
        assert!((events / 2..events).contains(&others), "{others}");
        let pools = report["pools"].as_array().unwrap();
        assert!(pools.len() < 5_000, "{}", pools.len());
        let failures = |name: &str| {
            let pool = pools.iter().find(|pool| pool["pool"] == name);
            pool.map(|pool| pool["failures"].as_u64().unwrap() as usize)
        };
        assert_eq!(failures("shop:80"), Some(RUNS * HOURS));
    };
    let before = rows(folder.path());
    report(262_144);
    command(196_608, "compact -q --dataset dataset");
    // Nobody has lost a name.
    assert_eq!(rows(folder.path()), before);
    report(131_072);
    let (metrics, words) = command(131_072, "export --dataset dataset --format openmetrics");
    let of_shop = metrics
        .lines()
        .filter(|line| line.starts_with("badgateway_events{") && line.contains("pool=\"shop:80\""));
    assert_eq!(of_shop.count(), HOURS);
    assert!(words.contains("events under (other): "), "{words}");
}
