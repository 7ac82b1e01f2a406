//! Logs that are read at once.

use std::io::Write;

use badgateway::record::Zone;
use badgateway::render::Ndjson;
use badgateway::scan::Scan;
use badgateway::source::{Access, Input};

use super::program::{House, times};
use super::truth::{BACK, BERLIN, FORWARD, LORD_HOWE, Night, Times, Truth};

const MINUTE: i64 = 60;

/// Nights with silences and with clocks that are set back at other times.
fn truths() -> Vec<Truth> {
    let mut truths = Vec::new();
    for night in BACK.into_iter().chain(FORWARD) {
        truths.push(night.truth(0..0));
        // Silence around the step; what is shown behind it is less than what was shown before.
        let length = night.repeated.map_or(60 * MINUTE, |(_, length)| length);
        truths.push(night.truth(-length / 3..length / 3));
        truths.push(night.truth(-length + 3..-3));
        truths.push(night.truth(3..length / 2));
        // Behind it the second hour begins with the first record.
        truths.push(night.truth(-3 * 60 * MINUTE..-1));
        let set_back = night.truth(0..0).set_back(-130 * MINUTE, 7 * MINUTE);
        truths.push(set_back.set_back(100 * MINUTE, 9 * MINUTE));
        // Out of what comes behind the hour, into the second one, and into what comes before.
        truths.push(night.truth(0..0).set_back(length + MINUTE, 5 * MINUTE));
        truths.push(night.truth(0..0).set_back(-length + MINUTE, 5 * MINUTE));
    }
    truths.retain(is_decidable);
    assert!(truths.len() > 40, "{}", truths.len());
    truths
}

/// Whether a step back of more than two minutes shows which hour it is: else there is nothing to go by.
fn is_decidable(truth: &Truth) -> bool {
    let night = truth.night;
    let Some((begin, length)) = night.repeated else {
        return true;
    };
    let first = |moment: i64| moment - if night.is_second(moment) { length } else { 0 };
    let second = truth
        .records
        .iter()
        .position(|record| night.is_second(record.moment));
    let Some(second) = second else { return true };
    let latest = truth.records[..second]
        .iter()
        .map(|record| record.moment)
        .max();
    let is_seen = latest.is_some_and(|latest| first(truth.records[second].moment) + 120 < latest);
    // A clock that is set back by minutes within the hour is taken for the step.
    let mut within = truth.records.iter().map(|record| record.moment).peekable();
    let mut is_set_back = false;
    while let Some(moment) = within.next() {
        let next = within.peek().copied().unwrap_or(i64::MAX);
        is_set_back |= (begin..begin + length).contains(&next) && next + 120 < moment;
    }
    is_seen && !is_set_back
}

/// A scan of the log in a file, and what the library makes of it.
fn read(truth: &Truth, file: &std::path::Path, how: (Access, usize)) -> (Times, Vec<(i64, u64)>) {
    let scan = Scan {
        access: how.0,
        chunk_size: how.1,
        zone: Zone::Named(truth.night.zone),
        ..Scan::new(vec![Input::File(file.to_path_buf())])
    };
    let mut lines = Vec::new();
    let outcome = scan.events::<Ndjson>(|bytes| lines.write_all(bytes));
    assert!(outcome.unwrap().troubles.is_empty());
    let rows = scan.rollup(15 * MINUTE * 1_000_000).value.into_rows();
    let mut buckets = std::collections::BTreeMap::new();
    for row in rows {
        *buckets.entry(row.bucket.0 / 1_000_000).or_default() += row.events;
    }
    (times(&lines), buckets.into_iter().collect())
}

fn with_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.unwrap().install(work)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), Default::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn it_does_not_matter_in_which_chunks_and_by_how_many_threads_a_night_is_read() {
    let house = tempfile::tempdir().unwrap();
    let (plain, packed) = (house.path().join("plain"), house.path().join("packed"));
    for (number, truth) in truths().iter().enumerate() {
        let log = truth.log();
        std::fs::write(&plain, &log).unwrap();
        std::fs::write(&packed, gzip(&log)).unwrap();
        let expected = truth.buckets(15 * MINUTE).into_iter();
        let buckets: Vec<_> = expected
            .map(|(at, (events, ..))| (at, events as u64))
            .collect();
        let ways = [
            (&plain, Access::Map, 1),
            (&plain, Access::Read, 5_000),
            (&plain, Access::Map, 1 << 20),
            (&plain, Access::Read, 1),
            (&plain, Access::Map, 40_000),
            (&packed, Access::Read, 1_111),
        ];
        for (way, (file, access, chunk_size)) in ways.into_iter().enumerate() {
            // All nights together try every way with every number of threads.
            let threads = [1, 2, 8][(number + way) % 3];
            let night = truth.night.zone;
            let how = format!("{number}, {night}, {access:?}, {chunk_size}, {threads} threads");
            let (times, counted) =
                with_threads(threads, || read(truth, file, (access, chunk_size)));
            assert_same(truth.night, &times, &truth.times(), &how);
            assert_eq!(counted, buckets, "{how}");
        }
    }
}

/// Says which record is at another time than it should be.
fn assert_same(night: Night, times: &Times, expected: &Times, how: &str) {
    for (number, &expected) in expected {
        let Some(&time) = times.get(number) else {
            panic!("{how}: record {number} is missing");
        };
        let behind = expected - night.step;
        assert_eq!(
            time - night.step,
            behind,
            "{how}: record {number}, seconds behind the step"
        );
    }
    assert_eq!(times.len(), expected.len(), "{how}");
}

#[test]
fn what_is_shown_twice_is_the_first_hour_where_nothing_else_tells() {
    for night in BACK {
        let Some((begin, length)) = night.repeated else {
            unreachable!("clocks are put back");
        };
        // The first hour is silent, and no step is seen.
        let truth = night.truth(begin - night.step..1);
        let house = House::new(night);
        house.write("error.log", truth.log());
        let mut expected = truth.times();
        for time in expected.values_mut().filter(|time| night.is_second(**time)) {
            *time -= length;
        }
        let said = times(&house.run(&["events", "error.log"]));
        assert_same(night, &said, &expected, night.zone.name());
    }
}

#[test]
fn the_program_agrees_whether_the_zone_is_named_or_the_machines() {
    for night in BACK.into_iter().chain(FORWARD) {
        let truth = night.truth(0..0);
        let house = House::new(night);
        house.write("error.log", truth.log());
        house.write("error.log.1", gzip(&truth.log()));
        for log in ["error.log", "error.log.1"] {
            let zone = night.zone.name();
            let machine = times(&house.run(&["events", log, "-j", "2", "--chunk-size", "3000"]));
            assert_same(night, &machine, &truth.times(), zone);
            let by_rule = times(&house.run_in(night.rule, &["events", log]));
            assert_same(night, &by_rule, &truth.times(), night.rule);
            let named = [
                "events",
                log,
                "-j",
                "8",
                "--chunk-size",
                "3000",
                "--timezone",
                zone,
            ];
            let named = times(&house.run_in("Asia/Tokyo", &named));
            assert_same(night, &named, &truth.times(), zone);
        }
        for (name, width) in [("1m", 60), ("15m", 900), ("1h", 3_600), ("1d", 86_400)] {
            house.run(&["aggregate", "error.log", "--bucket", name, "--out", name]);
            assert_eq!(
                house.buckets(name),
                truth.buckets(width),
                "{} {name}",
                night.zone
            );
        }
    }
}

#[test]
fn only_the_asked_for_time_counts_in_the_hour_that_is_repeated() {
    for night in [BERLIN, LORD_HOWE] {
        let truth = night.truth(0..0);
        let house = House::new(night);
        house.write("error.log", truth.log());
        let Some((begin, length)) = night.repeated else {
            unreachable!("clocks are put back");
        };
        let exact = |moment: i64| {
            chrono::DateTime::from_timestamp(moment, 0)
                .unwrap()
                .to_rfc3339()
        };
        let local = |moment: i64| night.shown(moment).replace('/', "-");
        let step = night.step;
        // A time that is shown twice is meant as the first one.
        let named = [begin, begin + 600, begin + length - 1].map(|moment| (local(moment), moment));
        let told = [
            begin - 1,
            begin,
            step - 1,
            step,
            step + 1,
            step + length,
            step + length + 1,
        ];
        let told = told.map(|moment| (exact(moment), moment));
        let behind = [0, 1].map(|second| step + length + second);
        let behind = behind.map(|moment| (local(moment), moment));
        for (text, moment) in named.into_iter().chain(told).chain(behind) {
            for (flag, is_since) in [("--since", true), ("--until", false)] {
                let said = house.run(&["events", "error.log", "--chunk-size", "3000", flag, &text]);
                let mut expected = truth.times();
                expected.retain(|_, &mut time| (time >= moment) == is_since);
                let how = format!("{} {flag} {text}", night.zone);
                assert_same(night, &times(&said), &expected, &how);
            }
        }
    }
}
