//! SIGKILL, SIGINT and SIGTERM: at every system call, and at random times.

use std::ffi::OsString;
use std::process::Command;

use rand::RngExt;

use super::profile::{Call, profile};
use super::program::{Ended, finish, plainly, signal, start, traced};
use super::world::World;

/// More calls of one name in a commit are tried in part only.
const MOST_OF_A_NAME: usize = 40;

/// Kills runs at every system call of the commit, and at some before.
pub fn at_every_call(world: &mut World<'_>) {
    for name in names(world) {
        // The number of files is a part of the number of calls.
        world.tidy();
        let Some(call) = calls(world, &name) else {
            continue;
        };
        world.tidy();
        for _ in 0..(call.commit - call.own).min(2) {
            let number = world.dice.random_range(call.own..call.commit);
            at_call(world, &name, number);
        }
        for number in call.commit..call.commit + MOST_OF_A_NAME {
            if !at_call(world, &name, number) {
                break;
            }
        }
        world.prove("SIGKILL, then an undisturbed run");
    }
}

/// Whether the run got so far. Between two of them nothing is rotated, lest numbers change.
fn at_call(world: &mut World<'_>, name: &str, number: usize) -> bool {
    world.append();
    let files = world.files();
    let arguments = world.aggregate();
    let fault = format!("inject={name}:signal=SIGKILL:when={number}");
    world.remember(&fault);
    let ended = finish(start(injected(name, &fault, &[], &arguments)));
    let kind = match (
        ended.is_killed(),
        world.files() > files,
        world.leftovers(".writing-"),
    ) {
        (false, ..) => "SIGKILL at a system call: it made none such",
        (_, true, _) => "SIGKILL at a system call, new file named",
        (_, _, 0) => "SIGKILL at a system call, before the new file",
        _ => "SIGKILL at a system call, new file unnamed",
    };
    let is_new = world.files() > files;
    world.look(kind, &ended, &[9]);
    if is_new {
        world.tidy();
    }
    ended.is_killed()
}

/// Under strace, with a fault in the calls of a name; on these paths only, if there are such.
pub fn injected(name: &str, fault: &str, paths: &[OsString], arguments: &[OsString]) -> Command {
    // Not with --seccomp-bpf: strace 6.1 injects nothing then.
    let mut options: Vec<OsString> = ["-o", "/dev/null"].map(Into::into).into();
    options.push(format!("--trace={name}").into());
    options.extend(["-e".into(), fault.into()]);
    for path in paths {
        options.extend(["-P".into(), path.clone()]);
    }
    traced(&options, arguments)
}

fn names(world: &mut World<'_>) -> Vec<String> {
    let calls = profiled(world, None).into_iter();
    calls
        .filter(|call| call.own <= call.last)
        .map(|call| call.name)
        .collect()
}

/// How often a run makes a system call now, if it does.
pub fn calls(world: &mut World<'_>, name: &str) -> Option<Call> {
    profiled(world, Some(name)).pop()
}

fn profiled(world: &mut World<'_>, name: Option<&str>) -> Vec<Call> {
    world.stir();
    let arguments = world.aggregate();
    let begin = world.log_folder();
    profile(
        name,
        &arguments,
        world.folder(),
        (begin.to_str().unwrap(), ".writing-"),
    )
}

/// Kills a run after some part of the time that it takes.
pub fn at_any_time(world: &mut World<'_>) {
    world.stir();
    let files = world.files();
    let arguments = world.aggregate();
    let ended = killed(world, start(plainly(&arguments)));
    let kind = match (
        ended.is_killed(),
        world.files() > files,
        world.leftovers(".writing-"),
    ) {
        (false, ..) => "SIGKILL at a random time: it was done",
        (_, true, _) => "SIGKILL at a random time, new file named",
        (_, _, 0) => "SIGKILL at a random time, before the new file",
        _ => "SIGKILL at a random time, new file unnamed",
    };
    world.look(kind, &ended, &[9]);
}

pub fn killed(world: &mut World<'_>, mut child: std::process::Child) -> Ended {
    world.sleep();
    child.kill().unwrap();
    finish(child)
}

/// Kills a compaction after some part of the time that a run takes.
pub fn compaction(world: &mut World<'_>) {
    world.stir();
    let arguments = world.compact();
    let ended = killed(world, start(plainly(&arguments)));
    world.look("SIGKILL at a random time, in a compaction", &ended, &[9]);
}

/// Kills a compaction at a system call.
pub fn compaction_at_call(world: &mut World<'_>) {
    const CALLS: [&str; 8] = [
        "openat",
        "write",
        "fsync",
        "mkdir",
        "linkat",
        "renameat2",
        "unlinkat",
        "rmdir",
    ];
    let name = CALLS[world.dice.random_range(0..CALLS.len())];
    let number = match name {
        "mkdir" | "renameat2" | "rmdir" => 1,
        "fsync" | "linkat" => world.dice.random_range(1..4),
        "openat" => world.dice.random_range(5..60),
        _ => world.dice.random_range(1..12),
    };
    let fault = format!("inject={name}:signal=SIGKILL:when={number}");
    world.remember(&fault);
    let ended = finish(start(injected(name, &fault, &[], &world.compact())));
    world.look("SIGKILL at a system call, in a compaction", &ended, &[9]);
}

/// Interrupts a run, as somebody at a terminal or a service manager does.
pub fn by_request(world: &mut World<'_>) {
    world.stir();
    let (name, number, kind) = match world.dice.random_bool(0.5) {
        true => ("INT", 2, "SIGINT at a random time"),
        false => ("TERM", 15, "SIGTERM at a random time"),
    };
    let arguments = world.aggregate();
    let child = start(plainly(&arguments));
    world.sleep();
    assert!(signal(name, child.id()));
    world.look(kind, &finish(child), &[number]);
}
