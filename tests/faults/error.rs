//! System calls that fail: of logs, and of the dataset.

use std::ffi::OsString;
use std::fs;

use rand::RngExt;

use super::count::parquet_files;
use super::kill::{calls, injected};
use super::program::{finish, start};
use super::world::World;

/// Calls, and errors with which they may end.
const CALLS: [(&str, &[&str]); 12] = [
    (
        "openat",
        &[
            "EIO", "EACCES", "ENOSPC", "EDQUOT", "EMFILE", "ENOMEM", "ENOENT",
        ],
    ),
    ("read", &["EIO", "EINTR"]),
    ("pread64", &["EIO", "EINTR"]),
    ("write", &["EIO", "ENOSPC", "EDQUOT", "EFBIG", "EINTR"]),
    ("fsync", &["EIO", "ENOSPC", "EDQUOT", "EINTR"]),
    (
        "renameat2",
        &[
            "EIO", "ENOSPC", "EDQUOT", "EACCES", "EINVAL", "ENOSYS", "EEXIST",
        ],
    ),
    ("mmap", &["ENOMEM", "EACCES", "ENODEV", "EAGAIN"]),
    ("statx", &["EIO", "EACCES", "ENOMEM", "ENOENT"]),
    // Not ENOENT: to the C library that is the end of a folder which was removed.
    ("getdents64", &["EIO"]),
    ("flock", &["ENOLCK", "EINTR", "EIO"]),
    ("unlink", &["EIO", "EACCES"]),
    ("clone3", &["EAGAIN", "ENOMEM"]),
];

/// A call fails, whatever it is about.
pub fn of_any_call(world: &mut World<'_>) {
    let (name, errors) = CALLS[world.dice.random_range(0..CALLS.len())];
    let Some(call) = calls(world, name) else {
        return;
    };
    if call.own > call.last {
        return;
    }
    let number = world.dice.random_range(call.own..=call.last);
    fail(
        world,
        "a system call fails",
        (name, errors),
        &number.to_string(),
        &[],
    );
}

/// Each thread in its turn is not to be had, or there is no memory for its stack.
pub fn of_every_thread(world: &mut World<'_>) {
    for name in ["clone3", "mmap"] {
        let made = calls(world, name).unwrap();
        for number in made.own..=made.last {
            fail(
                world,
                "a thread fails",
                call(name),
                &number.to_string(),
                &[],
            );
        }
    }
    world.prove("threads fail, then an undisturbed run");
}

/// A call fails that is about a log.
pub fn of_a_log(world: &mut World<'_>) {
    const OF_LOGS: [&str; 8] = [
        "openat",
        "read",
        "read",
        "read",
        "pread64",
        "mmap",
        "statx",
        "getdents64",
    ];
    let name = OF_LOGS[world.dice.random_range(0..OF_LOGS.len())];
    let mut paths = vec![world.log_folder()];
    paths.extend(
        fs::read_dir(&paths[0])
            .unwrap()
            .map(|entry| entry.unwrap().path()),
    );
    // Of one only, so that the others are read; mostly of one in which there is something new.
    let new = world.append_much(|_| true);
    if world.dice.random_bool(0.8) {
        let one = world.dice.random_range(0..paths.len());
        paths = vec![if world.dice.random_bool(0.7) {
            new
        } else {
            paths.swap_remove(one)
        }];
    }
    let paths: Vec<OsString> = paths.into_iter().map(Into::into).collect();
    let number = when(world, 12);
    fail(
        world,
        "a system call on a log fails",
        call(name),
        &number,
        &paths,
    );
}

/// A call fails that is about what stands in the dataset.
pub fn of_the_dataset(world: &mut World<'_>) {
    const OF_DATASETS: [&str; 6] = ["openat", "read", "statx", "getdents64", "fsync", "flock"];
    let name = OF_DATASETS[world.dice.random_range(0..OF_DATASETS.len())];
    let dataset = world.dataset.clone();
    let mut paths = vec![
        dataset.clone(),
        dataset.join("hourly"),
        dataset.join(".commit.lock"),
    ];
    paths.extend(parquet_files(&dataset).unwrap());
    let paths: Vec<OsString> = paths.into_iter().map(Into::into).collect();
    let number = when(world, 12);
    fail(
        world,
        "a system call on the dataset fails",
        call(name),
        &number,
        &paths,
    );
}

/// Each look at the table fails, once or from then on: what is in it counts all the same.
pub fn of_every_look_at_the_table(world: &mut World<'_>) {
    world.stir();
    world.prove("nothing fails yet");
    let table = world.dataset.join("hourly");
    for number in 1..=12 {
        for error in ["ENOENT", "EIO"] {
            for number in [number.to_string(), format!("{number}+")] {
                fail(
                    world,
                    "a look at the table fails",
                    ("statx", &[error]),
                    &number,
                    &[table.clone().into()],
                );
            }
        }
    }
    world.prove("looks at the table fail, then an undisturbed run");
}

/// The first read of a long log fails, or the second, when there is little new in it, or much.
pub fn of_long_logs(world: &mut World<'_>) {
    for _ in 0..24 {
        let path = world.append_much(|_| true);
        if world.dice.random_bool(0.5) {
            world.prove("reads of long logs fail, then an undisturbed run");
            world.append_to(&path);
        }
        let number = world.dice.random_range(1..4);
        let fault = format!("inject=read:error=EIO:when={number}");
        world.remember(format!("{fault} {path:?}"));
        let mut arguments = world.aggregate();
        arguments.retain(|argument| {
            let argument = argument.to_str().unwrap_or_default();
            !argument.contains("mmap") && !argument.starts_with("--chunk-size")
        });
        arguments.extend(["--no-mmap".into(), "--chunk-size=100".into()]);
        let ended = finish(start(injected("read", &fault, &[path.into()], &arguments)));
        world.look("reads of long logs fail", &ended, &[]);
    }
}

fn call(name: &str) -> (&'static str, &'static [&'static str]) {
    *CALLS.iter().find(|call| call.0 == name).unwrap()
}

/// The n-th time, or from then on.
fn when(world: &mut World<'_>, most: usize) -> String {
    let number = world.dice.random_range(1..=most);
    match world.dice.random_bool(0.2) {
        true => format!("{number}+"),
        false => number.to_string(),
    }
}

fn fail(
    world: &mut World<'_>,
    kind: &'static str,
    (name, errors): (&str, &[&str]),
    number: &str,
    paths: &[OsString],
) {
    world.stir();
    let error = errors[world.dice.random_range(0..errors.len())];
    // A call that is interrupted for ever is called again for ever.
    let number = match error {
        "EINTR" => number.trim_end_matches('+'),
        _ => number,
    };
    let fault = format!("inject={name}:error={error}:when={number}");
    world.remember(format!("{fault} {paths:?}"));
    let arguments = world.aggregate();
    let ended = finish(start(injected(name, &fault, paths, &arguments)));
    world.look(kind, &ended, &[]);
}
