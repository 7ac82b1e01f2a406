//! Merging the files of a dataset, through the program.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output, Stdio};

use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, TimestampMicrosecondType};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::statistics::Statistics;
use tempfile::TempDir;

const DAY: i64 = 86_400_000_000;

/// A folder with a log and a dataset.
struct House {
    folder: TempDir,
}

impl House {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("log")).unwrap();
        Self { folder }
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log/error.log")
    }

    fn dataset(&self) -> PathBuf {
        self.folder.path().join("dataset")
    }

    /// Writes failures of a day, as many as `ports` has, each from two clients.
    fn write(&self, day: &str, ports: std::ops::Range<u16>) {
        use std::io::Write;
        let mut log = File::options()
            .create(true)
            .append(true)
            .open(self.log())
            .unwrap();
        for port in ports {
            for client in 1..=2 {
                writeln!(
                    log,
                    "{day} 09:15:0{client} [error] 7#7: *{port}{client} connect() failed (111: Connection \
                     refused) while connecting to upstream, client: 192.0.2.{client}, server: a, request: \
                     \"GET / HTTP/1.1\", upstream: \"http://127.0.0.1:{port}/\", host: \"a\""
                )
                .unwrap();
            }
        }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let output = self.command(arguments).output().unwrap();
        let words = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {words}");
        output
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_badgateway"));
        let reads_logs = arguments[0] == "aggregate";
        command
            .args(arguments)
            .args(reads_logs.then_some("--no-discover"))
            .current_dir(self.folder.path());
        command
    }

    /// A dataset of three days and two months, to be copied.
    fn template(&self) -> PathBuf {
        for (number, day) in (0..).zip(["2026/01/30", "2026/01/31", "2026/02/01"]) {
            self.write(day, 8000..8005 + number);
            self.aggregate();
        }
        let template = self.folder.path().join("template");
        fs::rename(self.dataset(), &template).unwrap();
        template
    }

    /// Has the program be sent a signal at its system call of this name and number.
    fn signalled(&self, signal: &str, call: &str, number: u32, arguments: &[&str]) -> ExitStatus {
        Command::new("strace")
            .args(["-f", "-qq", "-o", "/dev/null"])
            .args(["-e", &format!("trace={call}"), "-e"])
            .arg(format!("inject={call}:signal={signal}:when={number}"))
            .arg(env!("CARGO_BIN_EXE_badgateway"))
            .args(arguments)
            .current_dir(self.folder.path())
            .status()
            .unwrap()
    }

    fn aggregate(&self) {
        self.run(&[
            "aggregate",
            "log",
            "--out",
            "dataset",
            "--timezone",
            "UTC",
            "--host",
            "web1",
        ]);
    }

    fn compact(&self) -> String {
        let output = self.run(&["compact", "--dataset", "dataset"]);
        String::from_utf8(output.stderr).unwrap()
    }

    fn files(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.dataset().join("hourly")).unwrap();
        let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    }

    fn counts(&self) -> (Counts, usize) {
        counts(&self.files()).unwrap()
    }
}

/// Events by day and peer.
type Counts = BTreeMap<(i64, String), i64>;

/// Events and rows, read as any other reader would; an error if a file is gone.
fn counts(files: &[PathBuf]) -> std::io::Result<(Counts, usize)> {
    let mut counts = Counts::new();
    let mut rows = 0;
    for path in files {
        let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path)?).unwrap();
        for batch in reader.build().unwrap() {
            let batch = batch.unwrap();
            let column = |name| batch.column_by_name(name).unwrap();
            let bucket = column("bucket").as_primitive::<TimestampMicrosecondType>();
            let events = column("events").as_primitive::<Int64Type>();
            let peer = column("peer").as_string::<i32>();
            for row in 0..batch.num_rows() {
                let key = (bucket.value(row) / DAY, peer.value(row).to_owned());
                *counts.entry(key).or_default() += events.value(row);
            }
            rows += batch.num_rows();
        }
    }
    Ok((counts, rows))
}

#[test]
fn many_files_become_one_for_each_month_with_the_same_counts() {
    let house = House::new();
    for day in ["2026/01/30", "2026/01/31", "2026/02/01", "2026/02/02"] {
        house.write(day, 8000..8010);
        house.aggregate();
        // The same bucket, in another file.
        house.write(day, 8005..8020);
        house.aggregate();
    }
    assert_eq!(house.files().len(), 8);
    let (before, rows_before) = house.counts();
    assert!(house.compact().contains("8 files of"));
    assert_eq!(house.files().len(), 2);
    let (after, rows) = house.counts();
    assert_eq!(after, before);
    assert_eq!((rows_before, rows), (4 * 25, 4 * 20));

    // What was counted stays known, and nothing is left to be done.
    house.aggregate();
    let files = house.files();
    assert!(house.compact().contains("2 files of"));
    assert_eq!(house.files(), files);

    // A month to which nothing was added is the same file.
    let january = |house: &House| fs::metadata(&house.files()[0]).unwrap().ino();
    let inode = january(&house);
    house.write("2026/02/03", 8000..8010);
    house.aggregate();
    house.compact();
    assert_eq!((house.files().len(), january(&house)), (2, inode));
    house.aggregate();
    assert_eq!(house.counts().0.values().sum::<i64>(), 4 * 50 + 20);
    let names = fs::read_dir(house.dataset()).unwrap();
    let left = names
        .filter(|name| name.as_ref().unwrap().path().is_dir())
        .count();
    assert_eq!(left, 2, "only the tables are left");
}

/// The rows of each row group, and the days of its first and its last bucket, counted from the first of all.
fn groups(file: &Path) -> Vec<(i64, i64, i64)> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(file).unwrap()).unwrap();
    let bucket = |group: &RowGroupMetaData| match group.column(0).statistics() {
        Some(Statistics::Int64(buckets)) => {
            (*buckets.min_opt().unwrap(), *buckets.max_opt().unwrap())
        }
        other => panic!("{other:?}"),
    };
    let groups = reader.metadata().row_groups();
    let begin = bucket(&groups[0]).0;
    let groups = groups.iter().map(|group| {
        let (first, last) = bucket(group);
        let day = |bucket: i64| (bucket - begin) / DAY;
        (group.num_rows(), day(first), day(last))
    });
    groups.collect()
}

#[test]
fn days_with_few_rows_are_one_row_group_and_a_day_with_many_is_one_of_its_own() {
    let house = House::new();
    let days = [
        ("01", 1_000),
        ("02", 1_000),
        ("09", 48),
        ("10", 1),
        ("11", 2_500),
        ("12", 10),
        ("31", 20),
    ];
    for (day, ports) in days {
        house.write(&format!("2026/01/{day}"), 8_000..8_000 + ports);
        house.aggregate();
    }
    let export = ["export", "-q", "--format=csv", "--dataset=dataset"];
    let before = house.run(&export).stdout;
    house.run(&["compact", "-q", "--dataset", "dataset"]);
    let files = parquet_files(&house.dataset());
    assert_eq!(files.len(), 1);
    let expected = [(2_048, 0, 8), (1, 9, 9), (2_500, 10, 10), (30, 11, 30)];
    assert_eq!(groups(&files[0]), expected);
    assert_eq!(house.run(&export).stdout, before);
    // Merged once more, with a day between two of a group.
    house.write("2026/01/05", 8_000..8_003);
    house.aggregate();
    let before = house.run(&export).stdout;
    house.run(&["compact", "-q", "--dataset", "dataset"]);
    let files = parquet_files(&house.dataset());
    let rows = groups(&files[0]).iter().map(|group| group.0).sum::<i64>();
    assert_eq!((files.len(), rows), (1, 4_582));
    assert_eq!(house.run(&export).stdout, before);
}

#[test]
fn what_is_older_than_is_kept_is_dropped_and_does_not_come_back() {
    let house = House::new();
    let day = |ago: i64| {
        let day = chrono::Utc::now() - chrono::TimeDelta::days(ago);
        day.format("%Y/%m/%d").to_string()
    };
    for ago in [100, 50, 20, 3] {
        house.write(&day(ago), 8000..8005);
        house.aggregate();
    }
    let output = house.run(&["compact", "--dataset", "dataset", "--keep", "30d"]);
    let words = String::from_utf8(output.stderr).unwrap();
    assert!(words.contains("dropped 20 events"), "{words}");
    assert_eq!(house.counts().0.values().sum::<i64>(), 20);

    // Neither from a log that is known, nor from one that is not, nor from one that is old itself.
    house.write(&day(60), 8000..8001);
    house.write(&day(1), 8000..8001);
    house.aggregate();
    assert_eq!(house.counts().0.values().sum::<i64>(), 22);
    fs::write(house.folder.path().join("log/old-error.log"), {
        let text = fs::read_to_string(house.log()).unwrap();
        text.replace("192.0.2.", "198.51.100.")
            .replace(&day(3), &day(90))
            .replace(&day(1), &day(90))
            .replace(&day(20), &day(90))
    })
    .unwrap();
    house.aggregate();
    assert_eq!(house.counts().0.values().sum::<i64>(), 22);
    house.compact();
    house.aggregate();
    assert_eq!(house.counts().0.values().sum::<i64>(), 22);
}

#[test]
fn buckets_of_different_width_stay_apart() {
    let house = House::new();
    house.write("2026/01/30", 8000..8002);
    house.aggregate();
    house.write("2026/01/31", 8000..8002);
    house.run(&[
        "aggregate",
        "log",
        "--out",
        "dataset",
        "--timezone",
        "UTC",
        "--bucket",
        "1d",
    ]);
    house.compact();
    assert_eq!(house.files().len(), 2);
    assert_eq!(house.counts().0.values().sum::<i64>(), 8);
    let files = house.files();
    house.compact();
    assert_eq!(house.files(), files);
}

/// Who wants a log counted again removes files; what that cannot bring back is said.
#[test]
fn a_file_of_the_dataset_that_is_gone_is_missed_if_newer_ones_are_there() {
    let house = House::new();
    for day in ["2026/01/28", "2026/01/29", "2026/01/30"] {
        house.write(day, 8000..8005);
        house.aggregate();
        // Files are sorted by the second in which they were written.
        std::thread::sleep(std::time::Duration::from_millis(1_010));
    }
    let files = house.files();
    let lost = || {
        let arguments = ["aggregate", "log", "--out", "dataset", "--timezone", "UTC"];
        let output = house.command(&arguments).output().unwrap();
        let words = String::from_utf8(output.stderr).unwrap();
        let lines = words.lines().filter(|line| line.contains("error.log: "));
        let lines: Vec<String> = lines.map(str::to_owned).collect();
        assert_eq!(output.status.code(), Some(i32::from(!lines.is_empty())));
        lines
    };
    fs::remove_file(&files[1]).unwrap();
    for _ in 0..2 {
        let lines = lost();
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(
            lines[0].contains("is gone, and is not counted again"),
            "{lines:?}"
        );
    }
    assert_eq!(
        house.files().len(),
        2,
        "nothing is written where nothing is new"
    );

    // Without the newer one it is counted again.
    fs::remove_file(&files[2]).unwrap();
    assert_eq!(lost(), Vec::<String>::new());
    assert_eq!(house.counts().0.values().sum::<i64>(), 30);

    // Who compacts has settled for what there is.
    fs::remove_file(&files[0]).unwrap();
    assert_eq!(lost().len(), 1);
    house.compact();
    assert_eq!(lost(), Vec::<String>::new());
    assert_eq!(house.counts().0.values().sum::<i64>(), 20);
}

#[test]
fn a_folder_without_a_dataset_is_an_error() {
    let house = House::new();
    let output = house
        .command(&["compact", "--dataset", "log"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(words.contains("log: holds no dataset"), "{words}");
}

/// Runs, compactions and readers at once: who reads gets the right sum or an error.
#[test]
fn readers_and_runs_do_not_mind() {
    let house = House::new();
    house.write("2026/01/30", 8000..8010);
    house.aggregate();
    let begin = std::time::Instant::now();
    let mut written = 20;
    let (mut reads, mut failures) = (0, 0);
    while begin.elapsed().as_secs() < 4 || reads < 20 {
        house.write("2026/01/31", 8000..8005);
        let mut run = house.command(&["aggregate", "log", "--out", "dataset", "--timezone", "UTC"]);
        let mut compact = house.command(&["compact", "--dataset", "dataset"]);
        let mut both =
            [&mut run, &mut compact].map(|command| command.stderr(Stdio::null()).spawn().unwrap());
        loop {
            let ended = both
                .iter_mut()
                .all(|child| child.try_wait().unwrap().is_some());
            match counts(&house.files()) {
                // Listed when all were gone from the folder that had been the table: engines call that an error.
                Ok((counts, _)) if counts.is_empty() => failures += 1,
                Ok((counts, _)) => {
                    let sum = counts.values().sum::<i64>();
                    assert!(sum == written || sum == written + 10, "{sum} of {written}");
                    reads += 1;
                }
                Err(error) => {
                    assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
                    failures += 1;
                }
            }
            if ended {
                break;
            }
        }
        for child in &mut both {
            assert!(child.wait().unwrap().success());
        }
        written += 10;
        assert_eq!(house.counts().0.values().sum::<i64>(), written);
    }
    println!("{reads} reads were right, {failures} met a file that had just gone");
}

/// System calls between which a compaction's steps lie.
const CALLS: [&str; 9] = [
    "openat",
    "write",
    "fsync",
    "mkdir",
    "link",
    "linkat",
    "renameat2",
    "unlinkat",
    "flock",
];

#[test]
#[ignore = "needs strace, which tests/all installs"]
fn it_may_be_killed_at_every_system_call() {
    let house = House::new();
    let template = house.template();
    let (expected, _) = counts(&parquet_files(&template)).unwrap();
    let mut kills = 0;
    for call in CALLS {
        for number in 1.. {
            let _ = fs::remove_dir_all(house.dataset());
            copy(&template, &house.dataset());
            let compact = ["compact", "-q", "--dataset", "dataset"];
            let status = house.signalled("SIGKILL", call, number, &compact);
            assert_eq!(house.counts().0, expected, "{call} {number}");
            house.aggregate();
            house.compact();
            assert_eq!(
                (house.counts().0, house.files().len()),
                (expected.clone(), 2)
            );
            if status.success() {
                break;
            }
            kills += 1;
        }
    }
    println!("{kills} kills");
    assert!(kills > 50, "{kills}");
}

#[test]
#[ignore = "needs strace, which tests/all installs"]
fn told_to_end_at_any_system_call_it_leaves_nothing_unfinished() {
    let house = House::new();
    let template = house.template();
    let (before, _) = counts(&parquet_files(&template)).unwrap();
    house.write("2026/02/02", 8000..8009);
    copy(&template, &house.dataset());
    house.aggregate();
    let (after, _) = house.counts();
    let aggregate = "aggregate log --out dataset --timezone UTC --host web1 --no-discover -q";
    for (command, can_be) in [
        ("compact -q --dataset dataset", [&before, &before]),
        (aggregate, [&before, &after]),
    ] {
        let arguments: Vec<&str> = command.split(' ').collect();
        let mut ends = 0;
        for call in CALLS {
            for number in 1.. {
                let _ = fs::remove_dir_all(house.dataset());
                copy(&template, &house.dataset());
                let status = house.signalled("SIGTERM", call, number, &arguments);
                let what = format!("{command}, {call} {number}: {status}");
                assert!(can_be.contains(&&house.counts().0), "{what}");
                let hidden = fs::read_dir(house.dataset()).unwrap().filter(|entry| {
                    let name = entry.as_ref().unwrap().file_name();
                    let name = name.to_str().unwrap();
                    name.starts_with('.') && !name.ends_with(".lock")
                });
                assert_eq!(hidden.count(), 0, "{what}");
                if status.success() {
                    break;
                }
                assert_eq!(status.signal(), Some(15), "{what}");
                ends += 1;
            }
        }
        println!("{command}: {ends} ends");
        assert!(ends > 30, "{ends}");
    }
}

fn parquet_files(dataset: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dataset.join("hourly")).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to.join("hourly")).unwrap();
    for file in parquet_files(from) {
        fs::copy(&file, to.join("hourly").join(file.file_name().unwrap())).unwrap();
    }
}
