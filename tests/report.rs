//! What a report is told of: logs or a dataset, a time, the time before; and how it ends.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use chrono::{DateTime, DurationRound, TimeDelta, Timelike, Utc};
use serde_json::Value;

/// Logs and a dataset of a test's own.
struct House(tempfile::TempDir);

impl House {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Adds failures of a pool, one each second.
    fn fail(&self, log: &str, at: DateTime<Utc>, pool: &str, times: i64) {
        let mut text = fs::read_to_string(self.path(log)).unwrap_or_default();
        for second in 0..times {
            let time = (at + TimeDelta::seconds(second)).format("%Y/%m/%d %H:%M:%S");
            text += &format!(
                "{time} [error] 12#12: *{second} connect() to unix:/run/{pool}.sock failed (111: Connection refused) \
                 while connecting to upstream, client: 192.0.2.{}, server: {pool}.example, request: \"GET /{pool}?id={second} \
                 HTTP/1.1\", upstream: \"http://unix:/run/{pool}.sock:/{pool}\", host: \"{pool}.example\"\n",
                second % 7
            );
        }
        fs::write(self.path(log), text).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_badgateway"))
            .args(arguments)
            .arg("--no-discover")
            .current_dir(self.0.path())
            .env("TZ", "UTC")
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    fn aggregate(&self, arguments: &[&str]) {
        let run = self.run(&[&["aggregate", "-q", "--out", "dataset"], arguments].concat());
        assert!(run.status.success(), "{run:?}");
    }

    fn report(&self, arguments: &[&str]) -> Value {
        let run = self.run(&[&["report", "--format", "json"], arguments].concat());
        assert!(run.status.success(), "{run:?}");
        serde_json::from_slice(&run.stdout).unwrap()
    }
}

/// An hour of this day.
fn hour(day: &str, hour: u32) -> DateTime<Utc> {
    format!("{day}T{hour:02}:00:00Z").parse().unwrap()
}

/// What must be the same, whatever a report was made of.
fn facts(mut report: Value) -> Value {
    let report = report.as_object_mut().unwrap();
    for name in ["made", "read", "requests", "clients"] {
        report.remove(name);
    }
    Value::Object(report.clone())
}

#[test]
fn a_dataset_is_reported_like_the_logs_that_were_counted() {
    let house = House::new();
    house.fail("error.log", hour("2026-11-01", 2), "shop", 40);
    house.fail("error.log", hour("2026-11-01", 14), "blog", 15);
    house.fail("error.log", hour("2026-11-02", 2), "shop", 7);
    house.aggregate(&["error.log"]);
    let of_logs = house.report(&["error.log"]);
    let of_dataset = house.report(&["--dataset", "dataset"]);
    assert_eq!(of_logs["requests"][0]["request"], "GET /shop");
    assert_eq!(of_dataset["requests"], Value::Null);
    assert_eq!(of_dataset["clients"], Value::Null);
    assert_eq!(of_dataset["read"]["dataset"]["events"], 62);
    assert_eq!(of_logs["totals"]["failures"], 62);
    assert_eq!(facts(of_logs), facts(of_dataset));
}

#[test]
fn a_day_is_compared_with_the_day_before_and_the_week() {
    let house = House::new();
    for (day, failures) in [(20, 3), (21, 9), (22, 5), (24, 8), (25, 2), (26, 30)] {
        let day = format!("2026-11-{day}");
        house.fail("error.log", hour(&day, 12), "shop", failures);
    }
    house.fail("error.log", hour("2026-11-25", 3), "blog", 4);
    house.fail("error.log", hour("2026-11-26", 5), "cart", 11);
    house.aggregate(&["error.log"]);
    let time = ["--since", "2026-11-26", "--until", "2026-11-27"];
    for of in [&["error.log"][..], &["--dataset", "dataset"]] {
        let report = house.report(&[of, &time].concat());
        let change = &report["change"];
        assert_eq!(report["totals"]["failures"], 41);
        assert_eq!(
            (&change["seconds"], &change["total"]["before"]),
            (&86_400.into(), &6.into())
        );
        // The data begins at noon of the 20th: that day is not known, the five after it are.
        assert_eq!(change["periods"], 5);
        assert_eq!(change["total"]["usual"], 6.0);
        let pools: Vec<(&str, i64, i64, f64)> = change["pools"]
            .as_array()
            .unwrap()
            .iter()
            .map(|pool| {
                let count = |name: &str| pool[name].as_i64().unwrap();
                let usual = pool["usual"].as_f64().unwrap();
                (
                    pool["pool"].as_str().unwrap(),
                    count("failures"),
                    count("before"),
                    usual,
                )
            })
            .collect();
        let expected = [
            ("shop", 30, 2, 5.0),
            ("cart", 11, 0, 0.0),
            ("blog", 0, 4, 0.0),
        ];
        assert_eq!(pools, expected);
        let new = change["new"].as_array().unwrap();
        assert_eq!(new.len(), 1);
        assert_eq!(
            (&new[0]["pool"], &new[0]["class"]),
            (&"cart".into(), &"connect_refused".into())
        );
    }
}

#[test]
fn a_time_of_a_dataset_takes_in_the_buckets_that_it_falls_into() {
    let house = House::new();
    house.fail("error.log", hour("2026-11-01", 9), "shop", 1);
    house.fail("error.log", hour("2026-11-01", 10), "shop", 2);
    house.fail("error.log", hour("2026-11-01", 11), "shop", 4);
    house.aggregate(&["error.log"]);
    let failures = |since: &str, until: &str| {
        let time = ["--since", since, "--until", until];
        let report = house.report(&[&["--dataset", "dataset"], &time[..]].concat());
        (
            report["totals"]["failures"].as_u64().unwrap(),
            report["period"]["since"].as_str().unwrap()[11..16].to_owned(),
            report["period"]["until"].as_str().unwrap()[11..16].to_owned(),
        )
    };
    let told = |failures, since: &str, until: &str| (failures, since.to_owned(), until.to_owned());
    assert_eq!(
        failures("2026-11-01 10:30", "2026-11-01 10:40"),
        told(2, "10:00", "11:00")
    );
    assert_eq!(
        failures("2026-11-01 09:59", "2026-11-01 11:00"),
        told(3, "09:00", "11:00")
    );
    assert_eq!(
        failures("2026-11-01 11:00", "2026-11-01 11:01"),
        told(4, "11:00", "12:00")
    );
}

#[test]
fn the_zone_of_a_dataset_is_that_of_its_logs() {
    let house = House::new();
    // 23:30 in Berlin.
    house.fail("error.log", hour("2026-11-01", 23), "shop", 3);
    house.aggregate(&["error.log", "--timezone", "Europe/Berlin"]);
    let day = ["--since", "2026-11-01", "--until", "2026-11-02"];
    let report = house.report(&[&["--dataset", "dataset"], &day[..]].concat());
    assert_eq!(report["timezone"], "Europe/Berlin");
    assert_eq!(report["totals"]["failures"], 3);
    let in_utc = [&["--dataset", "dataset", "--timezone", "UTC"], &day[..]].concat();
    assert_eq!(house.report(&in_utc)["totals"]["failures"], 3);
    let next = [
        "--dataset",
        "dataset",
        "--timezone",
        "UTC",
        "--since",
        "2026-11-01 23:00",
        "--until",
        "2026-11-02",
    ];
    assert_eq!(house.report(&next)["totals"]["failures"], 0);
}

#[test]
fn one_machine_of_a_dataset_can_be_looked_at_alone() {
    let house = House::new();
    house.fail("one.log", hour("2026-11-01", 9), "shop", 3);
    house.fail("two.log", hour("2026-11-01", 10), "shop", 5);
    house.aggregate(&["one.log", "--host", "web1"]);
    house.aggregate(&["two.log", "--host", "web2"]);
    for (host, failures) in [("web1", 3), ("web2", 5), ("web3", 0)] {
        let report = house.report(&["--dataset", "dataset", "--host", host]);
        assert_eq!(report["totals"]["failures"], failures);
    }
    assert_eq!(
        house.report(&["--dataset", "dataset"])["totals"]["failures"],
        8
    );
}

#[test]
fn more_failures_than_allowed_are_an_exit_status_of_three() {
    let house = House::new();
    house.fail("error.log", hour("2026-11-01", 9), "shop", 5);
    for (most, status) in [("4", 3), ("5", 0), ("0", 3)] {
        let run = house.run(&["report", "error.log", "--fail-over", most]);
        assert_eq!(run.status.code(), Some(status));
        assert!(String::from_utf8_lossy(&run.stdout).starts_with("5 failures"));
    }
    // What was left out does not hide it, and what could not be read at all is no result.
    let run = house.run(&["report", "error.log", "missing.log", "--fail-over", "4"]);
    assert_eq!(run.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&run.stderr).contains("missing.log"));
    let run = house.run(&["report", "missing.log", "--fail-over", "4"]);
    assert_eq!(run.status.code(), Some(2));
}

/// As cron would run the line of the README, with the dataset here.
fn nightly(house: &House) -> Output {
    let readme =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let line = readme
        .lines()
        .find_map(|line| line.trim().strip_prefix("0 7 * * *  badgateway  "))
        .expect("README has a line for cron");
    assert!(
        line.starts_with("badgateway report --dataset /var/lib/badgateway "),
        "{line}"
    );
    let command = line
        .replacen("badgateway", env!("CARGO_BIN_EXE_badgateway"), 1)
        .replace("/var/lib/badgateway", "dataset");
    Command::new("/bin/sh")
        .args(["-c", &format!("{command} --no-discover")])
        .current_dir(house.0.path())
        .env_clear()
        .env("TZ", "UTC")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

#[test]
fn the_nightly_mail_is_empty_after_a_clean_night_and_only_then() {
    let house = House::new();
    let now = Utc::now().with_nanosecond(0).unwrap();
    let text = |output: &Output| {
        String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr)
    };
    // No run yet: that is no clean night.
    let run = nightly(&house);
    assert_eq!(run.status.code(), Some(2));
    assert_ne!(text(&run), "");

    house.fail("error.log", now - TimeDelta::days(3), "shop", 20);
    house.aggregate(&["error.log"]);
    let run = nightly(&house);
    assert_eq!((run.status.code(), text(&run)), (Some(0), String::new()));

    house.fail("error.log", now - TimeDelta::hours(2), "shop", 60);
    house.aggregate(&["error.log"]);
    let run = nightly(&house);
    assert_eq!(run.status.code(), Some(0));
    assert!(
        text(&run).starts_with("60 failures in 1 pool"),
        "{}",
        text(&run)
    );

    // A dataset that no run has looked after says nothing about this night. One whose run found nothing does: it
    // has taken its lock.
    let night = [
        "report",
        "--dataset",
        "dataset",
        "--since",
        "2099-01-01",
        "--until",
        "2099-01-02",
        "--quiet-if-clean",
    ];
    let run = house.run(&night);
    assert_eq!(run.status.code(), Some(1));
    assert!(text(&run).contains("the last run was at"), "{}", text(&run));
    let entries = fs::read_dir(house.path("dataset")).unwrap().flatten();
    let mut names = entries.map(|entry| entry.path());
    let lock = names
        .find(|path| path.display().to_string().contains("/.run-"))
        .unwrap();
    let later = std::time::UNIX_EPOCH + std::time::Duration::from_secs(4_070_995_200);
    fs::File::options()
        .write(true)
        .open(lock)
        .unwrap()
        .set_modified(later)
        .unwrap();
    let run = house.run(&night);
    assert_eq!((run.status.code(), text(&run)), (Some(0), String::new()));
}

#[test]
fn a_time_that_ends_before_it_begins_is_refused() {
    let house = House::new();
    house.fail("error.log", hour("2026-11-01", 9), "shop", 5);
    house.aggregate(&["error.log"]);
    let time = ["--since", "2026-11-02", "--until", "2026-11-01"];
    for command in [
        &["report", "error.log"][..],
        &["report", "--dataset", "dataset"],
        &["events", "error.log"],
    ] {
        let run = house.run(&[command, &time].concat());
        assert_eq!(run.status.code(), Some(2), "{run:?}");
        let words = String::from_utf8_lossy(&run.stderr);
        assert!(
            words.contains("--since 2026-11-02 00:00:00 is not before --until 2026-11-01 00:00:00"),
            "{words}"
        );
    }
}

#[test]
fn a_log_that_was_quiet_before_is_compared_with_its_quiet_days() {
    let house = House::new();
    // Nothing about an upstream: NGINX was started.
    let start = "2026/11/19 00:00:00 [notice] 7#7: using the \"epoll\" event method\n";
    fs::write(house.path("error.log"), start).unwrap();
    house.fail("error.log", hour("2026-11-26", 5), "shop", 11);
    let report = house.report(&[
        "error.log",
        "--since",
        "2026-11-26",
        "--until",
        "2026-11-27",
    ]);
    assert_eq!(report["change"]["periods"], 7);
    assert_eq!(report["change"]["total"]["before"], 0);
    assert_eq!(report["change"]["new"][0]["pool"], "shop");
    // Of a log that begins with it nothing is known of the time before.
    house.fail("new.log", hour("2026-11-26", 5), "shop", 11);
    let report = house.report(&["new.log", "--since", "2026-11-26", "--until", "2026-11-27"]);
    assert_eq!(report["change"], Value::Null);
}

#[test]
fn a_report_can_be_a_file_that_appears_when_it_is_whole() {
    let house = House::new();
    house.fail("error.log", hour("2026-11-01", 9), "shop", 5);
    let run = house.run(&["report", "error.log", "--out", "report.txt"]);
    assert!(run.status.success() && run.stdout.is_empty(), "{run:?}");
    let report = fs::read_to_string(house.path("report.txt")).unwrap();
    assert!(report.starts_with("5 failures in 1 pool"), "{report}");
}

#[test]
fn logs_and_a_dataset_together_are_refused_and_so_is_neither() {
    let house = House::new();
    for arguments in [
        &["report", "error.log", "--dataset", "dataset"][..],
        &["report"],
    ] {
        let run = house.run(arguments);
        assert_eq!(run.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&run.stderr).contains("--dataset"));
    }
    // A dataset is counted already.
    for flag in ["--bucket=15m", "--mmap", "--no-mmap"] {
        let run = house.run(&["report", "--dataset", "nowhere", flag]);
        let words = String::from_utf8_lossy(&run.stderr).into_owned();
        assert_eq!(run.status.code(), Some(2));
        assert!(
            words.contains("'--dataset <DIR>' cannot be used with"),
            "{words}"
        );
    }
    let run = house.run(&["report", "--dataset", "nowhere"]);
    assert_eq!(run.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&run.stderr).contains("holds no dataset"));
}

#[test]
fn an_outage_that_was_mended_does_not_go_on_although_nothing_was_logged_since() {
    let house = House::new();
    // All of an outage falls into one minute.
    let now = Utc::now().duration_trunc(TimeDelta::minutes(1)).unwrap();
    let ended = |report: Value| {
        let incidents = report["incidents"].as_array().unwrap().clone();
        assert_eq!(incidents.len(), 1, "{incidents:?}");
        let has = |key: &str| incidents[0][key].as_bool().unwrap();
        (has("is_from_before"), has("is_going_on"))
    };
    house.fail("over.log", now - TimeDelta::minutes(20), "shop", 60);
    house.fail("fresh.log", now - TimeDelta::minutes(3), "shop", 60);
    // Of the log alone it is not known what came after.
    assert_eq!(ended(house.report(&["over.log"])), (true, true));
    let hour = ["--since", "1h"];
    let of_hour = |log: &str| house.report(&[&[log], &hour[..]].concat());
    assert_eq!(ended(of_hour("over.log")), (true, false));
    assert_eq!(ended(of_hour("fresh.log")), (true, true));
    house.aggregate(&["over.log"]);
    assert_eq!(
        ended(house.report(&["--dataset", "dataset"])),
        (true, false)
    );

    // A record of a time in which nothing failed tells that it began later.
    let quiet = (now - TimeDelta::minutes(50)).format("%Y/%m/%d %H:%M:%S");
    let other = "open() \"/srv/x\" failed (2: No such file or directory)";
    let log = fs::read_to_string(house.path("over.log")).unwrap();
    let log = format!("{quiet} [error] 12#12: *1 {other}\n{log}");
    fs::write(house.path("over.log"), log).unwrap();
    assert_eq!(ended(house.report(&["over.log"])), (false, true));
    let minutes = ["over.log", "--since", "40m"];
    assert_eq!(ended(house.report(&minutes)), (false, false));
    let minutes = ["over.log", "--since", "25m"];
    assert_eq!(ended(house.report(&minutes)), (true, false));
}
