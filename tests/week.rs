//! The generated week is what it says it is: the program finds in the log what was planted, when it was planted.

#[path = "../benches/generator/mod.rs"]
mod generator;

use generator::week::{self, Cause, Outage, Settings, Truth};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

fn quiet(seed: u64) -> Settings {
    Settings {
        seed,
        rate: 0.1,
        ..Settings::default()
    }
}

/// The log of each day.
fn week(settings: &Settings) -> ([Vec<u8>; 7], Truth) {
    let mut days: [Vec<u8>; 7] = Default::default();
    let truth = week::write(settings, |day, records| {
        days[day].extend_from_slice(records);
        Ok(())
    });
    (days, truth.unwrap())
}

/// What the program says, with pools named by the site's configuration.
fn events(log: &[u8]) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    let path = |name| folder.path().join(name);
    fs::write(path("error.log"), log).unwrap();
    fs::write(path("nginx.conf"), week::nginx_conf()).unwrap();
    let run = Command::new(env!("CARGO_BIN_EXE_badgateway"))
        .arg("events")
        .arg(path("error.log"))
        .args(["--timezone", "UTC", "--nginx-conf"])
        .arg(path("nginx.conf"))
        .output()
        .unwrap();
    assert!(run.status.success(), "{run:?}");
    let events = serde_json::Deserializer::from_slice(&run.stdout).into_iter();
    events.map(Result::unwrap).collect()
}

fn count<'e>(events: impl Iterator<Item = &'e Value>, field: &str) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for event in events {
        let value = event[field].as_str().unwrap().to_owned();
        *counts.entry(value).or_default() += 1;
    }
    counts
}

fn owned(counts: &BTreeMap<&'static str, u64>) -> BTreeMap<String, u64> {
    let counts = counts.iter();
    counts
        .map(|(class, events)| ((*class).to_owned(), *events))
        .collect()
}

#[test]
fn the_program_reads_what_the_truth_tells() {
    let (days, truth) = week(&quiet(1));
    let log = days.concat();
    assert_eq!(truth.written.bytes, log.len() as u64);
    let events = events(&log);
    assert_eq!(
        count(events.iter(), "class"),
        owned(&truth.written.events_by_class)
    );
    assert_eq!(count(events.iter(), "pool"), truth.written.events_by_pool);
    for outage in truth.outages {
        for part in &outage.parts {
            let [first, last] = [&part.first_event, &part.last_event];
            let [first, last] = [first, last].map(|time| time.as_deref().unwrap());
            let within = |event: &&Value| {
                let time = event["time"].as_str().unwrap();
                event["pool"] == part.pool && (first..=last).contains(&time)
            };
            let heard = events.iter().filter(within).count() as u64;
            assert!(
                (part.events..part.events + 400).contains(&heard),
                "{part:?}"
            );
        }
        let class = outage.events_by_class[outage.class];
        let kinds = |event: &&Value| {
            event["kind"] == "F" && outage.pools.iter().any(|pool| event["pool"] == *pool)
        };
        let all = count(events.iter().filter(kinds), "class");
        assert!(class > 100 && class <= all[outage.class], "{outage:?}");
        let most = outage
            .events_by_class
            .iter()
            .max_by_key(|(_, events)| **events);
        assert_eq!(*most.unwrap().0, outage.class);
    }
}

#[test]
fn the_same_settings_give_the_same_bytes() {
    let (log, truth) = week(&quiet(1));
    assert!((log, truth) == week(&quiet(1)));
    assert!(week(&quiet(1)).0 != week(&quiet(2)).0);
}

#[test]
fn each_day_has_its_own_records_and_a_busy_evening() {
    let (days, truth) = week(&quiet(3));
    let mut lines = 0;
    for (number, day) in days.iter().enumerate() {
        let text = std::str::from_utf8(day).unwrap();
        lines += text.lines().count() as u64;
        let date = format!("2026/11/{} ", 16 + number);
        // A worker whose clock is behind writes of yesterday once in a while.
        let dated = text.lines().filter(|line| line.starts_with("2026/"));
        let others = dated.filter(|line| !line.starts_with(&date)).count();
        assert!(others < 5, "{others}");
        let hour = |hour| text.matches(&format!("\n{date}{hour}:")).count();
        assert!(hour("20") > 4 * hour("04"), "{} {}", hour("20"), hour("04"));
    }
    assert_eq!(lines, truth.written.lines);
}

#[test]
fn an_outage_is_planted_as_it_is_asked_for() {
    let outage = Outage::new(Cause::PeerDown { all: 0 }, &["search"], 3_601, 1_800).unwrap();
    let settings = Settings {
        outages: vec![outage],
        rate: 1.0,
        ..quiet(4)
    };
    let (_, truth) = week(&settings);
    let [planted] = &truth.outages[..] else {
        panic!("{truth:?}")
    };
    assert_eq!(planted.start, "2026-11-16T01:00:01Z");
    assert_eq!(planted.end, "2026-11-16T01:30:01Z");
    let classes: Vec<_> = planted.events_by_class.keys().copied().collect();
    assert_eq!(classes, ["connect_refused", "peer_disabled"]);
}

#[test]
fn an_outage_that_cannot_be_is_refused() {
    let outage = |cause, pool, start, length| Outage::new(cause, &[pool], start, length);
    let down = Cause::PeerDown { all: 0 };
    assert!(outage(Cause::SocketMissing, "search", 0, 60).is_err());
    assert!(outage(down, "shop", 0, 60).is_err());
    assert!(outage(Cause::Slow, "nobody", 0, 60).is_err());
    assert!(outage(Cause::Slow, "shop", 7 * 86_400 - 60, 61).is_err());
    assert!(outage(Cause::Slow, "shop", 7 * 86_400 - 60, 60).is_ok());
}
