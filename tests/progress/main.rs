//! Progress on a real (pseudo) terminal: it is there for long work, tells the truth, and leaves nothing behind.

mod terminal;

use badgateway::dataset::Dataset;
use badgateway::scan::Scan;
use badgateway::source::{Input, Meter};
use rustix::process::Signal;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;
use terminal::{Left, Terminal, badgateway};

const LINE: &str = "2026/11/01 09:15:02 [error] 12#12: *23 connect() failed (111: Connection refused) \
    while connecting to upstream, client: 192.0.2.1, server: shop.example, request: \"GET / HTTP/1.1\", \
    upstream: \"http://127.0.0.1:8080/\", host: \"shop.example\"\n";
const LINES: usize = 20_000;

fn log(folder: &Path) -> String {
    let path = folder.join("error.log");
    fs::write(&path, LINE.repeat(LINES)).unwrap();
    path.display().to_string()
}

fn fifo(folder: &Path) -> String {
    let path = folder.join("fifo");
    rustix::fs::mkfifoat(rustix::fs::CWD, &path, 0o600.into()).unwrap();
    path.display().to_string()
}

/// Work on a file that is slow because nobody takes its events quickly.
fn slow_file(columns: u16) -> Left {
    let folder = tempfile::tempdir().unwrap();
    let (log, fifo) = (log(folder.path()), fifo(folder.path()));
    let arguments = ["events", &log, "--out", &fifo, "--chunk-size", "20000"];
    let terminal = Terminal::run(badgateway(&arguments), columns, false);
    let mut events = File::open(&fifo).unwrap();
    let mut buffer = vec![0; 65_536];
    let mut seen = 0;
    // Some 14 MB in more than two seconds, and the last of it long after all was read.
    while let read @ 1.. = events.read(&mut buffer).unwrap() {
        seen += buffer[..read].iter().filter(|&&byte| byte == b'\n').count();
        let is_end = seen > LINES - 300;
        thread::sleep(Duration::from_millis(if is_end { 300 } else { 10 }));
    }
    terminal.end()
}

/// Work on what comes through a pipe so slowly; told is what stands on the terminal.
fn slow_pipe(mut command: Command, span: Duration, is_stdout: bool) -> Left {
    command.stdin(Stdio::piped());
    let mut terminal = Terminal::run(command, 80, is_stdout);
    let mut pipe = terminal.child.stdin.take().unwrap();
    let steps = span.as_millis() / 50;
    for _ in 0..steps {
        pipe.write_all(LINE.as_bytes()).unwrap();
        thread::sleep(Duration::from_millis(50));
    }
    drop(pipe);
    terminal.end()
}

const LONG: Duration = Duration::from_millis(1_800);

#[test]
fn long_work_shows_how_far_it_has_come_and_leaves_nothing() {
    let left = slow_file(80);
    assert_eq!(left.ended, Ok(0), "{}", left.came);
    assert!(left.first.unwrap() >= Duration::from_secs(1));
    assert!(
        left.came.contains("] 100 %, 4.7 MB of 4.7 MB, "),
        "{}",
        left.came
    );
    assert!(left.came.contains(" s left"), "{}", left.came);
    // Words come after it, on a line of their own.
    let words = "badgateway: read 1 file, 4.7 MB, 20,000 lines, 20,000 records, 20,000 events";
    assert_eq!(left.screen, words);
    assert_eq!(left.cursor, (1, 0));
}

#[test]
fn a_narrow_terminal_is_left_as_clean() {
    let left = slow_file(30);
    assert!(left.came.contains("] 100 %"), "{}", left.came);
    let screen: String = left.screen.split('\n').map(str::trim_end).collect();
    assert!(screen.starts_with("badgateway: read 1 file,"), "{screen}");
    assert!(!screen.contains('%'), "{screen}");
}

#[test]
fn quick_work_shows_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("error.log");
    fs::write(&log, LINE).unwrap();
    let log = log.display().to_string();
    let left = Terminal::run(badgateway(&["report", &log]), 80, false).end();
    assert_eq!((left.ended, left.came.as_str()), (Ok(0), ""));
}

#[test]
fn of_a_pipe_only_bytes_and_rate_are_told() {
    let left = slow_pipe(badgateway(&["report", "-"]), LONG, false);
    assert_eq!(left.ended, Ok(0));
    assert!(left.came.contains(" kB, "), "{}", left.came);
    assert!(left.came.contains("/s"), "{}", left.came);
    assert!(
        !left.came.contains('%') && !left.came.contains("left"),
        "{}",
        left.came
    );
    assert_eq!((left.screen.as_str(), left.cursor), ("", (0, 0)));
}

#[test]
fn flags_and_surroundings_decide_whether_it_is_shown() {
    let shows = |arguments: &'static [&'static str], variables: &'static [(&str, &str)]| {
        thread::spawn(move || {
            let mut command = badgateway(&[arguments, &["-"]].concat());
            command.envs(variables.iter().copied());
            let left = slow_pipe(command, LONG, false);
            assert_eq!(left.ended, Ok(0), "{arguments:?}");
            left.came.contains("/s")
        })
    };
    let cases = [
        (shows(&["report"], &[]), true),
        (shows(&["report", "--no-progress"], &[]), false),
        (shows(&["report", "--no-progress", "--progress"], &[]), true),
        (
            shows(&["report", "--progress", "--no-progress"], &[]),
            false,
        ),
        (shows(&["events"], &[]), true),
        (shows(&["report", "--quiet"], &[]), false),
        (shows(&["report", "--quiet", "--progress"], &[]), false),
        (shows(&["report"], &[("NO_COLOR", "1")]), true),
        (shows(&["report"], &[("TERM", "dumb")]), false),
        (shows(&["report"], &[("TERM", "")]), false),
    ];
    for (number, (shown, expected)) in cases.into_iter().enumerate() {
        assert_eq!(shown.join().unwrap(), expected, "case {number}");
    }
}

#[test]
fn progress_that_is_asked_for_comes_at_once() {
    let mut command = badgateway(&["report", "-", "--progress"]);
    command.stdin(Stdio::piped());
    let mut terminal = Terminal::run(command, 80, false);
    let mut pipe = terminal.child.stdin.take().unwrap();
    pipe.write_all(LINE.as_bytes()).unwrap();
    terminal.wait_for(" B");
    drop(pipe);
    let left = terminal.end();
    assert!(
        left.first.unwrap() < Duration::from_secs(1),
        "{:?}",
        left.first
    );
    assert_eq!(left.screen, "");
}

#[test]
fn events_on_the_terminal_are_not_disturbed() {
    let left = slow_pipe(badgateway(&["events", "-"]), LONG, true);
    assert_eq!(left.ended, Ok(0));
    assert!(left.came.starts_with("{\"time\""), "{}", left.came);
    let is_event = |line: &str| line.starts_with('{') && line.ends_with('}');
    assert!(left.came.lines().all(is_event), "{}", left.came);
    // What reads them may be `less`, on the same terminal.
    let mut command = badgateway(&["events", "-"]);
    command.stdout(Stdio::piped());
    let left = slow_pipe(command, LONG, false);
    assert_eq!((left.ended, left.came.as_str()), (Ok(0), ""));
}

#[test]
fn without_a_terminal_a_line_comes_now_and_then_if_asked_for() {
    let run = |more: &'static [&'static str]| {
        thread::spawn(move || {
            let mut command = badgateway(&[&["report", "-"], more].concat());
            command.stdin(Stdio::piped()).stderr(Stdio::piped());
            let mut child = command.spawn().unwrap();
            let mut pipe = child.stdin.take().unwrap();
            pipe.write_all(LINE.as_bytes()).unwrap();
            thread::sleep(Duration::from_millis(12_500));
            drop(pipe);
            let output = child.wait_with_output().unwrap();
            String::from_utf8(output.stderr).unwrap()
        })
    };
    let [asked, unasked] = [run(&["--progress"]), run(&[])];
    let asked = asked.join().unwrap();
    assert!(asked.starts_with("badgateway: 237 B"), "{asked}");
    assert_eq!(asked.lines().count(), 1, "{asked}");
    assert_eq!(unasked.join().unwrap(), "");
}

#[test]
fn a_signal_ends_the_program_and_leaves_a_clean_line() {
    for (signal, number) in [(Signal::INT, 2), (Signal::TERM, 15)] {
        let mut command = badgateway(&["report", "-"]);
        command.stdin(Stdio::piped());
        let mut terminal = Terminal::run(command, 80, false);
        let mut pipe = terminal.child.stdin.take().unwrap();
        pipe.write_all(LINE.as_bytes()).unwrap();
        terminal.wait_for(" B");
        terminal.signal(signal);
        let left = terminal.end();
        assert_eq!(left.ended, Err(number));
        assert_eq!(
            (left.screen.as_str(), left.cursor),
            ("", (0, 0)),
            "{}",
            left.came
        );
    }
}

#[test]
fn a_signal_that_is_to_be_ignored_still_is() {
    let mut command = Command::new("sh");
    command
        .args([
            "-c",
            "trap '' INT; exec \"$0\" report - --no-discover --progress",
        ])
        .arg(env!("CARGO_BIN_EXE_badgateway"))
        .env("TERM", "xterm")
        .stdin(Stdio::piped())
        .stdout(Stdio::null());
    let mut terminal = Terminal::run(command, 80, false);
    let mut pipe = terminal.child.stdin.take().unwrap();
    pipe.write_all(LINE.as_bytes()).unwrap();
    terminal.wait_for(" B");
    terminal.signal(Signal::INT);
    thread::sleep(Duration::from_millis(500));
    pipe.write_all(LINE.as_bytes()).unwrap();
    drop(pipe);
    assert_eq!(terminal.end().ended, Ok(0));
}

#[test]
fn what_an_earlier_run_has_counted_counts_as_done() {
    let folder = tempfile::tempdir().unwrap();
    let log = log(folder.path());
    let dataset = folder.path().join("dataset");
    let out = dataset.display().to_string();
    let run = || {
        let run = badgateway(&["aggregate", &log, "--out", &out]).output();
        assert!(run.unwrap().status.success());
    };
    let machine = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    let machine = machine.trim();
    let resumed = || {
        let inputs = vec![Input::File(log.clone().into())];
        let scan = Scan {
            meter: Meter::new(&inputs),
            ..Scan::new(inputs)
        };
        let run = Dataset::new(&dataset).begin(machine, Duration::ZERO, |_| {});
        let mut run = run.unwrap();
        scan.resume(3_600_000_000, &run.ledger().unwrap(), machine, &run);
        let said = scan.meter.read();
        (said.done, said.skipped, said.total)
    };
    let line = LINE.len() as u64;
    let length = line * LINES as u64;
    run();
    assert_eq!(resumed(), (length, length, Some(length)));
    let more = LINE.repeat(1_000);
    let mut file = File::options().append(true).open(&log).unwrap();
    file.write_all(more.as_bytes()).unwrap();
    let (done, skipped, total) = resumed();
    let length = length + more.len() as u64;
    assert_eq!((done, total), (length, Some(length)));
    // The last bytes before the new ones are looked at again, and the last record may still be written to.
    assert!(skipped > length - more.len() as u64 - 70_000, "{skipped}");
    assert!(skipped < length - more.len() as u64 + 1_000, "{skipped}");
}
