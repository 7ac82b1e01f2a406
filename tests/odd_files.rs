//! Inputs that are no files at rest, or have odd names, and outputs that fail: each ends in a clear word and the right
//! exit status, and leaves nothing behind.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

fn record(number: usize) -> String {
    format!(
        "2026/11/01 09:15:02 [error] 7#7: *{number} connect() failed (111: Connection refused) while connecting to \
         upstream, client: 192.0.2.1, server: shop.example, request: \"GET / HTTP/1.1\", upstream: \
         \"http://127.0.0.1:8080/\", host: \"shop.example\"\n"
    )
}

struct House(TempDir);

impl House {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn with(log: &str) -> Self {
        let house = Self::new();
        fs::write(house.path("error.log"), log).unwrap();
        house
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_badgateway"));
        command
            .current_dir(self.0.path())
            .args(arguments.split(' '));
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn run(&self, arguments: &str) -> (Option<i32>, String, String) {
        told(self.command(arguments).output().unwrap())
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name());
        let mut names: Vec<String> = names.map(|name| name.to_string_lossy().into()).collect();
        names.sort();
        names
    }
}

fn told(output: Output) -> (Option<i32>, String, String) {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

const READ: &str = "--timezone UTC --no-discover";

/// How many events there are.
fn events(house: &House, logs: &str) -> (Option<i32>, usize, String) {
    let (code, out, words) = house.run(&format!("events {logs} {READ}"));
    (code, out.lines().count(), words)
}

#[test]
fn a_fifo_is_read_to_its_end() {
    let house = House::new();
    let fifo = house.path("error.log");
    rustix::fs::mkfifoat(rustix::fs::CWD, &fifo, 0o600.into()).unwrap();
    let writer = thread::spawn(move || {
        let mut fifo = File::options().write(true).open(fifo).unwrap();
        for number in 0..5_000 {
            fifo.write_all(record(number).as_bytes()).unwrap();
        }
    });
    assert_eq!(events(&house, "error.log"), (Some(0), 5_000, String::new()));
    writer.join().unwrap();
}

#[test]
fn files_of_the_kernel_are_read_or_refused() {
    let house = House::new();
    for (path, code, said) in [
        ("/dev/null", 0, ""),
        ("/proc/self/maps", 2, "no NGINX error log record among its "),
        ("/proc/self/mem", 2, "/proc/self/mem: cannot be "),
        ("/proc/self/fd", 2, "no *error*log* file in this folder"),
    ] {
        let (found, out, words) = house.run(&format!("events {path} {READ}"));
        assert_eq!((found, out.as_str()), (Some(code), ""), "{path} {words}");
        assert!(words.contains(said), "{path} {words}");
    }
    // A standard input that is one works, too.
    let mut command = house.command(&format!("events - {READ}"));
    let log = House::with(&record(1));
    command.stdin(File::open(log.path("error.log")).unwrap());
    let (code, out, _) = told(command.output().unwrap());
    assert_eq!((code, out.lines().count()), (Some(0), 1));
}

/// Holes of a sparse file are NUL bytes; here they are one line of more than 4 GiB.
#[test]
#[ignore = "takes minutes; tests/all runs it"]
fn a_line_of_more_than_four_gibibytes_hides_nothing_before_it_or_behind() {
    let house = House::with(&record(1));
    let mut log = File::options()
        .append(true)
        .open(house.path("error.log"))
        .unwrap();
    let length = log.metadata().unwrap().len();
    log.set_len(length + (4 << 30) + 4_097).unwrap();
    log.seek(SeekFrom::End(0)).unwrap();
    log.write_all(format!("\n{}", record(2)).as_bytes())
        .unwrap();
    // Through a pipe, a line is never in one piece.
    let (code, out, words) = house.run(&format!("events error.log --mmap {READ}"));
    assert_eq!((code, out.lines().count()), (Some(0), 2), "{words}");
    assert!(out.contains("\"connection\":2"), "{out}");
}

#[test]
fn a_folder_may_have_a_hundred_thousand_files() {
    let house = House::new();
    for number in 0..100_000 {
        let text = if number % 500 == 0 {
            record(number)
        } else {
            String::new()
        };
        fs::write(house.path(&format!("{number:06}-error.log")), text).unwrap();
    }
    assert_eq!(events(&house, "."), (Some(0), 200, String::new()));
    for _ in 0..2 {
        let (code, _, words) = house.run(&format!("aggregate -q . --out dataset {READ}"));
        assert_eq!((code, words.as_str()), (Some(0), ""));
    }
    let (_, report, _) = house.run("report --dataset dataset --format json");
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["totals"]["failures"], 200);
}

#[test]
fn links_that_go_round_are_said_to() {
    let house = House::with(&record(1));
    symlink("two-error.log", house.path("one-error.log")).unwrap();
    symlink("one-error.log", house.path("two-error.log")).unwrap();
    symlink(".", house.path("round-error.log")).unwrap();
    let (code, found, words) = events(&house, ".");
    assert_eq!((code, found), (Some(1), 1), "{words}");
    assert_eq!(
        words.matches("Too many levels of symbolic links").count(),
        2,
        "{words}"
    );
    let (code, found, words) = events(&house, "round-error.log/round-error.log");
    assert_eq!((code, found), (Some(1), 1), "{words}");
}

#[test]
fn names_that_act_on_terminals_or_are_no_text_are_names() {
    let house = House::new();
    let names: [&[u8]; 5] = [
        b"new\nline-error.log",
        b"\xff\xfe-error.log",
        b"\x1b[31mred-error.log",
        b"-error.log",
        b"*error.log",
    ];
    for (number, name) in names.iter().enumerate() {
        fs::write(house.0.path().join(OsStr::from_bytes(name)), record(number)).unwrap();
    }
    assert_eq!(events(&house, "."), (Some(0), 5, String::new()));
    for _ in 0..2 {
        let (code, _, words) = house.run(&format!("aggregate . --out dataset {READ}"));
        assert_eq!(code, Some(0), "{words}");
        assert!(!words.contains('\u{1b}'), "{words:?}");
    }
    let (_, report, _) = house.run("report --dataset dataset --format json");
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["totals"]["failures"], 5);
    let (code, shown, _) = house.run(&format!("aggregate . --dry-run --out dataset {READ}"));
    assert_eq!((code, shown.lines().count()), (Some(0), 5), "{shown}");
    assert!(!shown.contains('\u{1b}'), "{shown:?}");
}

/// A network share may hand out fewer bytes than were asked for, and be interrupted.
#[test]
fn reads_that_are_short_lose_nothing() {
    let house = House::new();
    let source = "
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <errno.h>
        #include <unistd.h>
        static int calls;
        static size_t less(size_t n) { return n > 1000 ? n / 7 + 13 : n; }
        ssize_t read(int fd, void *b, size_t n) {
            static ssize_t (*own)(int, void *, size_t);
            if (!own) own = dlsym(RTLD_NEXT, \"read\");
            if (++calls % 5 == 0) { errno = EINTR; return -1; }
            return own(fd, b, less(n));
        }
        ssize_t pread64(int fd, void *b, size_t n, off64_t at) {
            static ssize_t (*own)(int, void *, size_t, off64_t);
            if (!own) own = dlsym(RTLD_NEXT, \"pread64\");
            return own(fd, b, less(n), at);
        }
    ";
    fs::write(house.path("short.c"), source).unwrap();
    let compiled = Command::new("cc")
        .args(["-shared", "-fPIC", "-o", "short.so", "short.c", "-ldl"])
        .current_dir(house.0.path())
        .status()
        .unwrap();
    assert!(compiled.success());
    let log: String = (0..20_000).map(record).collect();
    fs::write(house.path("error.log"), &log).unwrap();
    let packed = File::create(house.path("error.log.1.gz")).unwrap();
    let mut packed = flate2::write::GzEncoder::new(packed, flate2::Compression::fast());
    let more: String = (20_000..30_000).map(record).collect();
    packed.write_all(more.as_bytes()).unwrap();
    packed.finish().unwrap();
    let short = |arguments: &str| {
        let mut command = house.command(arguments);
        command.env("LD_PRELOAD", house.path("short.so"));
        told(command.output().unwrap())
    };
    let logs = "error.log error.log.1.gz";
    let (code, out, words) = short(&format!("events {logs} --no-mmap {READ}"));
    assert_eq!(
        (code, out.lines().count(), words.as_str()),
        (Some(0), 30_000, "")
    );
    let (code, _, words) = short(&format!(
        "aggregate -q {logs} --no-mmap --out dataset {READ}"
    ));
    assert_eq!((code, words.as_str()), (Some(0), ""));
    let (code, report, _) = short("report --dataset dataset --format json");
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(
        (code, &report["totals"]["failures"]),
        (Some(0), &30_000.into())
    );
}

const COMMANDS: [&str; 16] = [
    "report error.log",
    "report error.log --format html",
    "report error.log --format json",
    "report error.log --format markdown",
    "events error.log",
    "events error.log --format csv",
    "events error.log --format arrow",
    "aggregate error.log --out dataset --dry-run",
    "export --dataset dataset --format csv",
    "export --dataset dataset --format openmetrics",
    "explain",
    "explain connect_refused",
    "completions bash",
    "doctor --nginx-conf nginx.conf error.log",
    "--help",
    "--version",
];

fn with_dataset() -> House {
    let house = House::with(&record(1));
    fs::write(house.path("nginx.conf"), "events {}\n").unwrap();
    let (code, ..) = house.run(&format!("aggregate -q error.log --out dataset {READ}"));
    assert_eq!(code, Some(0));
    house
}

#[test]
fn a_disk_that_is_full_is_said_to_be_by_every_command() {
    let house = with_dataset();
    for arguments in COMMANDS {
        let mut command = house.command(arguments);
        command.stdout(File::options().write(true).open("/dev/full").unwrap());
        let (code, _, words) = told(command.output().unwrap());
        assert_eq!(code, Some(2), "{arguments} {words}");
        let said = "badgateway: standard output: cannot be written: No space left on device (os error 28)\n";
        assert!(words.ends_with(said), "{arguments} {words}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error_of_any_command() {
    let house = with_dataset();
    for arguments in COMMANDS {
        let mut child = house.command(arguments).spawn().unwrap();
        drop(child.stdout.take());
        let (code, _, words) = told(child.wait_with_output().unwrap());
        let expected = if arguments.starts_with("doctor") {
            [0, 1]
        } else {
            [0, 0]
        };
        assert!(
            expected.map(Some).contains(&code),
            "{arguments} {code:?} {words}"
        );
        assert!(!words.contains("Broken pipe"), "{arguments} {words}");
    }
}

#[test]
fn a_target_that_cannot_be_is_named_with_the_reason() {
    let house = with_dataset();
    let before = house.names();
    for (arguments, said) in [
        (
            "report error.log --out no/where",
            "no/where: cannot be written: No such file",
        ),
        (
            "events error.log --out dataset",
            "dataset: cannot be written: Is a directory",
        ),
        (
            "events error.log --out error.log/x",
            "error.log/x: cannot be written: Not a directory",
        ),
        (
            "events error.log --out /proc/x",
            "/proc/x: cannot be written: ",
        ),
        (
            "aggregate error.log --out error.log",
            "error.log: is not a folder",
        ),
        (
            "aggregate error.log --out /dev/null",
            "/dev/null: is not a folder",
        ),
        (
            "aggregate error.log --out /proc/x",
            "/proc/x/hourly: cannot be used: ",
        ),
        ("compact --dataset error.log", "error.log: holds no dataset"),
        (
            "export --dataset nowhere --format csv",
            "nowhere: holds no dataset",
        ),
    ] {
        let (code, out, words) = house.run(arguments);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{arguments} {words}");
        assert!(
            words.starts_with(&format!("badgateway: {said}")),
            "{arguments} {words}"
        );
        assert!(!words.contains(".writing-"), "{arguments} {words}");
    }
    assert_eq!(house.names(), before);
    assert_eq!(
        fs::read_to_string(house.path("error.log")).unwrap(),
        record(1)
    );
}

/// The program is stopped while it writes: it waits for a log that comes through a pipe.
#[test]
fn whatever_ends_it_no_half_of_a_file_is_left() {
    for signal in ["INT", "TERM", "HUP", "KILL"] {
        for arguments in ["events - --out out", "events - --format parquet --out out"] {
            let house = House::with("what was there before\n");
            fs::rename(house.path("error.log"), house.path("out")).unwrap();
            // Whoever runs the tests may have had them ignore some.
            let child = Command::new("env")
                .args([
                    "--default-signal=INT,TERM,HUP",
                    env!("CARGO_BIN_EXE_badgateway"),
                ])
                .args(format!("{arguments} {READ}").split(' '))
                .current_dir(house.0.path())
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn();
            let mut child = child.unwrap();
            let log: String = (0..20_000).map(record).collect();
            child
                .stdin
                .as_mut()
                .unwrap()
                .write_all(log.as_bytes())
                .unwrap();
            // It has the file open, without a name.
            let files = format!("/proc/{}/fd", child.id());
            let begin = Instant::now();
            let is_open = || {
                let files = fs::read_dir(&files).unwrap().flatten();
                let mut files = files.filter_map(|file| fs::read_link(file.path()).ok());
                files.any(|file| file.starts_with(house.0.path()))
            };
            while !is_open() {
                assert!(begin.elapsed() < Duration::from_secs(20), "{arguments}");
                thread::sleep(Duration::from_millis(2));
            }
            let kill = format!("kill -{signal} {}", child.id());
            assert!(
                Command::new("sh")
                    .args(["-c", &kill])
                    .status()
                    .unwrap()
                    .success()
            );
            let (code, _, words) = told(child.wait_with_output().unwrap());
            assert_eq!(code, None, "{signal} {words}");
            assert_eq!(house.names(), ["out"], "{signal} {arguments}");
            let mut text = String::new();
            File::open(house.path("out"))
                .unwrap()
                .read_to_string(&mut text)
                .unwrap();
            assert_eq!(text, "what was there before\n");
        }
    }
}
