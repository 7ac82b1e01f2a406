//! Where events are written to.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};

use crate::log;
use crate::program::{FORMATS, House, words};
use crate::read;

const RECORD: &[u8] =
    b"2026/11/01 09:15:02 [error] 7#7: *1 no live upstreams while connecting to upstream\n";

#[test]
fn parquet_is_not_written_to_a_pipe_and_that_is_said_before_a_log_is_looked_for() {
    let house = House::new();
    let output = house.events("parquet", &["missing.log"]).output().unwrap();
    let said = words(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.starts_with("badgateway: standard output is a pipe"),
        "{said}"
    );
    assert!(
        said.contains("--out FILE, or > FILE, writes Parquet to a file"),
        "{said}"
    );
    assert_eq!(
        (said.lines().count(), output.stdout.as_slice()),
        (1, b"".as_slice())
    );
}

#[test]
fn parquet_is_not_written_to_a_fifo() {
    let house = House::with(RECORD);
    let kind = rustix::fs::FileType::Fifo;
    let mode = rustix::fs::Mode::from(0o600);
    rustix::fs::mknodat(rustix::fs::CWD, house.path("fifo"), kind, mode, 0).unwrap();
    // Somebody reads, so nobody would wait.
    let reader = File::options()
        .read(true)
        .write(true)
        .open(house.path("fifo"));
    let _reader = reader.unwrap();
    let output = house
        .events("parquet", &["error.log", "--out", "fifo"])
        .output()
        .unwrap();
    let said = words(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.starts_with("badgateway: fifo is a pipe"), "{said}");
}

#[test]
fn parquet_is_written_to_standard_output_if_that_is_a_file_at_its_beginning() {
    let house = House::with(RECORD);
    let run = |append: bool| {
        let file = File::options()
            .create(true)
            .append(append)
            .write(true)
            .open(house.path("redirected"));
        house
            .events("parquet", &["error.log"])
            .stdout(file.unwrap())
            .output()
            .unwrap()
    };
    let output = run(false);
    assert_eq!(
        (output.status.code(), words(&output)),
        (Some(0), String::new())
    );
    let bytes = fs::read(house.path("redirected")).unwrap();
    assert_eq!(read::parquet(&bytes).len(), 1);
    let output = run(true);
    let said = words(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("standard output holds something already"),
        "{said}"
    );
    assert_eq!(fs::read(house.path("redirected")).unwrap(), bytes);
}

#[test]
fn arrow_and_parquet_are_not_written_to_a_terminal() {
    let house = House::with(RECORD);
    for (format, status) in [("arrow", 2), ("parquet", 2), ("csv", 0), ("ndjson", 0)] {
        let program = env!("CARGO_BIN_EXE_badgateway");
        let command = format!("{program} events --no-discover --format {format} error.log");
        let output = Command::new("script")
            .args(["-qec", &command, "/dev/null"])
            .current_dir(house.path(""))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let shown = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(status), "{format}: {shown}");
        assert_eq!(
            shown.contains("standard output is a terminal"),
            status == 2,
            "{format}: {shown}"
        );
    }
}

#[test]
fn a_reader_that_has_seen_enough_is_no_trouble() {
    let house = House::with(&log(1_500_000));
    for (format, _) in FORMATS.iter().filter(|(format, _)| *format != "parquet") {
        let mut command = house.events(format, &["error.log"]);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut pipe = child.stdout.take().unwrap();
        pipe.read_exact(&mut [0; 10]).unwrap();
        drop(pipe);
        let output = child.wait_with_output().unwrap();
        assert_eq!(
            (output.status.code(), words(&output)),
            (Some(0), String::new()),
            "{format}"
        );
    }
}

#[test]
fn a_full_disk_is_said() {
    let house = House::with(RECORD);
    for (format, _) in FORMATS {
        let output = house
            .events(format, &["error.log", "--out", "/dev/full"])
            .output()
            .unwrap();
        let said = words(&output);
        assert_eq!(output.status.code(), Some(2), "{format}: {said}");
        let expected =
            "badgateway: /dev/full: cannot be written: No space left on device (os error 28)\n";
        assert_eq!(said, expected, "{format}");
    }
}

#[test]
fn a_file_has_its_name_only_when_it_is_whole() {
    let house = House::with(&log(1_500_000));
    for (format, read) in FORMATS {
        fs::write(house.path("out"), "old").unwrap();
        let program = env!("CARGO_BIN_EXE_badgateway");
        let arguments = format!("events --no-discover -q --format {format} --out out error.log");
        // Units of 512 bytes; who writes more is killed.
        let killed = Command::new("sh")
            .args(["-c", &format!("ulimit -f 16; exec {program} {arguments}")])
            .current_dir(house.path(""))
            .output()
            .unwrap();
        assert_eq!(killed.status.code(), None, "{format}");
        assert_eq!(fs::read(house.path("out")).unwrap(), b"old", "{format}");
        let output = house
            .events(format, &["-q", "--out", "out", "error.log"])
            .output()
            .unwrap();
        assert_eq!(
            (output.status.code(), words(&output)),
            (Some(0), String::new())
        );
        assert!(
            read(&fs::read(house.path("out")).unwrap()).len() > 1000,
            "{format}"
        );
    }
}

#[test]
fn a_link_stays_a_link_and_what_it_names_is_written() {
    let house = House::with(RECORD);
    fs::create_dir(house.path("elsewhere")).unwrap();
    fs::write(house.path("elsewhere/events"), "old").unwrap();
    symlink("elsewhere/events", house.path("link")).unwrap();
    let output = house
        .events("csv", &["error.log", "-q", "--out", "link"])
        .output()
        .unwrap();
    assert_eq!(
        (output.status.code(), words(&output)),
        (Some(0), String::new())
    );
    assert_eq!(
        read::csv(&fs::read(house.path("elsewhere/events")).unwrap()).len(),
        1
    );
    assert_eq!(
        fs::read_link(house.path("link")).unwrap().to_str(),
        Some("elsewhere/events")
    );
    assert_eq!(house.names(), ["elsewhere", "error.log", "link"]);
}
