//! Logs that are rotated, compressed, copied and moved, night after night: what was counted of them in
//! many runs is what one run counts of all they ever held, and what was logged in truth.
//!
//! `BADGATEWAY_SEED` makes other worlds, `BADGATEWAY_SCALE` has more (or less) logged in them, and
//! `BADGATEWAY_KEEP` leaves their folders to be looked at.

mod administrator;
mod alike;
mod calendar;
mod files;
mod house;
mod idle;
mod night;
mod once;
mod pack;
mod program;
mod random;
mod record;
mod scheme;
mod site;
mod table;
mod traffic;
mod world;

use std::fs;
use std::time::{Duration, Instant};

use chrono_tz::Tz;

use program::{Clock, Program, parquet_files};
use random::seed;
use table::{assert_same, events, read};
use world::{Plan, World};

/// Simulates what is planned, and compares.
fn compare(plan: Plan) {
    let began = Instant::now();
    let zone = plan.zone;
    let clock = plan.clock;
    let world = World::new(plan).live();
    let simulated = began.elapsed();
    let dataset = world.program.dataset();
    let files = parquet_files(&dataset).len();
    let table = read(&dataset);
    world.truth.assert_told(&table, "the dataset and the truth");

    // All that each log ever held, in one file.
    let whole = tempfile::tempdir().unwrap();
    fs::create_dir(whole.path().join("nginx")).unwrap();
    let mut bytes = 0;
    for site in &world.sites {
        let log = whole.path().join(format!("nginx/{}-error.log", site.name));
        let all = site.generations.concat();
        bytes += all.len();
        fs::write(&log, all).unwrap();
        files::set_modified(&files::open(&log), world.now - 30 * calendar::HOUR);
    }
    let folder = whole.path().to_path_buf();
    let once = Program {
        clock,
        zone,
        folder,
        logs: vec!["nginx"],
    };
    let said = once.aggregate(world.now, &[]);
    assert_eq!(said.status, 0, "{}", said.words);
    let expected = read(&once.dataset());
    assert_same(&table, &expected, "the dataset and that of one run");

    world.compact();
    assert_same(
        &read(&dataset),
        &expected,
        "the compacted dataset and that of one run",
    );

    let before = parquet_files(&dataset);
    let mut idle = Duration::MAX;
    for _ in 0..3 {
        let began = Instant::now();
        let said = world.program.aggregate(world.now, &[]);
        idle = idle.min(began.elapsed());
        assert_eq!(said.status, 0, "{}", said.words);
        // What was touched is looked at again, and that is noted.
        if clock == Clock::Faked {
            let words = said.words;
            assert_eq!(parquet_files(&dataset), before, "nothing is new: {words}");
        }
    }
    let what = "the dataset after runs without anything new";
    assert_same(&read(&dataset), &expected, what);
    println!(
        "{zone}: {bytes} bytes, {} events in {} rows, {files} files; {} s, and {} ms to find nothing new",
        events(&table),
        table.len(),
        simulated.as_secs(),
        idle.as_millis()
    );
    // Built without optimisation, on a machine that may be busy; `idle.rs` shows that no log is read.
    assert!(idle.as_secs() < 2, "{idle:?} to find nothing new");
}

fn faked(zone: Tz, first: &'static str, days: usize, compacts: usize) -> Plan {
    let clock = Clock::Faked;
    Plan {
        zone,
        first,
        days,
        clock,
        seed: seed(),
        compacts,
    }
}

#[test]
#[ignore = "needs faketime, which tests/all installs"]
fn a_year_in_berlin_equals_one_run_over_all() {
    compare(faked(Tz::Europe__Berlin, "2025-03-01", 365, 100));
}

#[test]
#[ignore = "needs faketime, which tests/all installs"]
fn a_winter_in_new_york_equals_one_run_over_all() {
    compare(faked(Tz::America__New_York, "2025-10-20", 150, 30));
}

#[test]
#[ignore = "needs faketime, which tests/all installs"]
fn where_clocks_go_by_half_an_hour_it_is_the_same() {
    compare(faked(Tz::Australia__Lord_Howe, "2026-03-25", 20, 0));
    compare(faked(Tz::Australia__Lord_Howe, "2026-09-25", 15, 7));
}

#[test]
fn some_weeks_by_the_real_clock_equal_one_run_over_all() {
    let clock = Clock::Real;
    let (zone, first) = (Tz::Europe__Berlin, "2025-10-17");
    compare(Plan {
        zone,
        first,
        days: 16,
        clock,
        seed: seed(),
        compacts: 11,
    });
}
