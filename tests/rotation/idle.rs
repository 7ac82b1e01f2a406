//! A run that finds nothing new reads the footers of the dataset, and no log.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use super::house::{House, failures};
use super::pack::Pack;
use super::program::parquet_files;

#[test]
#[ignore = "needs strace, which tests/all installs"]
fn a_run_without_anything_new_opens_no_log_and_reads_footers_only() {
    let house = House::new();
    for number in 0..12 {
        let log = format!("log{number}-error.log.1");
        let many = if number == 0 { 4_000 } else { 10 + number };
        let text = failures(0..many, &format!("server{number}"));
        let text = match number {
            // As many rows as there are names for, for some hours.
            0 => (9..13)
                .map(|hour| text.replace(" 09:", &format!(" {hour:02}:")))
                .collect(),
            _ => text,
        };
        house.write(&log, &text);
        let packs = [Pack::Gzip, Pack::Zstd, Pack::Xz, Pack::Bzip2];
        if let Some(pack) = packs.get(number as usize) {
            house.pack(&log, *pack);
        }
        house.count();
    }
    let files = parquet_files(&house.program.dataset());
    assert_eq!(files.len(), 12);
    let trace = house.program.folder.join("trace");
    let output = Command::new("strace")
        .args([
            // A file for each thread: in one, they would cut each other's lines.
            "-ff",
            "-qq",
            "-y",
            "-s",
            "0",
            "-e",
            "trace=openat,read,pread64,mmap",
            "-o",
        ])
        .arg(&trace)
        .arg(env!("CARGO_BIN_EXE_badgateway"))
        .args([
            "aggregate",
            "--no-discover",
            "log",
            "--out",
            "dataset",
            "--timezone",
            "UTC",
            "--host",
            "web1",
        ])
        .current_dir(&house.program.folder)
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{words}");
    assert!(words.contains("nothing new in 12 logs"), "{words}");
    let traces = fs::read_dir(&house.program.folder).unwrap();
    let traces = traces.map(|entry| entry.unwrap().path());
    let traces = traces.filter(|path| path.with_extension("") == trace);
    let trace: String = traces
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    assert!(trace.contains("openat("), "nothing was traced");
    let is_log = |line: &&str| line.contains("-error.log.1");
    let logs: Vec<&str> = trace.lines().filter(is_log).collect();
    assert!(logs.is_empty(), "{logs:#?}");

    let mut read: BTreeMap<&str, u64> = BTreeMap::new();
    for line in trace
        .lines()
        .filter(|line| line.starts_with("pread64(") || line.starts_with("read("))
    {
        let file = line.split(['<', '>']).nth(1).unwrap();
        let count = line.rsplit(" = ").next().unwrap().parse::<u64>();
        if file.ends_with(".parquet") {
            *read.entry(file).or_default() += count.unwrap();
        }
    }
    // The table of incidents says that it was made of all of them.
    assert_eq!(read.len(), files.len() + 1, "{trace}");
    let mut longest = 0;
    for (file, &read) in &read {
        let bytes = fs::read(file).unwrap();
        longest = longest.max(bytes.len());
        // One access to the disk as a rule: with a short footer something is read that stands before.
        let most = AT_ONCE.max(footer(&bytes));
        assert!(read <= most, "{read} of {} bytes of {file}", bytes.len());
    }
    assert!(
        longest as u64 > 2 * AT_ONCE,
        "{longest} bytes are too few to tell"
    );
    println!(
        "{} bytes of {} footers read",
        read.values().sum::<u64>(),
        read.len()
    );
}

/// So much of a file's end is read at once.
const AT_ONCE: u64 = 32 << 10;

/// The length of a Parquet file's footer, and of its own length and the magic behind it.
fn footer(file: &[u8]) -> u64 {
    let end: [u8; 4] = file[file.len() - 8..file.len() - 4].try_into().unwrap();
    u64::from(u32::from_le_bytes(end)) + 8
}
