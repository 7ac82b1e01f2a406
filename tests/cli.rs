//! The program from outside: what it prints, where, and its exit status.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use parquet::file::reader::{FileReader, SerializedFileReader};

fn badgateway() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_badgateway"));
    command.env("TZ", "UTC").stdin(Stdio::null());
    command
}

/// Where logs are read, pools are not to be called what this machine's configuration calls them.
fn run(arguments: &[&str]) -> Output {
    let reads_logs = ["report", "events", "aggregate"].contains(&arguments[0]);
    let more = reads_logs.then_some("--no-discover");
    badgateway().args(arguments).args(more).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn sample(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    folder.join(name).display().to_string()
}

/// A folder of a test's own, with files in it.
fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

fn at(folder: &tempfile::TempDir, name: &str) -> String {
    folder.path().join(name).display().to_string()
}

const REFUSED: &[u8] = b"2026/11/01 09:15:02 [error] 12#12: *23 connect() failed (111: Connection \
    refused) while connecting to upstream, client: 192.0.2.1, server: shop.example, request: \"GET / \
    HTTP/1.1\", upstream: \"http://127.0.0.1:8080/\", host: \"shop.example\"\n";

fn parquet_files(dataset: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dataset.join("hourly")).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

#[test]
fn events_prints_one_json_object_per_event_with_the_fields_in_order() {
    let output = run(&["events", &sample("socket_missing.log")]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(stderr(&output), "");
    let names = [
        "time",
        "level",
        "pid",
        "tid",
        "connection",
        "class",
        "kind",
        "phase",
        "os_error",
        "status",
        "scheme",
        "peer",
        "pool",
        "upstream",
        "server",
        "client",
        "request",
        "host_header",
        "referrer",
        "message",
        "action",
        "host",
        "source",
        "offset",
    ];
    for line in stdout(&output).lines() {
        let mut from = 0;
        for name in names {
            let key = format!("\"{name}\":");
            from += line[from..]
                .find(&key)
                .unwrap_or_else(|| panic!("{name} in {line}"));
        }
        let event: serde_json::Map<String, serde_json::Value> = serde_json::from_str(line).unwrap();
        assert_eq!(event.len(), names.len());
        assert_eq!(event["class"], "socket_missing");
    }
    assert_eq!(stdout(&output).lines().count(), 3);
}

#[test]
fn events_can_be_written_to_a_file() {
    let out = folder(&[]);
    let file = at(&out, "events.ndjson");
    let output = run(&["events", &sample("ipv6.log"), "--out", &file]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(stdout(&output), "");
    let piped = run(&["events", &sample("ipv6.log")]);
    assert_eq!(fs::read(&file).unwrap(), piped.stdout);
    assert_eq!(fs::read_dir(out.path()).unwrap().count(), 1);
}

#[test]
fn aggregate_adds_one_file_per_run_and_leaves_nothing_else() {
    let out = folder(&[]);
    let dataset = out.path().join("new/dataset");
    let dataset_name = dataset.display().to_string();
    let nothing = "nothing new in 1 log";
    for (log, words, files) in [
        ("two_pools.log", "wrote ", 1),
        ("connect_refused.log", "wrote ", 2),
        ("two_pools.log", nothing, 2),
        ("connect_refused.log", nothing, 2),
    ] {
        let output = run(&["aggregate", &sample(log), "--out", &dataset_name]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        assert_eq!(stdout(&output), "");
        assert!(stderr(&output).contains(words), "{}", stderr(&output));
        assert_eq!(parquet_files(&dataset).len(), files);
    }
    for path in parquet_files(&dataset) {
        let reader = SerializedFileReader::new(fs::File::open(&path).unwrap()).unwrap();
        let metadata = reader.metadata();
        let group = metadata.row_group(0);
        let sorting = group.sorting_columns().unwrap();
        assert_eq!(
            sorting
                .iter()
                .map(|column| column.column_idx)
                .collect::<Vec<_>>(),
            [0, 2]
        );
        for column in group.columns() {
            assert!(matches!(
                column.compression(),
                parquet::basic::Compression::ZSTD(_)
            ));
            assert!(column.statistics().is_some(), "{}", column.column_path());
        }
        let pairs = metadata.file_metadata().key_value_metadata().unwrap();
        let value = |key| {
            pairs
                .iter()
                .find(|pair| pair.key == key)
                .unwrap()
                .value
                .clone()
                .unwrap()
        };
        assert_eq!(value("badgateway.timezone"), "UTC");
        assert_eq!(value("badgateway.bucket_seconds"), "3600");
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o111, 0);
        assert_ne!(mode & 0o444, 0);
    }
}

#[test]
fn report_names_the_pool_its_worst_class_and_its_busiest_hour() {
    let logs = folder(&[("error.log", &REFUSED.repeat(3))]);
    let output = run(&["report", &at(&logs, "error.log")]);
    assert_eq!(output.status.code(), Some(0));
    let report = stdout(&output);
    assert!(
        report.starts_with(
            "3 failures in 1 pool\nAll in 127.0.0.1:8080: connect_refused, at 11-01 09:15\nfrom 2026-11-01 09:15:02 "
        ),
        "{report}"
    );
    let line = report
        .lines()
        .find(|line| line.starts_with("  127.0.0.1:8080  "))
        .unwrap();
    let words: Vec<_> = line.split_whitespace().collect();
    assert_eq!(
        words,
        [
            "127.0.0.1:8080",
            "3",
            "100",
            "%",
            "3",
            "connect_refused",
            "11-01",
            "09:00"
        ]
    );
    let step = "127.0.0.1:8080: connect_refused, 3 of 3 failures\n";
    let (_, rest) = report.split_once(step).unwrap();
    let lines: Vec<_> = rest.lines().take(5).map(str::trim).collect();
    assert!(lines[0].starts_with("nothing listens"), "{report}");
    assert_eq!(lines[4], "$ ss -ltnp");
    assert!(
        rest.contains("badgateway explain connect_refused"),
        "{report}"
    );
    assert!(
        report.lines().all(|line| line.chars().count() <= 80),
        "{report}"
    );
}

#[test]
fn a_report_of_all_samples_fits_80_columns_and_acts_on_no_terminal() {
    let folder = sample("");
    let output = run(&["report", &format!("{folder}*.log")]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let report = stdout(&output);
    assert!(
        report.contains("1 event of class upstream_other"),
        "{report}"
    );
    assert!(
        report.contains("failed to run balancer_by_lua*"),
        "{report}"
    );
    for line in report.lines() {
        // What a command has in quotes is not broken.
        let is_quoted = line.starts_with("      ") && line.trim_start().starts_with(['\'', '"']);
        assert!(line.chars().count() <= 80 || is_quoted, "{line}");
        assert!(!line.chars().any(char::is_control), "{line:?}");
    }
    assert!(!stderr(&output).trim_end_matches('\n').contains('\x1b'));
}

#[test]
fn standard_input_is_read_and_only_once() {
    let mut child = badgateway()
        .args(["events", "--no-discover", "-", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(&REFUSED.repeat(2))
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(stdout(&output).lines().count(), 2);
    assert!(stdout(&output).contains("\"source\":\"-\""));
}

#[test]
fn folders_and_globs_stand_for_their_files() {
    let logs = folder(&[
        ("error.log", REFUSED),
        ("shop-error.log.1", REFUSED),
        ("access.log", b"x\n"),
    ]);
    let name = logs.path().display().to_string();
    let by_folder = run(&["events", &name]);
    assert_eq!(stdout(&by_folder).lines().count(), 2);
    let by_glob = run(&["events", &at(&logs, "*error.log*"), &name]);
    assert_eq!(by_glob.stdout, by_folder.stdout);
}

#[test]
fn fails_with_status_2_when_nothing_could_be_read() {
    let output = run(&["report", "/nonexistent/error.log"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(stdout(&output), "");
    assert_eq!(
        stderr(&output),
        "badgateway: /nonexistent/error.log: cannot be opened: No such file or directory (os error 2)\n"
    );
    let output = run(&["report"]);
    assert_eq!(output.status.code(), Some(2), "a usage error");
    let output = run(&["report", "x.log", "--timezone", "Mars/Olympus"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("'Mars/Olympus' is not a time zone"));
}

#[test]
fn says_what_was_left_out_and_does_the_rest() {
    let logs = folder(&[
        ("error.log", REFUSED),
        ("old-error.log", b"\x04\x22\x4d\x18 compressed"),
        ("new-error.log", b"\x1f\x8b\x08 no gzip"),
    ]);
    let output = run(&[
        "events",
        &logs.path().display().to_string(),
        &at(&logs, "gone.log"),
    ]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(stdout(&output).lines().count(), 1);
    let words = stderr(&output);
    assert_eq!(words.lines().count(), 3, "{words}");
    assert!(
        words
            .contains("old-error.log: is compressed (lz4), which is not read; pipe it in: lz4 -dc"),
        "{words}"
    );
    assert!(
        words.contains("new-error.log: gzip data: at byte"),
        "{words}"
    );
    assert!(words.contains("gone.log: cannot be opened"), "{words}");
}

#[test]
fn another_kind_of_file_is_no_error_log() {
    let access = b"192.0.2.1 - - [01/Nov/2026:09:15:02 +0000] \"GET / HTTP/1.1\" 502 157\n";
    let junk: Vec<u8> = (0..100_000u32)
        .map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    let logs = folder(&[("access.log", access), ("binary", &junk), ("empty", b"")]);
    for name in ["access.log", "binary"] {
        let output = run(&["report", &at(&logs, name)]);
        assert_eq!(output.status.code(), Some(2), "{name}");
        assert!(
            stderr(&output).contains("no NGINX error log record"),
            "{}",
            stderr(&output)
        );
    }
    let output = run(&["report", &at(&logs, "empty")]);
    assert_eq!(
        output.status.code(),
        Some(0),
        "an empty log is a quiet night"
    );
    assert!(stdout(&output).starts_with("No upstream failed"));
}

#[test]
fn an_unreadable_file_and_a_socket_are_named() {
    let logs = folder(&[]);
    let socket = at(&logs, "error.sock");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let output = run(&["report", &socket]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("is a socket, not a log"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn an_endless_line_is_read_in_bounded_memory() {
    let mut child = badgateway()
        .args(["events", "--no-discover", "-", "-v"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(REFUSED).unwrap();
    let block = vec![b'x'; 1 << 20];
    for _ in 0..200 {
        input.write_all(&block).unwrap();
    }
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    let peak: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(peak < 96 * 1024, "{peak} kB for a line of 200 MiB");
    input.write_all(b"\n").unwrap();
    input.write_all(REFUSED).unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(stdout(&output).lines().count(), 2);
}

#[test]
fn completions_name_every_command_in_every_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = run(&["completions", shell]);
        assert_eq!(output.status.code(), Some(0), "{shell}");
        assert_eq!(stderr(&output), "");
        for command in badgateway::cli::command().get_subcommands() {
            assert!(stdout(&output).contains(command.get_name()), "{shell}");
        }
    }
    assert_eq!(run(&["completions", "tcsh"]).status.code(), Some(2));
}

#[test]
fn completions_into_a_closed_pipe_are_a_quiet_success() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = badgateway()
        .args(["completions", "bash"])
        .stdout(writer)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(stderr(&output), "");
}

#[test]
fn no_line_of_help_ends_before_its_time() {
    let output = run(&["--help"]);
    let help = stdout(&output);
    let (_, status) = help.split_once("Exit status: ").unwrap();
    let (status, _) = status.split_once("\n\n").unwrap();
    let lines: Vec<&str> = status.lines().collect();
    let (_, before) = lines.split_last().unwrap();
    assert!(before.iter().all(|line| line.len() > 60), "{status}");
    assert!(status.contains("3 more failures than"), "{status}");
}

#[test]
fn the_help_of_a_command_tells_the_full_story() {
    let output = run(&["completions", "--help"]);
    assert!(stdout(&output).contains("Bash looks for it in"));
}

#[test]
fn a_closed_pipe_is_a_quiet_success() {
    let logs = folder(&[("error.log", &REFUSED.repeat(20_000))]);
    let mut child = badgateway()
        .args(["events", "--no-discover", &at(&logs, "error.log")])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut begin = [0; 10];
    let mut pipe = child.stdout.take().unwrap();
    pipe.read_exact(&mut begin).unwrap();
    drop(pipe);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(stderr(&output), "");
}

#[test]
fn a_full_disk_ends_in_a_clear_message() {
    for arguments in [["events", "--out", "/dev/full"], ["events", "--out", "-"]] {
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let output = badgateway()
            .args(arguments)
            .arg("--no-discover")
            .arg(sample("ipv6.log"))
            .stdout(full)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert!(
            stderr(&output).contains("No space left on device"),
            "{}",
            stderr(&output)
        );
    }
}

#[test]
fn a_dataset_that_cannot_be_written_is_refused_before_the_work() {
    let place = folder(&[("file", b"")]);
    let output = run(&[
        "aggregate",
        &sample("ipv6.log"),
        "--out",
        &at(&place, "file"),
    ]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("is not a folder"),
        "{}",
        stderr(&output)
    );
    let output = run(&["aggregate", &sample("ipv6.log"), "--out", "/proc/nowhere"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("/proc/nowhere"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn a_log_that_shrinks_while_it_is_read_is_reported_and_kills_nothing() {
    let logs = folder(&[]);
    let name = at(&logs, "error.log");
    for access in ["--mmap", "--no-mmap"] {
        fs::write(&name, REFUSED.repeat(300_000)).unwrap();
        let mut child = badgateway()
            .args(["events", "--no-discover", access, "--threads", "1", &name])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // The program writes, is blocked by the full pipe, and meets a shorter file when it goes on.
        let mut pipe = child.stdout.take().unwrap();
        let mut begin = [0; 4096];
        pipe.read_exact(&mut begin).unwrap();
        fs::File::options()
            .write(true)
            .open(&name)
            .unwrap()
            .set_len(5_000)
            .unwrap();
        let mut rest = Vec::new();
        pipe.read_to_end(&mut rest).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(
            output.status.code(),
            Some(1),
            "{access}: {}",
            stderr(&output)
        );
        assert!(
            stderr(&output).contains("shrank while it was read"),
            "{}",
            stderr(&output)
        );
        assert_eq!(stderr(&output).lines().count(), 1, "{}", stderr(&output));
    }
}

#[test]
fn only_the_asked_for_time_is_counted() {
    let later = String::from_utf8(REFUSED.to_vec())
        .unwrap()
        .replace("09:15:02", "10:15:02");
    let logs = folder(&[("error.log", &[REFUSED, later.as_bytes()].concat())]);
    let count = |arguments: &[&str]| {
        let name = at(&logs, "error.log");
        let mut all = vec!["events", &name];
        all.extend(arguments);
        stdout(&run(&all)).lines().count()
    };
    assert_eq!(count(&[]), 2);
    assert_eq!(count(&["--since", "2026-11-01 10:00"]), 1);
    assert_eq!(
        count(&["--until", "2026-11-01 10:15:02"]),
        1,
        "until is exclusive"
    );
    assert_eq!(count(&["--since", "2026-11-02"]), 0);
    assert_eq!(
        count(&[
            "--timezone",
            "Europe/Berlin",
            "--since",
            "2026-11-01T09:00:00Z"
        ]),
        1
    );
}

#[test]
fn the_last_of_two_contrary_flags_wins() {
    let output = run(&[
        "report",
        "-q",
        "-v",
        "--mmap",
        "--no-mmap",
        &sample("ipv6.log"),
    ]);
    assert_eq!(output.status.code(), Some(0));
    assert!(stderr(&output).contains("1 inputs"), "{}", stderr(&output));
}

#[test]
fn verbose_shows_lines_that_were_not_understood() {
    let logs = folder(&[("error.log", &[b"what is \x1b[31mthis\n", REFUSED].concat())]);
    let output = run(&["report", "-v", &at(&logs, "error.log")]);
    assert_eq!(output.status.code(), Some(0));
    let words = stderr(&output);
    assert!(
        words.contains("byte 0: before the first record: what is \\u{1b}[31mthis"),
        "{words}"
    );
    assert!(stdout(&output).contains("\nNOT UNDERSTOOD\n  1 line before the first record\n"));
}

#[test]
fn the_hole_that_a_truncation_leaves_is_stepped_over() {
    // After `copytruncate` a writer that does not append goes on behind a hole of NUL bytes.
    let hole = [&[0; 5000], REFUSED, b"\n", &[0; 40], b"\n", REFUSED].concat();
    let logs = folder(&[("error.log", &hole)]);
    let output = run(&["events", &at(&logs, "error.log")]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(stdout(&output).lines().count(), 2);
    assert!(stdout(&output).contains("\"offset\":5000}"));
}

fn events(logs: &[&str]) -> Vec<serde_json::Value> {
    let output = run(&[&["events", "-q"], logs].concat());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let lines = stdout(&output);
    let events = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    events.collect()
}

#[test]
fn an_envelope_fills_host_and_time_where_the_record_has_none() {
    let record = std::str::from_utf8(REFUSED).unwrap().trim_end();
    let console = "nginx: [emerg] host not found in upstream \"shop\" in /etc/nginx/nginx.conf:8";
    let lines = [
        format!("Nov  1 10:15:02 web1 nginx: {record}"),
        format!("2026-11-01T09:30:00.250+01:00 web2 nginx[7]: {console}"),
        format!("Nov  1 10:15:02 web1 nginx[7]: {console}"),
        "Nov  1 10:15:02 web1 systemd[1]: nginx.service: Failed with result 'exit-code'."
            .to_owned(),
        console.to_owned(),
    ];
    let logs = folder(&[("syslog", lines.join("\n").as_bytes())]);
    let log = at(&logs, "syslog");
    let file = fs::File::options().append(true).open(&log).unwrap();
    // 2026-11-22, so that the year is known.
    file.set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_795_305_600))
        .unwrap();
    let said: Vec<_> = events(&["--host", "here", &log])
        .iter()
        .map(|event| {
            (
                event["time"].clone(),
                event["host"].clone(),
                event["class"].clone(),
            )
        })
        .collect();
    let expected = serde_json::json!([
        ["2026-11-01T09:15:02Z", "web1", "connect_refused"],
        ["2026-11-01T08:30:00.250Z", "web2", "host_not_found"],
        ["2026-11-01T10:15:02Z", "web1", "host_not_found"],
        [null, "here", "host_not_found"],
    ]);
    assert_eq!(serde_json::to_value(said).unwrap(), expected);
    let report = run(&["report", &log]);
    let report = stdout(&report);
    assert!(report.contains("1 event without a time"), "{report}");
    assert!(report.contains("1 line of other programs"), "{report}");
}

#[test]
fn lines_of_other_programs_alone_are_no_error_log() {
    let logs = folder(&[("syslog", b"Nov  1 10:15:02 web1 cron[7]: (root) CMD (x)\n")]);
    let output = run(&["report", &at(&logs, "syslog")]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("syslog"), "{}", stderr(&output));
}

#[test]
fn rules_add_classes_and_name_pools() {
    let rules = b"[[rule]]\nname = 'shop_down'\nregex = '^connect\\(\\) failed'\nkind = 'F'\n\
        pool = 'shop'\noverride = true\nmeaning = 'call the shop'\n";
    let logs = folder(&[("error.log", REFUSED), ("rules.toml", rules)]);
    let (log, rules) = (at(&logs, "error.log"), at(&logs, "rules.toml"));
    let event = &events(&["--rules", &rules, &log])[0];
    assert_eq!(event["class"], "shop_down");
    assert_eq!(event["pool"], "shop");
    assert_eq!(event["phase"], "connect");
    let report = stdout(&run(&["report", "--rules", &rules, &log]));
    let step = "shop: shop_down, 1 of 1 failure\n    call the shop\n";
    assert!(report.contains(step), "{report}");
    let out = at(&logs, "dataset");
    let aggregate = run(&["aggregate", "--rules", &rules, &log, "--out", &out]);
    assert_eq!(aggregate.status.code(), Some(0), "{}", stderr(&aggregate));
    let file = fs::File::open(&parquet_files(Path::new(&out))[0]).unwrap();
    let row = SerializedFileReader::new(file).unwrap();
    let row = row
        .get_row_iter(None)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .to_string();
    assert!(row.contains("class: \"shop_down\", kind: \"F\""), "{row}");
}

#[test]
fn what_is_wrong_with_rules_is_said_with_its_line() {
    let rules = b"[[rule]]\nname = 'a'\nregex = '('\nkind = 'F'\n";
    let logs = folder(&[("error.log", REFUSED), ("rules.toml", rules)]);
    let (log, rules) = (at(&logs, "error.log"), at(&logs, "rules.toml"));
    let output = run(&["events", "--rules", &rules, &log]);
    assert_eq!(output.status.code(), Some(2));
    let words = stderr(&output);
    assert!(
        words.contains("rules.toml: line 3: regex: unclosed group"),
        "{words}"
    );
    assert_eq!(stdout(&output), "");
    let missing = run(&["events", "--rules", "/no/such/rules.toml", &log]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(stderr(&missing).contains("/no/such/rules.toml: cannot be read"));
}

#[test]
fn aggregate_fails_where_a_link_in_the_dataset_leads_nowhere() {
    let out = folder(&[("error.log", REFUSED)]);
    let dataset = out.path().join("dataset");
    fs::create_dir_all(dataset.join("hourly")).unwrap();
    let link = dataset.join("hourly/old.parquet");
    std::os::unix::fs::symlink("nowhere", &link).unwrap();
    let output = run(&[
        "aggregate",
        &at(&out, "error.log"),
        "--out",
        &at(&out, "dataset"),
    ]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("old.parquet: cannot be used: No such file"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn a_copy_that_was_seen_beside_its_log_is_what_is_left_of_it_later() {
    let compressed = {
        let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        writer.write_all(REFUSED).unwrap();
        writer.finish().unwrap()
    };
    // Between the last byte of the copy and what happens to the log, a run may come.
    let cases = [
        ("error.log.1", "error.log.1.gz", compressed.as_slice()),
        ("error.log", "error.log.1", REFUSED),
    ];
    // Files of one second are listed in any order.
    for (log, copy, bytes) in cases.into_iter().cycle().take(12) {
        let house = folder(&[]);
        fs::create_dir(house.path().join("logs")).unwrap();
        let (logs, dataset) = (house.path().join("logs"), house.path().join("dataset"));
        let aggregate = || {
            let (logs, dataset) = (logs.to_str().unwrap(), dataset.to_str().unwrap());
            let output = run(&["aggregate", "-q", logs, "--out", dataset]);
            assert_eq!(
                (output.status.code(), stderr(&output).as_str()),
                (Some(0), ""),
                "{copy}"
            );
        };
        fs::write(logs.join(log), REFUSED).unwrap();
        aggregate();
        fs::write(logs.join(copy), bytes).unwrap();
        let news = String::from_utf8_lossy(REFUSED).replace("*23", "*24");
        fs::write(logs.join("news.error.log"), news).unwrap();
        aggregate();
        match log {
            "error.log" => fs::write(logs.join(log), "").unwrap(),
            _ => fs::remove_file(logs.join(log)).unwrap(),
        }
        aggregate();
        aggregate();
    }
}

#[test]
fn a_compressed_log_may_go_although_its_original_was_noted_once_more() {
    let house = folder(&[]);
    let logs = house.path().join("logs");
    fs::create_dir(&logs).unwrap();
    let dataset = at(&house, "dataset");
    let aggregate = || {
        let output = run(&["aggregate", "-q", logs.to_str().unwrap(), "--out", &dataset]);
        assert_eq!(
            (output.status.code(), stderr(&output).as_str()),
            (Some(0), "")
        );
    };
    let (plain, whole) = (logs.join("error.log.1"), logs.join("error.log.1.gz"));
    fs::write(logs.join("error.log"), "").unwrap();
    fs::write(&plain, REFUSED).unwrap();
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    writer.write_all(REFUSED).unwrap();
    fs::write(&whole, writer.finish().unwrap()).unwrap();
    aggregate();
    // Which of the two is forgotten when a dataset is compacted does not matter.
    let news = String::from_utf8_lossy(REFUSED).replace("*23", "*24");
    fs::write(logs.join("news.error.log"), news).unwrap();
    aggregate();
    assert_eq!(
        run(&["compact", "-q", "--dataset", &dataset]).status.code(),
        Some(0)
    );
    aggregate();
    fs::remove_file(&plain).unwrap();
    aggregate();
    fs::remove_file(&whole).unwrap();
    aggregate();
}
