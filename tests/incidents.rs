//! Incidents in a generated week, with outages planted in it.

#[path = "../benches/generator/mod.rs"]
mod generator;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use chrono::{DateTime, NaiveDateTime, Utc};
use generator::week::{self, Settings, Truth};
use serde_json::Value;

/// A week's logs in a folder, one for each day.
struct Week {
    folder: tempfile::TempDir,
    truth: Truth,
}

impl Week {
    fn new(settings: &Settings) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut days: [Vec<u8>; 7] = Default::default();
        let truth = week::write(settings, |day, records| {
            days[day].extend_from_slice(records);
            Ok(())
        });
        for (number, day) in days.iter().enumerate() {
            fs::write(folder.path().join(format!("error-{number}.log")), day).unwrap();
        }
        fs::write(folder.path().join("nginx.conf"), week::nginx_conf()).unwrap();
        Self {
            folder,
            truth: truth.unwrap(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn days(&self) -> Vec<PathBuf> {
        (0..7)
            .map(|day| self.path(&format!("error-{day}.log")))
            .collect()
    }

    fn run(&self, command: &str, arguments: &[&str], paths: &[PathBuf]) -> Vec<u8> {
        let run = Command::new(env!("CARGO_BIN_EXE_badgateway"))
            .arg(command)
            .args(["--no-discover", "--timezone", "UTC", "--nginx-conf"])
            .arg(self.path("nginx.conf"))
            .args(arguments)
            .args(paths)
            .output()
            .unwrap();
        assert!(
            run.status.success(),
            "{}",
            String::from_utf8_lossy(&run.stderr)
        );
        run.stdout
    }

    fn aggregate(&self, dataset: &Path, logs: &[PathBuf]) {
        self.run(
            "aggregate",
            &["-q", "--out", dataset.to_str().unwrap()],
            logs,
        );
    }

    fn report(&self, arguments: &[&str], logs: &[PathBuf]) -> Value {
        let arguments = [&["--format", "json"], arguments].concat();
        serde_json::from_slice(&self.run("report", &arguments, logs)).unwrap()
    }
}

fn moment(text: &Value) -> DateTime<Utc> {
    text.as_str().unwrap().parse().unwrap()
}

fn quiet(seed: u64) -> Settings {
    Settings {
        seed,
        rate: 0.1,
        ..Settings::default()
    }
}

#[test]
fn planted_outages_are_found_to_the_minute_with_their_causes() {
    for seed in [1, 2] {
        let week = Week::new(&quiet(seed));
        let report = week.report(&[], &week.days());
        let incidents = report["incidents"].as_array().unwrap();
        let mut planted = 0;
        for outage in &week.truth.outages {
            let [start, end] =
                [&outage.start, &outage.end].map(|time| moment(&Value::from(time.clone())));
            let mut groups = Vec::new();
            for pool in &outage.pools {
                let near = |incident: &&Value| {
                    let apart = |name: &str, time: DateTime<Utc>| {
                        (moment(&incident[name]) - time).num_seconds().abs()
                    };
                    incident["pool"] == *pool
                        && apart("started", start) <= 60
                        && apart("ended", end) <= 60
                };
                let found: Vec<&Value> = incidents.iter().filter(near).collect();
                let [found] = found[..] else {
                    panic!("seed {seed}: {pool} from {start} to {end}: {incidents:#?}");
                };
                assert_eq!(found["class"], outage.class, "seed {seed}: {found:#}");
                let example = found["example"].as_str().unwrap();
                let at = NaiveDateTime::parse_from_str(&example[..19], "%Y/%m/%d %H:%M:%S");
                assert!((start..=end).contains(&at.unwrap().and_utc()), "{example}");
                groups.push(&found["group"]);
                planted += 1;
            }
            assert!(groups.iter().all(|group| *group == groups[0]), "{groups:?}");
        }
        // What else is found is small: chance makes it, or the part of an outage in which all servers are down.
        let others = incidents.len() - planted;
        assert!(others <= 8, "seed {seed}: {incidents:#?}");
    }
}

#[test]
fn incidents_are_the_same_however_a_log_is_cut_and_in_however_many_runs_it_is_read() {
    let week = Week::new(&quiet(4));
    let days = week.days();
    let whole = week.report(&[], &days)["incidents"].clone();
    assert!(whole.as_array().unwrap().len() >= 5);
    for cut in [
        &["--chunk-size", "3000", "--threads", "2"][..],
        &["--threads", "1", "--no-mmap"],
        &["--chunk-size", "70000", "--threads", "3", "--mmap"],
    ] {
        assert_eq!(week.report(cut, &days)["incidents"], whole, "{cut:?}");
    }
    let of_dataset = |name: &str| {
        let dataset = week.path(name);
        let report = week.report(&["--dataset", dataset.to_str().unwrap()], &[]);
        let table = dataset.join("incidents/incidents.parquet");
        (report["incidents"].clone(), rows(&table))
    };
    week.aggregate(&week.path("once"), &days);
    let once = of_dataset("once");
    assert_eq!(once.0, whole);
    // They were made of rows that were in memory; now they are made of the files.
    fs::remove_file(week.path("once/incidents/incidents.parquet")).unwrap();
    week.aggregate(&week.path("once"), &days);
    assert_eq!(of_dataset("once"), once);
    // Each night, the last day first, and a log of which only a part is there at first.
    let growing = week.path("growing.log");
    let second = fs::read(&days[1]).unwrap();
    for part in [second.len() / 3, second.len() / 2, second.len()] {
        fs::write(&growing, &second[..part]).unwrap();
        week.aggregate(&week.path("nightly"), std::slice::from_ref(&growing));
    }
    for day in [6, 0, 3, 2, 4, 5] {
        week.aggregate(&week.path("nightly"), &days[day..=day]);
    }
    assert_eq!(of_dataset("nightly"), once);
    let nightly = week.path("nightly");
    let compact = Command::new(env!("CARGO_BIN_EXE_badgateway"))
        .args(["compact", "-q", "--dataset"])
        .arg(&nightly)
        .status();
    assert!(compact.unwrap().success());
    assert_eq!(of_dataset("nightly"), once);
}

/// The rows of a Parquet file.
fn rows(file: &Path) -> Vec<arrow_array::RecordBatch> {
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    let reader = ParquetRecordBatchReaderBuilder::try_new(fs::File::open(file).unwrap());
    let reader = reader.unwrap().build().unwrap();
    reader.map(Result::unwrap).collect()
}

#[test]
fn thresholds_can_be_set() {
    let week = Week::new(&quiet(5));
    let days = week.days();
    let count = |arguments: &[&str]| {
        let report = week.report(arguments, &days);
        report["incidents"].as_array().unwrap().len()
    };
    let usual = count(&[]);
    assert_eq!(count(&["--incident-failures", "1000000"]), 0);
    assert!(count(&["--incident-failures", "500"]) < usual);
    assert!(count(&["--incident-factor", "1"]) > usual);
    assert!(count(&["--incident-gap", "1"]) >= usual);
}

#[test]
fn the_clients_of_an_incident_are_those_of_its_buckets_in_however_many_runs_they_came() {
    let folder = tempfile::tempdir().unwrap();
    let line = |minute: u32, client: u32| {
        format!(
            "2026/11/01 10:{minute:02}:02 [error] 7#7: *{client} connect() failed (111: Connection refused) while \
             connecting to upstream, client: 192.0.2.{client}, server: a, request: \"GET / HTTP/1.1\", upstream: \
             \"http://127.0.0.1:80/\", host: \"a\"\n"
        )
    };
    let early: String = (0..3).map(|client| line(3, client)).collect();
    let burst: String = (100..130).map(|client| line(40, client)).collect();
    let log = folder.path().join("error.log");
    let dataset = folder.path().join("dataset");
    for held in [early.clone(), early + &burst + &line(58, 7)] {
        fs::write(&log, held).unwrap();
        let run = Command::new(env!("CARGO_BIN_EXE_badgateway"))
            .args([
                "aggregate",
                "--no-discover",
                "-q",
                "--timezone",
                "UTC",
                "--out",
            ])
            .args([&dataset, &log])
            .output()
            .unwrap();
        assert!(run.status.success(), "{run:?}");
    }
    let table = fs::read_dir(dataset.join("hourly")).unwrap();
    assert_eq!(table.count(), 2);
    let incidents = rows(&dataset.join("incidents/incidents.parquet"));
    let clients = incidents[0].column_by_name("clients").unwrap();
    let clients = clients.as_primitive::<Int64Type>();
    assert_eq!(clients.values(), &[34]);
}
