//! Runs and compactions at the same time, and answers that are lost.

use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::house::{House, aggregating, url};
use super::line::{Fate, Line, Request};

#[test]
#[ignore = "needs moto; tests/all installs it"]
fn of_runs_on_the_same_logs_at_once_each_event_is_counted_by_one() {
    let house = House::new();
    let line = house.line();
    for round in 0..4 {
        let dataset = format!("race-{round}");
        let logs = (0..3).map(|number| {
            let name = format!("{round}-{number}-error.log");
            house.log(&name, "2026/01/30", 8000 + 20 * number..8010 + 20 * number)
        });
        let logs: Vec<_> = logs.collect();
        let runs: Vec<_> = (0..6)
            .map(|number| {
                let mut arguments = aggregating(&logs[number % 3], &dataset).to_vec();
                // One of them reads all.
                if number == 0 {
                    arguments.extend(logs[1..].iter().map(|log| log.display().to_string()));
                }
                let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
                let mut command = house.command(line.port, &arguments);
                command
                    .stdout(Stdio::null())
                    .stderr(Stdio::piped())
                    .spawn()
                    .unwrap()
            })
            .collect();
        let compacting = house
            .command(line.port, &["compact", "-q", "--dataset", &url(&dataset)])
            .output();
        for run in runs {
            let output = run.wait_with_output().unwrap();
            let words = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{words}");
        }
        // It may have come before there was a dataset.
        assert!(matches!(compacting.unwrap().status.code(), Some(0 | 2)));
        assert_eq!(
            (house.events(&dataset), house.server.globbed(&dataset)),
            (30, 30)
        );
        house.compact(&dataset);
        assert_eq!(
            (house.events(&dataset), house.server.globbed(&dataset)),
            (30, 30)
        );
    }
}

/// Between the moment in which a run has looked at the table and that in which its file arrives, another run adds a file
/// of the same number, and that is merged into another one and removed.
#[test]
#[ignore = "needs moto; tests/all installs it"]
fn a_run_that_was_overtaken_by_a_run_and_a_compaction_is_counted_all_the_same() {
    let house = Arc::new(House::new());
    let first = house.log("first-error.log", "2026/01/30", 8000..8005);
    let rival = house.log("rival-error.log", "2026/01/30", 8100..8107);
    let late = house.log("late-error.log", "2026/01/30", 8200..8211);
    house.aggregate(&first, "overtaken");
    let has_met = Arc::new(AtomicBool::new(false));
    let line = {
        let (house, has_met) = (Arc::clone(&house), Arc::clone(&has_met));
        Line::new(house.server.port, move |request: Request<'_>| {
            let is_commit = request.line.starts_with("PUT ") && request.line.contains("/hourly/");
            if is_commit && !has_met.swap(true, Ordering::AcqRel) {
                house.aggregate(&rival, "overtaken");
                house.compact("overtaken");
                assert!(!request.line.contains("/m0"), "{}", request.line);
            }
            Fate::Answered
        })
    };
    let arguments = aggregating(&late, "overtaken");
    let arguments = arguments.each_ref().map(String::as_str);
    let output = house.command(line.port, &arguments).output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && has_met.load(Ordering::Acquire),
        "{words}"
    );
    assert_eq!(
        (house.events("overtaken"), house.server.globbed("overtaken")),
        (23, 23)
    );
}

/// A request is done, its answer is lost, and it is sent again.
#[test]
#[ignore = "needs moto; tests/all installs it"]
fn a_lost_answer_is_no_other_run() {
    let house = House::new();
    let log = house.log("error.log", "2026/01/30", 8000..8005);
    let more = house.log("more-error.log", "2026/01/31", 8000..8005);
    for part in ["/hourly/", "/manifest.json"] {
        let dataset = format!("lost{}", part.len());
        let lose_first = || {
            let mut was_lost = false;
            Line::new(house.server.port, move |request: Request<'_>| {
                let is_it = request.line.starts_with("PUT ") && request.line.contains(part);
                let is_first = is_it && !was_lost;
                was_lost |= is_it;
                match is_first {
                    true => Fate::Unanswered,
                    false => Fate::Answered,
                }
            })
        };
        let done = |arguments: &[&str]| {
            let line = lose_first();
            let output = house.run_at(line.port, arguments);
            String::from_utf8(output.stderr).unwrap()
        };
        let arguments = aggregating(&log, &dataset);
        let words = done(&arguments.each_ref().map(String::as_str));
        assert!(words.contains("wrote 5 rows to s3://logs/lost"), "{words}");
        house.aggregate(&more, &dataset);
        let words = done(&["compact", "--dataset", &url(&dataset)]);
        assert!(words.contains("2 files"), "{words}");
        assert_eq!(
            (house.events(&dataset), house.server.globbed(&dataset)),
            (10, 10)
        );
        assert_eq!(house.server.keys(&format!("{dataset}/hourly/")).len(), 1);
    }
}
