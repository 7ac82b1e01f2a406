//! Sums that Prometheus finds in what was back-filled, against DuckDB's in the dataset and against the events
//! themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Stdio};

use badgateway::dataset::Dataset;
use badgateway::record::Moment;
use serde_json::Value;

use crate::house::{BEGIN, DAY, DAYS, HOUR, House};
use crate::server::{Server, label};

/// Sums by the time at which they end and by labels.
type Sums = BTreeMap<(i64, Vec<String>), i64>;

/// What a query gives at the end of each step from the beginning of the logs on.
fn asked(prometheus: &Server, query: &str, step: i64, labels: &[&str]) -> Sums {
    let times = [BEGIN + step, BEGIN + DAYS * DAY, step];
    let mut sums = Sums::new();
    for series in prometheus.range(query, times) {
        let key: Vec<String> = labels.iter().map(|name| label(&series, name)).collect();
        for value in series["values"].as_array().unwrap() {
            let sum = value[1].as_str().unwrap().parse::<f64>().unwrap() as i64;
            let twin = sums.insert((value[0].as_i64().unwrap(), key.clone()), sum);
            assert_eq!(twin, None, "{key:?}");
        }
    }
    assert!(!sums.is_empty(), "{query} finds nothing");
    sums
}

/// The same sums of the dataset, by DuckDB.
fn counted(house: &House, filter: &str, step: i64, labels: &[&str]) -> Sums {
    let columns: Vec<String> = labels
        .iter()
        .map(|label| format!("coalesce({label}::VARCHAR, '') AS {label}"))
        .collect();
    let rows = house.duckdb(&format!(
        "SELECT (epoch(bucket)::BIGINT // {step} + 1) * {step} AS ends, {}, sum(events)::BIGINT AS sum \
         FROM read_parquet($hourly) WHERE {filter} GROUP BY ALL",
        columns.join(", ")
    ));
    let rows = rows.into_iter().map(|row| {
        let key = labels.iter().map(|label| row[*label].clone()).collect();
        (
            (row["ends"].parse().unwrap(), key),
            row["sum"].parse().unwrap(),
        )
    });
    rows.collect()
}

#[test]
#[ignore = "needs Prometheus and DuckDB; tests/all sets it up"]
fn the_sums_are_those_of_the_dataset_by_hour_and_day_whatever_ends_belong_to_a_range() {
    let house = House::of_a_week();
    let prometheus =
        Server::prometheus(&house.back_fill(&house.export(&["--format", "openmetrics"])));
    for (metric, filter, labels) in [
        (
            "badgateway_events",
            "true",
            &["host", "pool", "class", "kind", "status"][..],
        ),
        (
            "badgateway_peer_failures",
            "kind = 'F'",
            &["host", "pool", "peer"],
        ),
        (
            "badgateway_server_failures",
            "kind = 'F'",
            &["host", "pool", "server"],
        ),
    ] {
        // This Prometheus counts both ends of a range; later ones count the later end only, as if the range
        // were a millisecond shorter.
        for (step, ranges) in [
            (HOUR, ["1h", "59m59s999ms"]),
            (DAY, ["1d", "23h59m59s999ms"]),
        ] {
            let expected = counted(&house, filter, step, labels);
            assert!(expected.len() > 50, "{metric}");
            for range in ranges {
                let by = labels.join(", ");
                let query = format!("sum by ({by}) (sum_over_time({metric}[{range}]))");
                let found = asked(&prometheus, &query, step, labels);
                assert!(
                    found == expected,
                    "{query}: {}",
                    difference(&found, &expected)
                );
            }
        }
    }
}

#[test]
#[ignore = "needs Prometheus; tests/all sets it up"]
fn clients_are_the_distinct_ones_of_each_hour() {
    let house = House::of_a_week();
    let prometheus =
        Server::prometheus(&house.back_fill(&house.export(&["--format", "openmetrics"])));
    let mut clients: BTreeMap<(i64, Vec<String>), BTreeSet<String>> = BTreeMap::new();
    for (number, host) in ["web1", "web2"].into_iter().enumerate() {
        let failures = house.events(number, host);
        for event in failures.iter().filter(|event| event["kind"] == "F") {
            let text = |name: &str| event[name].as_str().map(str::to_owned);
            let time = chrono::DateTime::parse_from_rfc3339(&text("time").unwrap()).unwrap();
            let ends = (time.timestamp() / HOUR + 1) * HOUR;
            let key = (ends, vec![text("host").unwrap(), text("pool").unwrap()]);
            clients.entry(key).or_default().extend(text("client"));
        }
    }
    let expected: Sums = clients
        .into_iter()
        .map(|(key, clients)| (key, clients.len() as i64))
        .collect();
    assert!(expected.values().any(|&clients| clients > 3));
    let query = "max by (host, pool) (max_over_time(badgateway_clients[1h]))";
    let found = asked(&prometheus, query, HOUR, &["host", "pool"]);
    assert!(found == expected, "{}", difference(&found, &expected));
}

#[test]
#[ignore = "needs Prometheus and DuckDB; tests/all sets it up"]
fn a_week_that_was_back_filled_night_by_night_is_the_same() {
    let house = House::of_a_week();
    let mut blocks = None;
    for day in 2..=8 {
        let [since, until] = [day, day + 1].map(|day| format!("2026-11-{day:02}"));
        let arguments = [
            "--format",
            "openmetrics",
            "--since",
            &since,
            "--until",
            &until,
            "-q",
        ];
        blocks = Some(house.back_fill(&house.export(&arguments)));
    }
    let prometheus = Server::prometheus(&blocks.unwrap());
    let labels = ["host", "pool", "class"];
    let query = "sum by (host, pool, class) (sum_over_time(badgateway_events[1d]))";
    let found = asked(&prometheus, query, DAY, &labels);
    let expected = counted(&house, "true", DAY, &labels);
    assert!(found == expected, "{}", difference(&found, &expected));
}

#[test]
#[ignore = "needs Python with prometheus_client; tests/all sets it up"]
fn the_reference_parser_of_openmetrics_finds_every_sample_once_and_in_order() {
    let house = House::of_a_week();
    let text = house.export(&["--format", "openmetrics"]);
    let python = concat!(env!("CARGO_MANIFEST_DIR"), "/target/readers/bin/python");
    let check = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/prometheus/check.py");
    let mut child = Command::new(python)
        .arg(check)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let samples = text.lines().filter(|line| !line.starts_with('#')).count();
    assert_eq!(found["samples"], samples);
    let everything = Moment(i64::MIN)..Moment(i64::MAX);
    let held = Dataset::new(house.dataset()).open().unwrap();
    let rows: Vec<_> = held.rows(&everything, &[]).map(Result::unwrap).collect();
    let events: u64 = rows.iter().map(|row| row.events).sum();
    assert_eq!(found["events"], events);
}

/// The first few things that differ.
fn difference(found: &Sums, expected: &Sums) -> String {
    let keys: BTreeSet<_> = found.keys().chain(expected.keys()).collect();
    let keys = keys
        .into_iter()
        .filter(|key| found.get(key) != expected.get(key));
    let lines = keys.take(5).map(|key| {
        let (found, expected) = (found.get(key), expected.get(key));
        format!("{key:?}: {found:?}, not {expected:?}")
    });
    lines.collect::<Vec<_>>().join("\n")
}
