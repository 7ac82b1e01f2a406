//! Processes, found in /proc and ended by their ids.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Waits for what must come about within seconds.
pub fn wait_until(what: &str, mut has_come: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !has_come() {
        assert!(begin.elapsed().as_secs() < 10, "waited in vain: {what}");
        sleep(Duration::from_millis(5));
    }
}

/// A daemon's process, and what is known of it.
pub struct Process {
    pub id: u32,
    /// `nginx: worker process`
    pub title: String,
}

/// Those that work in a folder, or whose title names it: whoever is started by a house works in its folder,
/// and so do their children, orphans as well.
pub fn of(folder: &Path) -> Vec<Process> {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let mut processes: Vec<Process> = ids.filter_map(read).collect();
    processes.retain(|process| {
        let works_in = fs::read_link(format!("/proc/{}/cwd", process.id));
        works_in.is_ok_and(|path| path.starts_with(folder))
            || process.title.contains(folder.to_str().unwrap())
    });
    processes
}

/// Those whose parent is a process.
pub fn children(parent: u32) -> Vec<Process> {
    let path = format!("/proc/{parent}/task/{parent}/children");
    let ids = fs::read_to_string(path).unwrap_or_default();
    let ids = ids.split_whitespace().map(|id| id.parse().unwrap());
    ids.filter_map(read).collect()
}

/// Nothing of one that has ended, though nobody has asked for its status yet.
fn read(id: u32) -> Option<Process> {
    let title = fs::read(format!("/proc/{id}/cmdline")).ok()?;
    let title = String::from_utf8_lossy(&title).replace('\0', " ");
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let mut behind_name = stat.rsplit_once(") ")?.1.split(' ');
    let state = behind_name.next()?;
    let title = title.trim().to_owned();
    (state != "Z").then_some(Process { id, title })
}

/// The process whose id a daemon wrote into a file, if it lives.
pub fn in_file(path: &Path) -> Option<u32> {
    let id = fs::read_to_string(path).ok()?.trim().parse().ok()?;
    read(id).map(|process| process.id)
}

pub fn lives(process: u32) -> bool {
    read(process).is_some()
}

pub fn send(signal: &str, process: u32) {
    let mut kill = Command::new("kill");
    kill.args([signal, &process.to_string()]);
    // It may have ended meanwhile.
    let _ = kill.stderr(Stdio::null()).status();
}

/// Kills all of a folder's processes, and those that they start meanwhile.
pub fn end_all(folder: &Path) {
    let begin = Instant::now();
    loop {
        let processes = of(folder);
        if processes.is_empty() || begin.elapsed().as_secs() > 10 {
            return;
        }
        for process in processes {
            send("-KILL", process.id);
        }
        sleep(Duration::from_millis(5));
    }
}
