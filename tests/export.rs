//! What a dataset is exported as, through the program.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use arrow_schema::DataType;
use tempfile::TempDir;

/// A folder with a dataset in it.
struct House {
    folder: TempDir,
}

impl House {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { folder }
    }

    /// Counts more lines of the log into the dataset.
    fn aggregate(&self, log: &[u8], more: &[&str]) {
        let path = self.folder.path().join("error.log");
        let mut file = File::options()
            .create(true)
            .append(true)
            .open(&path)
            .unwrap();
        file.write_all(log).unwrap();
        let arguments = ["aggregate", "--no-discover", "--out"];
        let output = command(&arguments)
            .args([self.dataset(), path])
            .args(more)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    }

    fn dataset(&self) -> PathBuf {
        self.folder.path().join("dataset")
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = command(&["export", "--dataset"]);
        command
            .arg(self.dataset())
            .args(arguments)
            .output()
            .unwrap()
    }

    fn export(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        assert_eq!(stderr(&output), "");
        String::from_utf8(output.stdout).unwrap()
    }
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_badgateway"));
    command
        .args(arguments)
        .env("TZ", "UTC")
        .stdin(Stdio::null());
    command
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A failure of a pool that is a peer.
fn refused(time: &str, client: u8, server: &str, port: u16) -> String {
    format!(
        "{time} [error] 12#12: *23 connect() failed (111: Connection refused) while connecting to upstream, \
         client: 192.0.2.{client}, server: {server}, request: \"GET / HTTP/1.1\", upstream: \
         \"http://127.0.0.1:{port}/\", host: \"a\"\n"
    )
}

/// A degradation of the same pool.
fn buffered(time: &str, port: u16) -> String {
    format!(
        "{time} [warn] 12#12: *23 an upstream response is buffered to a temporary file \
         /var/cache/nginx/1 while reading upstream, client: 192.0.2.1, server: a, request: \"GET / HTTP/1.1\", \
         upstream: \"http://127.0.0.1:{port}/\", host: \"a\"\n"
    )
}

fn small() -> House {
    let house = House::new();
    let log = [
        refused("2026/11/01 09:15:02", 1, "shop.example", 8080),
        refused("2026/11/01 09:59:59", 1, "blog.example", 8080),
        refused("2026/11/01 09:30:00", 2, "shop.example", 8081),
        buffered("2026/11/01 09:40:00", 8080),
        refused("2026/11/01 11:00:00", 3, "", 8080),
    ];
    house.aggregate(log.concat().as_bytes(), &["--host", "web1"]);
    house
}

#[test]
fn openmetrics_has_a_gauge_of_each_bucket_at_its_last_second() {
    // 1793527199 is 2026-11-01 09:59:59 UTC.
    let expected = "\
# HELP badgateway_events Upstream events in the bucket that ends with this second.
# TYPE badgateway_events gauge
# UNIT badgateway_events events
badgateway_events{host=\"web1\",pool=\"127.0.0.1:8080\",class=\"connect_refused\",kind=\"F\",status=\"502\"} 2 1793527199
badgateway_events{host=\"web1\",pool=\"127.0.0.1:8080\",class=\"connect_refused\",kind=\"F\",status=\"502\"} 1 1793534399
badgateway_events{host=\"web1\",pool=\"127.0.0.1:8080\",class=\"response_buffered\",kind=\"W\"} 1 1793527199
badgateway_events{host=\"web1\",pool=\"127.0.0.1:8081\",class=\"connect_refused\",kind=\"F\",status=\"502\"} 1 1793527199
# HELP badgateway_peer_failures Failed attempts in the bucket that ends with this second, by the address that was tried.
# TYPE badgateway_peer_failures gauge
# UNIT badgateway_peer_failures failures
badgateway_peer_failures{host=\"web1\",pool=\"127.0.0.1:8080\",peer=\"127.0.0.1:8080\"} 2 1793527199
badgateway_peer_failures{host=\"web1\",pool=\"127.0.0.1:8080\",peer=\"127.0.0.1:8080\"} 1 1793534399
badgateway_peer_failures{host=\"web1\",pool=\"127.0.0.1:8081\",peer=\"127.0.0.1:8081\"} 1 1793527199
# HELP badgateway_server_failures Failed attempts in the bucket that ends with this second, by server_name.
# TYPE badgateway_server_failures gauge
# UNIT badgateway_server_failures failures
badgateway_server_failures{host=\"web1\",pool=\"127.0.0.1:8080\",server=\"blog.example\"} 1 1793527199
badgateway_server_failures{host=\"web1\",pool=\"127.0.0.1:8080\",server=\"shop.example\"} 1 1793527199
badgateway_server_failures{host=\"web1\",pool=\"127.0.0.1:8080\"} 1 1793534399
badgateway_server_failures{host=\"web1\",pool=\"127.0.0.1:8081\",server=\"shop.example\"} 1 1793527199
# HELP badgateway_clients Distinct clients that met failures in the bucket that ends with this second; those of several buckets, pools or hosts do not add up.
# TYPE badgateway_clients gauge
# UNIT badgateway_clients clients
badgateway_clients{host=\"web1\",pool=\"127.0.0.1:8080\"} 1 1793527199
badgateway_clients{host=\"web1\",pool=\"127.0.0.1:8080\"} 1 1793534399
badgateway_clients{host=\"web1\",pool=\"127.0.0.1:8081\"} 1 1793527199
# EOF
";
    assert_eq!(small().export(&["--format", "openmetrics"]), expected);
}

#[test]
fn a_textfile_has_the_sums_of_a_time_and_no_time_stamps() {
    let expected = "\
# HELP badgateway_period_events Upstream events in the period.
# TYPE badgateway_period_events gauge
badgateway_period_events{host=\"web1\",pool=\"127.0.0.1:8080\",class=\"connect_refused\",kind=\"F\",status=\"502\"} 3
badgateway_period_events{host=\"web1\",pool=\"127.0.0.1:8080\",class=\"response_buffered\",kind=\"W\"} 1
badgateway_period_events{host=\"web1\",pool=\"127.0.0.1:8081\",class=\"connect_refused\",kind=\"F\",status=\"502\"} 1
# HELP badgateway_period_peer_failures Failed attempts in the period, by the address that was tried.
# TYPE badgateway_period_peer_failures gauge
badgateway_period_peer_failures{host=\"web1\",pool=\"127.0.0.1:8080\",peer=\"127.0.0.1:8080\"} 3
badgateway_period_peer_failures{host=\"web1\",pool=\"127.0.0.1:8081\",peer=\"127.0.0.1:8081\"} 1
# HELP badgateway_period_server_failures Failed attempts in the period, by server_name.
# TYPE badgateway_period_server_failures gauge
badgateway_period_server_failures{host=\"web1\",pool=\"127.0.0.1:8080\",server=\"blog.example\"} 1
badgateway_period_server_failures{host=\"web1\",pool=\"127.0.0.1:8080\",server=\"shop.example\"} 1
badgateway_period_server_failures{host=\"web1\",pool=\"127.0.0.1:8080\"} 1
badgateway_period_server_failures{host=\"web1\",pool=\"127.0.0.1:8081\",server=\"shop.example\"} 1
# HELP badgateway_period_clients Distinct clients that met failures in the period; those of several pools or hosts do not add up.
# TYPE badgateway_period_clients gauge
badgateway_period_clients{host=\"web1\",pool=\"127.0.0.1:8080\"} 2
badgateway_period_clients{host=\"web1\",pool=\"127.0.0.1:8081\"} 1
# HELP badgateway_last_event_timestamp_seconds When the last event of the period happened.
# TYPE badgateway_last_event_timestamp_seconds gauge
badgateway_last_event_timestamp_seconds{host=\"web1\",pool=\"127.0.0.1:8080\",kind=\"F\"} 1793530800
badgateway_last_event_timestamp_seconds{host=\"web1\",pool=\"127.0.0.1:8080\",kind=\"W\"} 1793526000
badgateway_last_event_timestamp_seconds{host=\"web1\",pool=\"127.0.0.1:8081\",kind=\"F\"} 1793525400
# HELP badgateway_period_seconds How long the period is.
# TYPE badgateway_period_seconds gauge
badgateway_period_seconds 172800
# HELP badgateway_last_run_timestamp_seconds When the last run began that found something new in the logs.
# TYPE badgateway_last_run_timestamp_seconds gauge
";
    let before = chrono::Utc::now().timestamp();
    let house = small();
    let arguments = [
        "--format",
        "textfile",
        "--since",
        "2026-11-01",
        "--until",
        "2026-11-03",
    ];
    let text = house.export(&arguments);
    let (lines, last) = text.trim_end().rsplit_once('\n').unwrap();
    assert_eq!(format!("{lines}\n"), expected);
    let run = last.strip_prefix("badgateway_last_run_timestamp_seconds ");
    let run: i64 = run.unwrap().parse().unwrap();
    assert!(
        (before..=chrono::Utc::now().timestamp()).contains(&run),
        "{last}"
    );
}

#[test]
fn a_textfile_is_about_the_last_24_hours_unless_told_otherwise() {
    let house = House::new();
    let ago = |hours| {
        let time = chrono::Utc::now() - chrono::TimeDelta::hours(hours);
        refused(&time.format("%Y/%m/%d %H:%M:%S").to_string(), 1, "a", 8080)
    };
    house.aggregate([ago(50), ago(26), ago(23), ago(2)].concat().as_bytes(), &[]);
    let failures = |arguments: &[&str]| -> u64 {
        let text = house.export(&[&["--format", "textfile"], arguments].concat());
        let events = text
            .lines()
            .filter(|line| line.starts_with("badgateway_period_events{"));
        events
            .map(|line| line.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap())
            .sum()
    };
    assert_eq!(failures(&[]), 2);
    assert_eq!(failures(&["--since", "7d"]), 4);
    assert_eq!(failures(&["--until", "25h"]), 1);
}

#[test]
fn csv_has_the_columns_of_the_table_that_csv_can_hold() {
    let text = small().export(&["--format", "csv"]);
    let mut lines = text.lines();
    let schema = badgateway::dataset::schema();
    let fields = schema.fields().iter();
    let fields =
        fields.filter(|field| !matches!(field.data_type(), DataType::Binary | DataType::List(_)));
    let names: Vec<&str> = fields.map(|field| field.name().as_str()).collect();
    assert_eq!(lines.next(), Some(names.join(",").as_str()));
    // The last column is an example, or nothing: each class and pool has one in a bucket.
    let first = lines.next().unwrap();
    assert!(
        first.starts_with(
            "2026-11-01T09:00:00Z,web1,127.0.0.1:8080,http,127.0.0.1:8080,blog.example,connect_refused,F,connect,\
             ECONNREFUSED,error,502,1,1,2026-11-01T09:59:59Z,2026-11-01T09:59:59Z,"
        ),
        "{first}"
    );
    let last = lines.next_back().unwrap();
    assert!(
        last.starts_with(
            "2026-11-01T11:00:00Z,web1,127.0.0.1:8080,http,127.0.0.1:8080,\"\",connect_refused,F,connect,\
             ECONNREFUSED,error,502,1,1,2026-11-01T11:00:00Z,2026-11-01T11:00:00Z,\"2026/11/01 11:00:00 [error] "
        ),
        "{last}"
    );
    assert_eq!(lines.count(), 3);
}

#[test]
fn names_that_strangers_chose_act_nowhere() {
    let house = House::new();
    let host = "=cmd|' /C calc'!A0,\"\\\n\r\x1b[2J\u{202e}é";
    let server = "{a=\"b\\c\x01} 1 2<script>";
    house.aggregate(
        refused("2026/11/01 09:15:02", 1, server, 8080).as_bytes(),
        &["--host", host],
    );
    let metrics = house.export(&["--format", "openmetrics"]);
    let labels = "host=\"=cmd|' /C calc'!A0,\\\"\\\\\\n\\\\r\\\\u{1b}[2J\\\\u{202e}é\",pool=\"127.0.0.1:8080\",\
                  server=\"{a=\\\"b\\\\c\\\\u{1}} 1 2<script>\"";
    let line = format!("\nbadgateway_server_failures{{{labels}}} 1 1793527199\n");
    assert!(metrics.contains(&line), "{metrics}");
    let is_inert = |character: char| !character.is_control() || character == '\n';
    assert!(metrics.chars().all(is_inert), "{metrics:?}");
    let textfile = house.export(&["--format", "textfile", "--since", "2026-11-01"]);
    assert!(
        textfile.contains(&format!("{{{labels}}} 1\n")),
        "{textfile}"
    );

    let csv = house.export(&["--format", "csv"]);
    let fields = ",\"'=cmd|' /C calc'!A0,\"\"\\\n\r\x1b[2J\u{202e}é\",127.0.0.1:8080,http,127.0.0.1:8080,\
                  \"{a=\"\"b\\c\x01} 1 2<script>\",connect_refused,";
    assert!(csv.contains(fields), "{csv}");
}

#[test]
fn nothing_acts_on_a_terminal() {
    let house = House::new();
    let log = refused(
        "2026/11/01 09:15:02",
        1,
        "a\x1b[2J\u{9b}31m\u{202e}\x07b\r",
        8080,
    );
    house.aggregate(log.as_bytes(), &[]);
    for format in ["csv", "openmetrics", "textfile"] {
        let program = env!("CARGO_BIN_EXE_badgateway");
        let command =
            format!("{program} export --dataset dataset --since 2026-11-01 --format {format}");
        let output = Command::new("script")
            .args(["-qec", &command, "/dev/null"])
            .current_dir(house.folder.path())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{format}");
        // A terminal makes two of a line feed.
        let shown = String::from_utf8(output.stdout)
            .unwrap()
            .replace("\r\n", "\n");
        assert!(shown.contains("127.0.0.1:8080"), "{format}: {shown}");
        let acts = |one: &char| (one.is_control() && *one != '\n') || *one == '\u{202e}';
        assert_eq!(shown.chars().find(acts), None, "{format}: {shown:?}");
    }
}

#[test]
fn only_buckets_that_begin_in_the_asked_for_time_are_exported() {
    let house = small();
    let rows = |arguments: &[&str]| {
        let text = house.export(&[&["--format", "csv"], arguments].concat());
        text.lines().count() - 1
    };
    assert_eq!(rows(&[]), 5);
    assert_eq!(rows(&["--since", "2026-11-01 09:00"]), 5);
    assert_eq!(rows(&["--since", "2026-11-01 09:01"]), 1);
    assert_eq!(rows(&["--until", "2026-11-01 11:00"]), 4);
    let berlin = ["--timezone", "Europe/Berlin", "--until", "2026-11-01 12:00"];
    assert_eq!(rows(&berlin), 4);
    // Nothing said, it is the zone in which the logs were written.
    let house = House::new();
    let log = refused("2026/11/01 23:30:00", 1, "a", 8080)
        + &refused("2026/11/02 00:30:00", 1, "a", 8080);
    house.aggregate(log.as_bytes(), &["--timezone", "Asia/Tokyo"]);
    let metrics = house.export(&["--format", "openmetrics", "--until", "2026-11-02"]);
    let events = metrics
        .lines()
        .filter(|line| line.starts_with("badgateway_events{"));
    let time = |line: &str| line.rsplit_once(' ').unwrap().1.to_owned();
    assert_eq!(events.map(time).collect::<Vec<_>>(), ["1793545199"]);
}

#[test]
fn what_holds_nothing_is_a_whole_output_without_samples() {
    let house = small();
    let later = ["--since", "2026-12-01", "--format"];
    for (format, expected) in [("openmetrics", "# EOF\n"), ("csv", "bucket,host,")] {
        let output = house.run(&[&later[..], &[format]].concat());
        assert_eq!(output.status.code(), Some(0));
        let text = String::from_utf8(output.stdout.clone()).unwrap();
        assert!(
            text.starts_with(expected) && text.lines().count() == 1,
            "{text}"
        );
        let said = stderr(&output);
        let buckets =
            "no events in this time; its buckets begin from 2026-11-01 09:00 to 2026-11-01 11:00 (";
        assert!(said.contains(buckets), "{said}");
        let quiet = house.run(&[&later[..], &[format, "-q"]].concat());
        assert_eq!(stderr(&quiet), "");
    }
    let textfile = house.run(&[&later[..], &["textfile"]].concat());
    let text = String::from_utf8(textfile.stdout).unwrap();
    assert!(
        text.contains("\nbadgateway_last_run_timestamp_seconds 1"),
        "{text}"
    );
    assert!(!text.contains('{'), "{text}");

    let empty = House::new();
    empty.aggregate(b"", &[]);
    let output = empty.run(&["--format", "openmetrics"]);
    assert_eq!(
        (output.status.code(), &output.stdout[..]),
        (Some(0), &b"# EOF\n"[..])
    );
    assert!(
        stderr(&output).contains("no events in it yet"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn fails_with_status_2_where_there_is_no_dataset() {
    let output = House::new().run(&["--format", "openmetrics"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(output.stdout, b"");
    assert!(
        stderr(&output).contains("holds no dataset"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn a_file_takes_its_name_when_it_is_whole() {
    let house = small();
    let folder = house.folder.path().join("textfile");
    fs::create_dir(&folder).unwrap();
    let file = folder.join("badgateway.prom");
    let path = file.to_str().unwrap();
    fs::write(&file, "old").unwrap();
    let before = fs::File::open(&file).unwrap();
    let arguments = [
        "--format",
        "textfile",
        "--since",
        "2026-11-01",
        "--out",
        path,
    ];
    assert_eq!(house.export(&arguments), "");
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains("badgateway_period_events{"), "{text}");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    // Whoever had the old one open still reads the old one: it was replaced, not written into.
    let mut old = String::new();
    (&before).read_to_string(&mut old).unwrap();
    assert_eq!(old, "old");
    // node_exporter is another user.
    assert_eq!(
        fs::metadata(&file).unwrap().permissions().mode() & 0o444,
        0o444
    );

    fs::remove_dir_all(house.dataset().join("hourly")).unwrap();
    assert_eq!(house.run(&arguments).status.code(), Some(2));
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
}

#[test]
fn narrower_buckets_are_added_up_to_the_widest() {
    let house = House::new();
    let log = refused("2026/11/01 09:15:02", 1, "a", 8080);
    house.aggregate(log.as_bytes(), &["--bucket", "1h", "--host", "h"]);
    for minute in [15, 16, 59] {
        let log = refused(&format!("2026/11/01 09:{minute}:03"), 2, "a", 8080);
        house.aggregate(log.as_bytes(), &["--bucket", "1m", "--host", "h"]);
    }
    let text = house.export(&["--format", "openmetrics"]);
    let samples = |name: &str| -> Vec<String> {
        let lines = text.lines().filter(|line| line.starts_with(name));
        lines
            .map(|line| line.split_once("} ").unwrap().1.to_owned())
            .collect()
    };
    assert_eq!(samples("badgateway_events{"), ["4 1793527199"]);
    assert_eq!(samples("badgateway_clients{"), ["2 1793527199"]);
}

#[test]
fn clients_that_several_rows_have_in_common_count_once() {
    let house = House::new();
    let mut log = String::new();
    for (client, server) in [(1, "a"), (1, "b"), (2, "b"), (3, "c")] {
        log += &refused("2026/11/01 09:15:02", client, server, 8080);
    }
    // Who only met a degradation is none of them.
    log += &buffered("2026/11/01 09:15:02", 8080).replace("192.0.2.1", "192.0.2.9");
    for client in [1, 2, 4] {
        log += &refused("2026/11/02 09:15:02", client, "a", 8080);
    }
    house.aggregate(log.as_bytes(), &["--host", "h"]);
    let text = house.export(&["--format", "openmetrics"]);
    let labels = "{host=\"h\",pool=\"127.0.0.1:8080\"}";
    let lines = format!(
        "badgateway_clients{labels} 3 1793527199\nbadgateway_clients{labels} 3 1793613599\n"
    );
    assert!(text.contains(&lines), "{text}");
    let text = house.export(&["--format", "textfile", "--since", "2026-11-01"]);
    assert!(
        text.contains(&format!("badgateway_period_clients{labels} 4\n")),
        "{text}"
    );
}

#[test]
fn a_closed_pipe_is_a_quiet_success() {
    let house = House::new();
    let servers = (0..5_000).map(|server| {
        refused(
            "2026/11/01 09:15:02",
            1,
            &format!("server-{server}.example"),
            8080,
        )
    });
    house.aggregate(servers.collect::<String>().as_bytes(), &[]);
    for format in ["openmetrics", "textfile", "csv"] {
        let mut export = command(&[
            "export",
            "--since",
            "2026-11-01",
            "--format",
            format,
            "--dataset",
        ]);
        let export = export.arg(house.dataset());
        let mut child = export
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = [0; 100];
        child.stdout.take().unwrap().read_exact(&mut first).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(
            (output.status.code(), stderr(&output).as_str()),
            (Some(0), ""),
            "{format}"
        );
    }
}

#[test]
fn a_disk_that_is_full_is_said() {
    let house = small();
    let output = house.run(&["--format", "csv", "--out", "/dev/full"]);
    assert!(Path::new("/dev/full").exists());
    assert_eq!(output.status.code(), Some(2));
    let said = stderr(&output);
    assert!(
        said.contains("/dev/full: cannot be written: No space left on device"),
        "{said}"
    );
}
