//! Runs and compactions that are killed at every request, before the server hears of it and after it is done.

use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};

use rustix::process::{Pid, Signal, kill_process};

use super::house::{House, aggregating, url};
use super::line::{Fate, Line, Request};

/// Runs the program, and kills it at a request. Told is whether it came so far.
fn killed_at(house: &House, number: u64, fate: Fate, arguments: &[&str]) -> bool {
    let victim: Arc<Mutex<Option<Pid>>> = Arc::default();
    let ours = Arc::clone(&victim);
    // Nobody is killed before it is known who.
    let mut known = victim.lock().unwrap();
    let line = Line::new(house.server.port, move |request: Request<'_>| {
        match request.number == number {
            true => {
                if fate == Fate::Lost {
                    kill(&ours);
                }
                fate
            }
            false => Fate::Answered,
        }
    });
    let mut child: Child = house
        .command(line.port, arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    *known = Some(Pid::from_child(&child));
    drop(known);
    if fate == Fate::Unanswered {
        // The answer is lost, and so is who waits for it.
        while line.requests() < number || !line.is_idle() {
            if child.try_wait().unwrap().is_some() {
                return false;
            }
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        kill(&victim);
    }
    let status = child.wait().unwrap();
    match line.requests() >= number {
        true => assert!(!status.success(), "{number}"),
        false => assert!(status.success(), "{number}"),
    }
    line.requests() >= number
}

fn kill(victim: &Mutex<Option<Pid>>) {
    let pid = victim.lock().unwrap().expect("it was started");
    let _ = kill_process(pid, Signal::KILL);
}

#[test]
#[ignore = "needs moto; tests/all installs it"]
fn a_run_that_is_killed_at_any_request_leaves_nothing_lost_or_doubled() {
    let house = House::new();
    let first = house.log("first-error.log", "2026/01/30", 8000..8005);
    let second = house.log("second-error.log", "2026/01/31", 8100..8107);
    let mut kills = 0;
    let (mut before, mut after) = (0, 0);
    for fate in [Fate::Lost, Fate::Unanswered] {
        for number in 1.. {
            let dataset = format!("{fate:?}-{number}");
            house.aggregate(&first, &dataset);
            let arguments = aggregating(&second, &dataset);
            let arguments = arguments.each_ref().map(String::as_str);
            let was_killed = killed_at(&house, number, fate, &arguments);
            match (house.events(&dataset), house.server.globbed(&dataset)) {
                (5, 5) => before += 1,
                (12, 12) => after += 1,
                events => panic!("{dataset}: {events:?}"),
            }
            house.aggregate(&second, &dataset);
            house.aggregate(&second, &dataset);
            assert_eq!(
                (house.events(&dataset), house.server.globbed(&dataset)),
                (12, 12)
            );
            if !was_killed {
                break;
            }
            kills += 1;
        }
    }
    println!("{kills} kills; the run had not committed {before} times, and had {after} times");
    assert!(
        kills >= 20 && before >= 10 && after >= 4,
        "{kills} {before} {after}"
    );
}

#[test]
#[ignore = "needs moto; tests/all installs it"]
fn a_compaction_that_is_killed_at_any_request_leaves_nothing_lost_or_doubled() {
    let house = House::new();
    let days = ["2026/01/30", "2026/01/31", "2026/02/01", "2026/02/02"];
    let logs = days.map(|day| {
        let name = format!("{}-error.log", day.replace('/', ""));
        house.log(&name, day, 8000..8005)
    });
    let mut kills = 0;
    let mut doubled = 0;
    for fate in [Fate::Lost, Fate::Unanswered] {
        for number in 1.. {
            let dataset = format!("compact-{fate:?}-{number}");
            // The third run comes behind a compaction.
            for log in &logs[..2] {
                house.aggregate(log, &dataset);
            }
            house.compact(&dataset);
            house.aggregate(&logs[2], &dataset);
            let rows = ["export", "-q", "--format=csv", "--dataset", &url(&dataset)];
            let before = house.run(&rows);
            let arguments = ["compact", "-q", "--dataset", &url(&dataset)];
            let was_killed = killed_at(&house, number, fate, &arguments);
            assert_eq!(house.run(&rows), before, "{dataset}");
            assert_eq!(house.server.viewed(&dataset), 15, "{dataset}");
            // Who knows no manifest sees what is merged beside what it was merged from, until the next one cleans up.
            doubled += u64::from(house.server.globbed(&dataset) > 15);
            assert!(house.server.globbed(&dataset) >= 15, "{dataset}");
            house.aggregate(&logs[3], &dataset);
            for log in &logs {
                house.aggregate(log, &dataset);
            }
            house.compact(&dataset);
            assert_eq!(
                (house.events(&dataset), house.server.globbed(&dataset)),
                (20, 20)
            );
            assert_eq!(
                house.server.keys(&format!("{dataset}/hourly/")).len(),
                2,
                "{dataset}"
            );
            if !was_killed {
                break;
            }
            kills += 1;
        }
    }
    println!("{kills} kills; {doubled} left files that a glob counts twice");
    assert!(kills >= 16, "{kills}");
}
