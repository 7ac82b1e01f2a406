//! The program, as it is run, and how it ended.

use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rand::RngExt;

use super::Dice;

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_badgateway");

/// How a run has ended.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub signal: Option<i32>,
    /// What it said on standard error.
    pub words: String,
}

/// `aggregate`, in one of the ways in which it can be run.
pub fn aggregate(logs: &Path, dataset: &Path, dice: &mut Dice) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = vec![
        "aggregate".into(),
        "--no-discover".into(),
        logs.into(),
        "--out".into(),
        dataset.into(),
    ];
    arguments
        .extend(["-q", "--timezone", "UTC", "--host", "web1", "--wait", "40s"].map(Into::into));
    let threads = dice.random_range(1..=3);
    arguments.push(format!("-j{threads}").into());
    match dice.random_range(0..3) {
        0 => arguments.push("--mmap".into()),
        1 => arguments.push("--no-mmap".into()),
        _ => {}
    }
    if dice.random_bool(0.5) {
        let size = dice.random_range(100..5000);
        arguments.push(format!("--chunk-size={size}").into());
    }
    arguments
}

pub fn compact(dataset: &Path) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = vec!["compact".into(), "--dataset".into(), dataset.into()];
    arguments.extend(["-q", "--wait", "40s"].map(Into::into));
    arguments
}

pub fn plainly(arguments: &[OsString]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(arguments);
    command
}

/// Under strace, which injects what `fault` says into the calls of a name.
pub fn traced(options: &[OsString], arguments: &[OsString]) -> Command {
    let mut command = Command::new("strace");
    command
        .args(["-f", "-qq"])
        .args(options)
        .arg(PROGRAM)
        .args(arguments);
    command
}

/// From a shell that does something before.
pub fn behind(shell: &str, arguments: &[OsString]) -> Command {
    let mut command = Command::new("sh");
    let line = format!("{shell}; exec \"$0\" \"$@\"");
    command.args(["-c", &line, PROGRAM]).args(arguments);
    command
}

/// On a machine of another name; to be run by root.
pub fn elsewhere(machine: &str, arguments: &[OsString]) -> Command {
    let mut command = Command::new("unshare");
    let line = format!("echo {machine} >/proc/sys/kernel/hostname; exec \"$0\" \"$@\"");
    command
        .args(["--uts", "sh", "-c", &line, PROGRAM])
        .args(arguments);
    command
}

pub fn start(mut command: Command) -> Child {
    let command = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// Waits for a process, which must end: no run takes so long.
pub fn finish(mut child: Child) -> Ended {
    let begin = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if begin.elapsed() > TOO_LONG {
            child.kill().unwrap();
            let words = child.wait_with_output().unwrap().stderr;
            panic!(
                "it does not end; it said {:?}",
                String::from_utf8_lossy(&words)
            );
        }
        sleep(Duration::from_micros(500));
    }
    let output = child.wait_with_output().unwrap();
    Ended {
        code: output.status.code(),
        signal: output.status.signal(),
        words: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

const TOO_LONG: Duration = Duration::from_secs(60);

/// Sends a signal to a process, or to that of a thread; whether there is one.
pub fn signal(name: &str, process: u32) -> bool {
    let mut command = Command::new("sh");
    command
        .args(["-c", "kill -$0 $1", name, &process.to_string()])
        .stderr(Stdio::null());
    command.status().unwrap().success()
}

impl Ended {
    pub fn is_killed(&self) -> bool {
        self.signal == Some(9)
    }

    pub fn is_done(&self) -> bool {
        self.code == Some(0)
    }

    /// Its complaints.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        let lines = self.words.lines();
        lines.filter(|line| !line.starts_with("badgateway: waiting for another run"))
    }

    /// Never a panic, never silence when something failed: what it was is named, in `places` or among
    /// those things that have none.
    pub fn is_sensible(&self, places: [&Path; 2], signals: &[i32]) -> Result<(), String> {
        let names_something = |line: &str| {
            let is_place = places
                .iter()
                .any(|place| line.contains(place.to_str().unwrap()));
            is_place || PLACELESS.iter().any(|words| line.contains(words))
        };
        let is_named = self.lines().next().is_some() && self.lines().all(names_something);
        let is_out_of_memory = self.words.contains("memory allocation of");
        let is_sensible = match (self.signal, self.code) {
            _ if self.words.contains("panicked") => false,
            // Nobody removes a file of the dataset.
            _ if self.words.contains("in a file of the dataset that is gone") => false,
            (Some(6), _) => is_out_of_memory,
            (Some(signal), _) => signals.contains(&signal),
            (_, Some(0)) => self.lines().next().is_none(),
            (_, Some(1 | 2)) => is_named,
            _ => false,
        };
        is_sensible.then_some(()).ok_or_else(|| format!("{self:?}"))
    }
}

/// What fails and is at no place.
const PLACELESS: [&str; 2] = [
    "cannot start threads",
    "the logs changed while they were read",
];
