//! Who may do what: a run without privileges, files that not everybody may read, links that lead out, and clients that
//! are not to be told.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

const CLIENT: &str = "192.0.2.17";

fn record(client: &str) -> String {
    format!(
        "2026/11/01 09:15:02 [error] 7#7: *1 connect() failed (111: Connection refused) while connecting to upstream, \
         client: {client}, server: shop.example, request: \"GET / HTTP/1.1\", upstream: \"http://127.0.0.1:8080/\", \
         host: \"shop.example\"\n"
    )
}

struct House(TempDir);

impl House {
    /// One with a log of this mode.
    fn new(mode: u32) -> Self {
        let house = Self(tempfile::tempdir().unwrap());
        fs::set_permissions(house.0.path(), fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(house.path("error.log"), record(CLIENT)).unwrap();
        fs::set_permissions(house.path("error.log"), fs::Permissions::from_mode(mode)).unwrap();
        house
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs a shell's line, in which `$badgateway` is the program.
    fn sh(&self, line: &str) -> Output {
        // The program may be where not everybody may go.
        let program = self.path("program");
        if !program.exists() {
            fs::copy(env!("CARGO_BIN_EXE_badgateway"), &program).unwrap();
        }
        Command::new("sh")
            .args(["-c", &format!("umask 022; {line}")])
            .env("badgateway", &program)
            .current_dir(self.0.path())
            .output()
            .unwrap()
    }

    fn does(&self, line: &str) -> String {
        let output = self.sh(line);
        let words = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{line}\n{words}");
        String::from_utf8(output.stdout).unwrap()
    }
}

fn modes(folder: &Path) -> Vec<u32> {
    let entries = fs::read_dir(folder).unwrap();
    let modes = entries.map(|entry| entry.unwrap().metadata().unwrap().permissions().mode());
    modes.map(|mode| mode & 0o777).collect()
}

const READ: &str = "--timezone UTC --no-discover";

#[test]
fn what_is_made_of_a_log_is_read_by_nobody_who_may_not_read_the_log() {
    for (log, expected) in [(0o640, 0o640), (0o644, 0o644), (0o600, 0o640)] {
        let house = House::new(log);
        house.does(&format!(
            "$badgateway aggregate -q error.log --out dataset {READ}"
        ));
        house.does(&format!(
            "$badgateway report error.log --out made.report.html --format html {READ}"
        ));
        house.does(&format!(
            "$badgateway report error.log --out made.report.json --format json {READ}"
        ));
        house.does("$badgateway report --dataset dataset --out made.dataset");
        house.does("$badgateway export --dataset dataset --format csv --out made.csv");
        for format in ["ndjson", "csv", "arrow", "parquet"] {
            house.does(&format!(
                "$badgateway events -q error.log --format {format} --out made.events.{format} {READ}"
            ));
        }
        let entries = fs::read_dir(house.0.path()).unwrap().map(Result::unwrap);
        let made = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with("made."));
        let modes_of_made: Vec<u32> = made
            .map(|entry| entry.metadata().unwrap().permissions().mode() & 0o777)
            .collect();
        assert_eq!(modes_of_made, [expected; 8], "{log:o}");
        // Another log does not make them more public, and compacting neither.
        fs::write(
            house.path("public.log"),
            record(CLIENT).replace("*1 ", "*2 "),
        )
        .unwrap();
        house.does(&format!(
            "$badgateway aggregate -q public.log --out dataset {READ}"
        ));
        let hourly = modes(&house.path("dataset/hourly"));
        assert!(
            hourly.contains(&expected) && hourly.contains(&0o644),
            "{hourly:?}"
        );
        assert_eq!(modes(&house.path("dataset/incidents")), [expected]);
        house.does("$badgateway compact -q --dataset dataset");
        assert_eq!(modes(&house.path("dataset/hourly")), [expected]);
        // No address is in it.
        house.does("$badgateway export -q --dataset dataset --format textfile --out metrics");
        let mode = fs::metadata(house.path("metrics"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o644);
    }
}

#[test]
fn a_pipe_is_private_and_a_redirected_file_is_what_it_is() {
    let house = House::new(0o644);
    house.does(&format!(
        "cat error.log | $badgateway events -q - --out pipe {READ}"
    ));
    house.does(&format!(
        "$badgateway events -q - --out file {READ} <error.log"
    ));
    house.does(&format!(
        "umask 077; $badgateway events -q error.log --out strict {READ}"
    ));
    let mode = |name| fs::metadata(house.path(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(
        [mode("pipe"), mode("file"), mode("strict")],
        [0o640, 0o644, 0o600]
    );
}

#[test]
fn nothing_is_written_behind_a_link_that_leads_out_of_the_dataset() {
    let house = House::new(0o644);
    fs::create_dir(house.path("elsewhere")).unwrap();
    fs::write(house.path("precious"), "precious").unwrap();
    let aggregate = format!("$badgateway aggregate -q error.log --out dataset {READ}");
    for (link, target) in [
        ("hourly", "elsewhere"),
        ("hourly", "nowhere"),
        (".commit.lock", "precious"),
    ] {
        fs::create_dir(house.path("dataset")).unwrap();
        let at = house.path("dataset").join(link);
        symlink(house.path(target), &at).unwrap();
        let output = house.sh(&aggregate);
        let words = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{link} {words}");
        assert!(
            words.starts_with(&format!("badgateway: dataset/{link}: ")),
            "{words}"
        );
        assert_eq!(fs::read_dir(house.path("elsewhere")).unwrap().count(), 0);
        assert_eq!(
            fs::read_to_string(house.path("precious")).unwrap(),
            "precious"
        );
        assert!(!house.path("nowhere").exists() && at.is_symlink());
        fs::remove_dir_all(house.path("dataset")).unwrap();
    }
    // The table of incidents is made anew of the rows, which are there.
    fs::create_dir(house.path("dataset")).unwrap();
    symlink(house.path("elsewhere"), house.path("dataset/incidents")).unwrap();
    assert_eq!(house.sh(&aggregate).status.code(), Some(1));
    assert_eq!(fs::read_dir(house.path("elsewhere")).unwrap().count(), 0);
    // A link to the dataset itself is the operator's, and one within it leads nowhere else.
    fs::remove_dir_all(house.path("dataset")).unwrap();
    symlink("elsewhere", house.path("dataset")).unwrap();
    fs::create_dir(house.path("elsewhere/rows")).unwrap();
    symlink("rows", house.path("elsewhere/hourly")).unwrap();
    house.does(&aggregate);
    assert_eq!(
        fs::read_dir(house.path("elsewhere/rows")).unwrap().count(),
        1
    );
}

/// All that is made of a log, as text as far as it is some.
fn all_that_is_made(house: &House, how: &str) -> String {
    let mut all = String::new();
    all += &house.does(&format!("$badgateway events -q error.log {how} {READ}"));
    all += &house.does(&format!(
        "$badgateway events -q error.log --format csv {how} {READ}"
    ));
    for format in ["terminal", "html", "markdown", "json"] {
        all += &house.does(&format!(
            "$badgateway report -q error.log -v --format {format} {how} {READ}"
        ));
    }
    house.does(&format!(
        "$badgateway aggregate -q error.log --out dataset {how} {READ}"
    ));
    all += &house.does("$badgateway export --dataset dataset --format csv");
    all += &house.does("$badgateway report --dataset dataset -v");
    all
}

#[test]
fn no_clients_address_is_told_of_anonymous_logs() {
    for (how, told) in [
        ("", true),
        ("--anonymize", false),
        ("--anonymize=cut", false),
        ("--anonymize=drop", false),
    ] {
        let house = House::new(0o644);
        // One that nobody knows the class of, and one whose time does not exist, are shown.
        let odd = record(CLIENT).replace("connect() failed (111: Connection refused)", "odd thing");
        let never = record(CLIENT).replace("11/01", "11/31");
        let six = record("2001:db8:1:2::17");
        let log = [record(CLIENT), odd, never, six].concat();
        fs::write(house.path("error.log"), log).unwrap();
        let all = all_that_is_made(&house, how);
        assert_eq!(all.contains(CLIENT), told, "{how}\n{all}");
        assert_eq!(all.contains("2001:db8:1:2"), told, "{how}");
        let is_cut = how == "--anonymize" || how == "--anonymize=cut";
        assert_eq!(all.contains("client: 192.0.2.0, "), is_cut, "{how}");
        assert_eq!(all.contains("2001:db8:1::"), is_cut, "{how}");
        assert_eq!(
            all.contains("client: -, "),
            how == "--anonymize=drop",
            "{how}"
        );
    }
}

#[test]
fn clients_of_a_network_are_one() {
    let house = House::new(0o644);
    let log: String = (1..100)
        .map(|number| record(&format!("192.0.2.{number}")))
        .collect();
    fs::write(house.path("error.log"), log).unwrap();
    for (how, clients) in [("", 99), ("--anonymize", 1), ("--anonymize=drop", 0)] {
        let report = house.does(&format!(
            "$badgateway report error.log --format json {how} {READ}"
        ));
        let report: serde_json::Value = serde_json::from_str(&report).unwrap();
        assert_eq!(report["totals"]["clients"], clients, "{how}");
        assert_eq!(report["totals"]["failures"], 99, "{how}");
    }
}

/// The group of those who may read logs on Debian.
const ADM: u32 = 4;
const NOBODY: u32 = 65_534;

#[test]
#[ignore = "needs root; tests/all runs it"]
fn an_unprivileged_user_of_the_group_adm_can_do_it_on_a_machine_that_nobody_may_write_to() {
    let house = House::new(0o640);
    chown(house.path("error.log"), Some(0), Some(ADM)).unwrap();
    fs::create_dir(house.path("state")).unwrap();
    chown(house.path("state"), Some(NOBODY), Some(NOBODY)).unwrap();
    house.does("true");
    // Everything is read-only but for the state's own folder.
    let unprivileged = |line: &str| {
        let user =
            format!("setpriv --reuid {NOBODY} --regid {NOBODY} --groups {ADM} --no-new-privs");
        let shell = format!(
            "mount --make-rprivate / && mount --bind state state && mount -o remount,bind,ro,nosuid / && \
             cd \"$PWD\" && exec {user} sh -c '{line}'"
        );
        let output = Command::new("unshare")
            .args(["--mount", "sh", "-c", &shell])
            .env("badgateway", house.path("program"))
            .current_dir(house.0.path())
            .output()
            .unwrap();
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), words)
    };
    let aggregate = format!("$badgateway aggregate -q error.log --out state/dataset {READ}");
    assert_eq!(unprivileged(&aggregate), (Some(0), String::new()));
    assert_eq!(modes(&house.path("state/dataset/hourly")), [0o640]);
    let compact = "$badgateway compact -q --dataset state/dataset";
    assert_eq!(unprivileged(compact), (Some(0), String::new()));
    let report =
        format!("$badgateway report error.log --out state/report.html --format html {READ}");
    assert_eq!(unprivileged(&report), (Some(0), String::new()));
    // Where it may not write it says so.
    let (code, words) = unprivileged(&format!(
        "$badgateway aggregate -q error.log --out /var/lib/dataset {READ}"
    ));
    assert_eq!(code, Some(2), "{words}");
    assert!(
        words.contains("/var/lib/dataset/hourly: cannot be used: "),
        "{words}"
    );
    let (code, words) = unprivileged(&format!(
        "$badgateway report error.log --out /report {READ}"
    ));
    assert_eq!(code, Some(2), "{words}");
    assert!(words.contains("/report: cannot be written: "), "{words}");
    // And what it may not read.
    fs::set_permissions(house.path("error.log"), fs::Permissions::from_mode(0o600)).unwrap();
    let (code, words) = unprivileged(&aggregate);
    assert_eq!(code, Some(2), "{words}");
    assert!(
        words.contains("error.log: cannot be opened: Permission denied"),
        "{words}"
    );
}
