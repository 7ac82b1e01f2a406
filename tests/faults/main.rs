//! Faults, and the proof that each event stands in the dataset once.
//!
//! Worlds of six logs, each rotated in its own way, are written to while runs of the program are killed,
//! stopped, raced, starved and lied to. After each fault the dataset is counted by a reader of its own:
//! nothing may stand there twice. After each undisturbed run everything that was written must stand there.

mod count;
mod disk;
mod error;
mod event;
mod kill;
mod profile;
mod program;
mod proof;
mod race;
mod rotation;
mod scheme;
mod tally;
mod world;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use rand::RngExt;

use disk::Disk;
use tally::Tally;
use world::World;

/// The same numbers for the same seed.
type Dice = rand::rngs::Xoshiro256PlusPlus;

fn from_environment(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

fn seed() -> u64 {
    from_environment("BADGATEWAY_SEED", 1)
}

/// `BADGATEWAY_FAULTS` is the number of kills after which no round is begun, `BADGATEWAY_SEED` where the
/// dice begin.
#[test]
#[ignore = "needs strace, which tests/all installs"]
fn every_event_stands_in_the_dataset_once_whatever_happens() {
    let goal = from_environment("BADGATEWAY_FAULTS", 500);
    let tally = in_rounds(
        seed(),
        |round, kills| round < ROUNDS || kills < goal,
        |round, world| match round % ROUNDS {
            0 => at_every_call(world),
            1 => on_a_small_disk(world, 25),
            _ => of_all_kinds(world, 40, Tools::All),
        },
    );
    assert!(tally.kills() >= goal, "{} kills", tally.kills());
}

#[test]
#[ignore = "needs strace, which tests/all installs"]
fn a_read_that_fails_takes_nothing_back_and_tears_nothing() {
    in_rounds(
        seed(),
        |round, _| round < 4,
        |_, world| error::of_long_logs(world),
    );
}

#[test]
#[ignore = "needs strace, which tests/all installs"]
fn threads_that_are_not_to_be_had_are_done_without_or_said() {
    in_rounds(
        seed(),
        |round, _| round < 4,
        |_, world| error::of_every_thread(world),
    );
}

#[test]
#[ignore = "needs strace, which tests/all installs"]
fn a_table_that_cannot_be_looked_at_is_not_an_empty_one() {
    in_rounds(
        seed(),
        |round, _| round < 2,
        |_, world| error::of_every_look_at_the_table(world),
    );
}

/// What can be tried without strace.
#[test]
fn every_event_stands_in_the_dataset_once_whenever_a_run_is_killed() {
    let tally = in_rounds(
        seed(),
        |round, _| round < 3,
        |round, world| match round {
            0 => on_a_small_disk(world, 5),
            _ => of_all_kinds(world, 12, Tools::Few),
        },
    );
    assert!(tally.kills() >= 10, "{} kills", tally.kills());
}

/// Kinds of rounds: one of the first, one of the second, and the others.
const ROUNDS: u64 = 8;

/// Plays rounds as long as `goes_on` says, two at once, each in a world of its own, and tells what was done.
fn in_rounds(
    seed: u64,
    goes_on: impl Fn(u64, u64) -> bool + Sync,
    play: impl Fn(u64, &mut World<'_>) + Sync,
) -> Tally {
    let (tally, rounds, begin) = (Tally::default(), AtomicU64::new(0), Instant::now());
    println!("BADGATEWAY_SEED={seed}");
    let work = || {
        loop {
            let round = rounds.fetch_add(1, Ordering::Relaxed);
            if tally.has_failed() || !goes_on(round, tally.kills()) {
                return;
            }
            let mut world = World::new(seed.wrapping_mul(1_000_003).wrapping_add(round), &tally);
            play(round, &mut world);
            world.end();
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(work);
        }
    });
    println!("{tally}in {:.0} s", begin.elapsed().as_secs_f64());
    tally
}

fn at_every_call(world: &mut World<'_>) {
    world.stir();
    world.prove("SIGKILL, then an undisturbed run");
    kill::at_every_call(world);
}

fn on_a_small_disk(world: &mut World<'_>, times: u32) {
    let at = world.folder().join("disk");
    std::fs::create_dir(&at).unwrap();
    let Some(disk) = Disk::new(&at, 2048) else {
        return println!("nothing can be mounted here: no full disks");
    };
    world.dataset = disk.folder.join("dataset");
    for _ in 0..times {
        disk::full(world, &disk);
    }
    world.disk = Some(disk);
}

/// What is there to do harm with.
#[derive(Clone, Copy, PartialEq)]
enum Tools {
    All,
    /// No strace.
    Few,
}

fn of_all_kinds(world: &mut World<'_>, times: u32, tools: Tools) {
    for _ in 0..times {
        let number = match tools {
            Tools::All => world.dice.random_range(0..100),
            Tools::Few => world.dice.random_range(0..73),
        };
        match number {
            0..34 => (0..4).for_each(|_| kill::at_any_time(world)),
            34..42 => kill::by_request(world),
            42..50 => race::one_is_killed(world),
            50..55 => race::with_rotation(world),
            55..60 => race::with_rotation_in_between(world),
            60..64 => kill::compaction(world),
            64..68 => race::on_two_machines(world),
            68..73 => disk::limited(world),
            73..76 => race::with_rotation_at_call(world),
            76..80 => race::with_another_log_at_call(world),
            80..82 => kill::compaction_at_call(world),
            82..88 => error::of_any_call(world),
            88..95 => error::of_a_log(world),
            _ => error::of_the_dataset(world),
        }
        if world.dice.random_bool(0.3) {
            world.prove("any fault, then an undisturbed run");
        }
    }
}
