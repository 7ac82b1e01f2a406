//! A dataset says the same in a bucket as in a folder.

use std::fs;
use std::path::PathBuf;

use super::house::{House, url};

/// Runs of five nights, into a folder and into the bucket; one of them makes a file of some megabytes.
fn runs(house: &House) -> PathBuf {
    let folder = house.folder.path().join("dataset");
    let days = ["01/29", "01/30", "01/31", "02/01", "02/02"];
    for (night, day) in (0..).zip(days) {
        let ports = match night {
            2 => 1_000..40_000,
            _ => 8_000 + night..8_020 + night,
        };
        let log = house.log(&format!("{night}-error.log"), &format!("2026/{day}"), ports);
        for out in [folder.display().to_string(), url("same")] {
            let log = log.display().to_string();
            let out = format!("--out={out}");
            let words = [
                "aggregate",
                "--no-discover",
                "--timezone=UTC",
                "--host=web1",
                "-q",
            ];
            house.run(&[&words[..], &[&out, &log]].concat());
        }
    }
    folder
}

/// What every command that reads it prints, without its name and the time of day.
fn said(house: &House, dataset: &str) -> Vec<String> {
    let commands = [
        &["export", "-q", "--format=csv"][..],
        &["export", "-q", "--format=openmetrics"],
        &["report", "--format=json", "--no-discover", "--timezone=UTC"],
        &[
            "report",
            "--format=json",
            "--no-discover",
            "--timezone=UTC",
            "--since=2026-01-30",
            "--until=2026-01-31",
        ],
    ];
    let dated = |line: &&str| {
        !["\"made\"", "last_run"]
            .iter()
            .any(|word| line.contains(word))
    };
    let print = |words: &&[&str]| {
        let output = house.output(&[words, &["--dataset", dataset][..]].concat());
        let text = String::from_utf8(output.stdout)
            .unwrap()
            .replace(dataset, "DATASET");
        assert!(
            text.lines().count() > 10,
            "{words:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        text.lines().filter(dated).collect::<Vec<_>>().join("\n")
    };
    commands.iter().map(print).collect()
}

/// Fails with the first line that differs.
fn assert_same(said: &[String], expected: &[String]) {
    for (said, expected) in said.iter().zip(expected) {
        for (line, expected) in said.lines().zip(expected.lines()) {
            assert_eq!(line, expected);
        }
        assert_eq!(said.len(), expected.len());
    }
}

#[test]
#[ignore = "needs moto; tests/all installs it"]
fn every_command_says_the_same_of_a_dataset_in_a_bucket_and_in_a_folder() {
    let house = House::new();
    let folder = runs(&house);
    let folder = folder.display().to_string();
    let before = said(&house, &folder);
    assert_same(&said(&house, &url("same")), &before);
    for dataset in [&folder, &url("same")] {
        house.run(&["compact", "--dataset", dataset]);
    }
    assert_same(&said(&house, &folder), &before);
    assert_same(&said(&house, &url("same")), &before);
    let files = house.server.keys("same/hourly/");
    assert_eq!(files.len(), 2, "{files:?}");
    // --keep drops the same.
    for dataset in [&folder, &url("same")] {
        house.run(&["compact", "--keep=1d", "--dataset", dataset]);
    }
    let rows = |dataset: &str| house.run(&["export", "-q", "--format=csv", "--dataset", dataset]);
    assert_eq!(rows(&folder), rows(&url("same")));
}

#[test]
#[ignore = "needs moto; tests/all installs it"]
fn the_table_of_incidents_follows_the_rows_in_a_bucket_too() {
    let house = House::new();
    let log = house.log("error.log", "2026/01/30", 8000..8001);
    let line = fs::read(&log).unwrap();
    fs::write(&log, line.repeat(60)).unwrap();
    house.aggregate(&log, "incidents");
    let keys = house.server.keys("incidents/incidents/");
    assert_eq!(keys, ["incidents/incidents/incidents.parquet"]);
}

#[test]
#[ignore = "needs moto; tests/all installs it"]
fn what_is_no_dataset_or_cannot_be_reached_is_told() {
    let house = House::new();
    for command in [&["report"][..], &["compact"], &["export", "--format=csv"]] {
        let output = house.output(&[command, &["--dataset", &url("nothing")][..]].concat());
        let words = String::from_utf8(output.stderr).unwrap();
        let said = "s3://logs/nothing: holds no dataset (there is no manifest.json in it)";
        assert!(
            output.status.code() == Some(2) && words.contains(said),
            "{words}"
        );
    }
    let log = house
        .log("error.log", "2026/01/30", 8000..8001)
        .display()
        .to_string();
    let output = house.output(&["aggregate", "--out=s3://nobody/dataset", &log]);
    let words = String::from_utf8(output.stderr).unwrap();
    assert!(
        output.status.code() == Some(2) && words.contains("NoSuchBucket"),
        "{words}"
    );
    house
        .server
        .put("broken/manifest.json", &house.log("m", "2026/01/30", 1..2));
    let output = house.output(&["report", "--dataset", &url("broken")]);
    let words = String::from_utf8(output.stderr).unwrap();
    assert!(
        output.status.code() == Some(2) && words.contains("broken/manifest.json: cannot be used"),
        "{words}"
    );
}

#[test]
#[ignore = "needs moto; tests/all installs it"]
fn the_files_of_a_folder_may_be_copied_into_a_bucket() {
    let house = House::new();
    let folder = house.folder.path().join("dataset");
    let logs = ["2026/01/29", "2026/01/30", "2026/01/31"].map(|day| {
        let name = format!("{}-error.log", day.replace('/', ""));
        house.log(&name, day, 8_000..8_010)
    });
    for log in &logs[..2] {
        let log = log.display().to_string();
        let out = format!("--out={}", folder.display());
        house.run(&[
            "aggregate",
            "-q",
            "--no-discover",
            "--timezone=UTC",
            &out,
            &log,
        ]);
    }
    for file in fs::read_dir(folder.join("hourly")).unwrap() {
        let file = file.unwrap();
        let name = file.file_name().into_string().unwrap();
        house
            .server
            .put(&format!("copied/hourly/{name}"), &file.path());
    }
    // What was counted is known.
    for log in &logs {
        house.aggregate(log, "copied");
    }
    let events = |house: &House| {
        let server = &house.server;
        (
            house.events("copied"),
            server.viewed("copied"),
            server.globbed("copied"),
        )
    };
    assert_eq!(events(&house), (30, 30, 30));
    house.compact("copied");
    assert_eq!(events(&house), (30, 30, 30));
    assert_eq!(house.server.keys("copied/hourly/").len(), 1);
    house.compact("copied");
    assert_eq!(events(&house), (30, 30, 30));
}
