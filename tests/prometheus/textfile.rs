//! node_exporter's textfile collector.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use crate::house::House;
use crate::server::Server;

/// A time in which all generated logs lie.
const PERIOD: [&str; 6] = [
    "--format",
    "textfile",
    "--since",
    "2026-11-01",
    "--until",
    "2026-11-11",
];

#[test]
#[ignore = "needs node_exporter; tests/all sets it up"]
fn node_exporter_serves_every_sample_of_a_textfile() {
    let house = House::of_a_week();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("badgateway.prom");
    house.export(&[&PERIOD[..], &["--out", file.to_str().unwrap()]].concat());
    let exporter = Server::node_exporter(folder.path());
    let served = exporter.get("/metrics");
    assert!(
        served.contains("\nnode_textfile_scrape_error 0\n"),
        "{served}"
    );
    let text = fs::read_to_string(&file).unwrap();
    let mut samples = 0;
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        samples += 1;
        let (series, value) = line.rsplit_once(' ').unwrap();
        // It names the labels in the order of the alphabet, and large numbers as powers of ten.
        let same = served.lines().filter(|line| {
            let (other, number) = line.rsplit_once(' ').unwrap_or_default();
            sorted(other) == sorted(series) && number.parse::<f64>() == value.parse::<f64>()
        });
        assert_eq!(same.count(), 1, "{line}");
    }
    assert!(samples > 50, "{text}");
    let help = "# HELP badgateway_period_events Upstream events in the period.";
    assert!(served.contains(help), "{served}");
}

/// The name and the labels of a series in an order of their own. Where a series of the family has a label,
/// node_exporter gives the others an empty one.
fn sorted(series: &str) -> Vec<&str> {
    let series = series.strip_suffix("\"}").unwrap_or(series);
    let mut parts: Vec<&str> = series
        .split("\",")
        .flat_map(|part| part.split('{'))
        .collect();
    parts.retain(|part| !part.ends_with("=\""));
    parts.sort_unstable();
    parts
}

#[test]
#[ignore = "needs promtool; tests/all sets it up"]
fn promtool_has_nothing_to_say_about_the_metrics() {
    let text = House::of_a_week().export(&PERIOD);
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = promtool.stdin.take().unwrap();
    input.write_all(text.as_bytes()).unwrap();
    drop(input);
    let output = promtool.wait_with_output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && words.is_empty(), "{words}");
}
