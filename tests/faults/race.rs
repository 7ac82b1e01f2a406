//! Runs, compactions, other machines and logrotate at the same time.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::thread::sleep;
use std::time::Duration;

use rand::RngExt;

use super::kill::{calls, killed};
use super::program::{Ended, elsewhere, finish, plainly, signal, start, traced};
use super::world::World;

/// Two or three processes on one dataset, of which one is killed.
pub fn one_is_killed(world: &mut World<'_>) {
    world.stir();
    let others = world.dice.random_range(1..3);
    let mut children = Vec::new();
    for _ in 0..others {
        let arguments = world.aggregate();
        let command = match world.dice.random_range(0..3) {
            0 => plainly(&world.compact()),
            _ => plainly(&arguments),
        };
        children.push(start(command));
    }
    let arguments = world.aggregate();
    let victim = start(plainly(&arguments));
    if world.dice.random_bool(0.5) {
        world.stir();
    }
    let ended = killed(world, victim);
    world.look("SIGKILL at a random time, while others run", &ended, &[9]);
    for child in children {
        world.look("a run beside one that is killed", &finish(child), &[]);
    }
}

/// Two machines that aggregate the same logs into one dataset, of which one may be killed. What it leaves
/// behind, its own next run removes.
pub fn on_two_machines(world: &mut World<'_>) {
    if !may_be_elsewhere() {
        return;
    }
    world.stir();
    let start_on = |world: &mut World<'_>, machine| {
        let arguments = world.aggregate();
        start(elsewhere(machine, &arguments))
    };
    let (west, east) = (start_on(world, "west"), start_on(world, "east"));
    if world.dice.random_bool(0.3) {
        let ended = killed(world, west);
        world.look("SIGKILL at a random time, another machine", &ended, &[9]);
        world.look("a machine beside another one", &finish(east), &[]);
        let again = start_on(world, "west");
        world.look("a machine beside another one", &finish(again), &[]);
        assert_eq!(world.leftovers(".writing-west-"), 0);
    } else {
        for child in [west, east] {
            world.look("a machine beside another one", &finish(child), &[]);
        }
    }
}

/// Whether this user may give a process another machine's name.
fn may_be_elsewhere() -> bool {
    static MAY: OnceLock<bool> = OnceLock::new();
    *MAY.get_or_init(|| {
        let mut unshare = Command::new("unshare");
        let status = unshare
            .args(["--uts", "true"])
            .stderr(Stdio::null())
            .status();
        let may = status.is_ok_and(|status| status.success());
        if !may {
            println!("no process can get another machine's name here: no other machines");
        }
        may
    })
}

/// A run that goes on while logs are written to and rotated.
pub fn with_rotation(world: &mut World<'_>) {
    world.stir();
    let arguments = world.aggregate();
    let mut child = start(plainly(&arguments));
    world.stir_beside(&mut child);
    let ended = finish(child);
    world.look("logs rotate while it runs", &ended, &[]);
    is_calm(&ended);
}

/// A run that stands still at a random time, while logs are written to and rotated.
pub fn with_rotation_in_between(world: &mut World<'_>) {
    world.stir();
    let arguments = world.aggregate();
    let child = start(plainly(&arguments));
    world.sleep();
    assert!(signal("STOP", child.id()));
    for _ in 0..world.dice.random_range(1..6) {
        world.stir();
    }
    assert!(signal("CONT", child.id()));
    let ended = finish(child);
    world.look("stopped at a random time, logs rotate", &ended, &[]);
    is_calm(&ended);
}

/// The same at a system call with which it looks at logs or at the dataset.
pub fn with_rotation_at_call(world: &mut World<'_>) {
    const CALLS: [&str; 7] = [
        "openat",
        "read",
        "pread64",
        "statx",
        "close",
        "getdents64",
        "lseek",
    ];
    let name = CALLS[world.dice.random_range(0..CALLS.len())];
    let Some(call) = calls(world, name) else {
        return;
    };
    world.stir();
    let number = world.dice.random_range(call.own.min(call.last)..=call.last);
    let ended = stopped_at(world, name, number, None, |world| {
        (0..world.dice.random_range(1..6)).for_each(|_| world.stir());
    });
    world.look("stopped at a system call, logs rotate", &ended, &[]);
    is_calm(&ended);
}

/// A run that stands still while it reads a log, which becomes another one meanwhile, and longer.
pub fn with_another_log_at_call(world: &mut World<'_>) {
    let (name, most) =
        [("read", 2), ("read", 1), ("pread64", 100), ("fcntl", 2)][world.dice.random_range(0..4)];
    let number = world.dice.random_range(1..=most);
    let path = world.append_much(|scheme| scheme.is_copied);
    let ended = stopped_at(world, name, number, Some(&path), |world| {
        world.refill(&path);
    });
    world.look("stopped at a call on a log, which is replaced", &ended, &[]);
    is_calm(&ended);
}

/// Has a run stopped at a system call, on this path only if there is one, and what is done then.
fn stopped_at(
    world: &mut World<'_>,
    name: &str,
    number: usize,
    path: Option<&Path>,
    act: impl Fn(&mut World<'_>),
) -> Ended {
    let trace = world.folder().join("stops");
    let _ = fs::remove_file(&trace);
    let fault = format!("inject={name}:signal=SIGSTOP:when={number}");
    world.remember(format!("{fault} {path:?}"));
    let arguments = world.aggregate();
    let mut options = vec!["-o".into(), trace.clone().into(), "-e".into(), fault.into()];
    if let Some(path) = path {
        options.extend(["-P".into(), path.into()]);
    }
    let mut child = start(traced(&options, &arguments));
    let mut seen = 0;
    while child.try_wait().unwrap().is_none() {
        let text = fs::read(&trace).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let stops = text
            .lines()
            .filter(|line| line.contains("--- stopped by SIGSTOP ---"));
        // Every thread tells that it is stopped, and counts its own calls.
        for stop in stops.skip(seen) {
            if seen == 0 {
                act(world);
            }
            // A thread may be gone; then it goes on with another one's.
            signal("CONT", stop.split(' ').next().unwrap().parse().unwrap());
            seen += 1;
        }
        sleep(Duration::from_millis(1));
    }
    finish(child)
}

/// Rotation is nothing to complain about, other than a compressed file that is still being made.
fn is_calm(ended: &Ended) {
    const OF_TORSOS: [&str; 3] = [
        "ends too early",
        "is damaged, and begins like",
        "no NGINX error log record",
    ];
    let is_of_torso = |line: &str| OF_TORSOS.iter().any(|words| line.contains(words));
    assert!(
        ended.code != Some(1) || ended.lines().all(is_of_torso),
        "{ended:?}"
    );
}
