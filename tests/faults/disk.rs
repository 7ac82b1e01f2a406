//! Disks that are full, and files that may not grow.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rand::RngExt;

use super::program::{behind, finish, plainly, start};
use super::world::World;

/// A small file system in memory. It is mounted where only one process sees it, and goes with it;
/// others reach it through that process's root.
pub struct Disk {
    holder: Child,
    pub folder: PathBuf,
}

impl Disk {
    /// `None` where this user may not mount anything.
    pub fn new(at: &Path, kilobytes: u32) -> Option<Self> {
        let mount = format!(
            "mount -t tmpfs -o size={kilobytes}k,nr_inodes=200 none \"$0\" && echo && read line"
        );
        let mut holder = Command::new("unshare")
            .args(["--mount", "sh", "-c", &mount])
            .arg(at)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let mut line = String::new();
        BufReader::new(holder.stdout.take()?)
            .read_line(&mut line)
            .ok()?;
        let root = PathBuf::from(format!("/proc/{}/root", holder.id()));
        let folder = root.join(at.strip_prefix("/").ok()?);
        let disk = Self { holder, folder };
        (line == "\n").then_some(disk)
    }

    /// Leaves so many bytes free.
    fn fill(&self, free: usize) {
        let path = self.folder.join("filler");
        let mut file = File::create(&path).unwrap();
        while let Ok(()) = file.write_all(&[0; 4096]) {}
        let length = file.metadata().unwrap().len();
        file.set_len(length.saturating_sub(free as u64)).unwrap();
    }

    /// Leaves room for so many files.
    fn crowd(&self, free: usize) {
        let path = |number: usize| self.folder.join(format!("crumb{number}"));
        let crumbs = (0..)
            .take_while(|&number| File::create(path(number)).is_ok())
            .count();
        for number in crumbs.saturating_sub(free)..crumbs {
            fs::remove_file(path(number)).unwrap();
        }
    }

    fn clear(&self) {
        for entry in fs::read_dir(&self.folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                fs::remove_file(path).unwrap();
            }
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        drop(self.holder.stdin.take());
        let _ = self.holder.wait();
    }
}

/// Runs that meet a disk with little room, and compactions, and one more when there is room again.
pub fn full(world: &mut World<'_>, disk: &Disk) {
    world.stir();
    match world.dice.random_range(0..5) {
        0 => disk.crowd(world.dice.random_range(0..4)),
        _ => disk.fill(world.dice.random_range(0..12) * 4096),
    }
    for _ in 0..world.dice.random_range(1..4) {
        let arguments = match world.dice.random_bool(0.2) && world.files() > 0 {
            true => world.compact(),
            false => world.aggregate(),
        };
        let child = start(plainly(&arguments));
        let ended = match world.dice.random_bool(0.2) {
            true => super::kill::killed(world, child),
            false => finish(child),
        };
        world.look("the disk is full", &ended, &[9]);
        world.stir();
    }
    disk.clear();
    world.prove("the disk is full, then an undisturbed run");
}

/// A run whose files may not grow beyond a limit: the signal for that kills it, or is ignored.
pub fn limited(world: &mut World<'_>) {
    world.stir();
    let blocks = world.dice.random_range(0..40);
    let is_ignored = world.dice.random_bool(0.5);
    let trap = if is_ignored { "trap '' XFSZ; " } else { "" };
    let arguments = world.aggregate();
    let ended = finish(start(behind(
        &format!("{trap}ulimit -f {blocks}"),
        &arguments,
    )));
    let signals: &[i32] = if is_ignored { &[] } else { &[25] };
    world.look("a file may not grow (RLIMIT_FSIZE)", &ended, signals);
}
