//! The report through the program, in each format that is text: for people, for chats, for programs.

mod dated;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use badgateway::render::report::JSON_SCHEMA;
use serde_json::Value;
use tempfile::TempDir;

/// A pool, a site, a request and a client of which each tries to do something.
const HOSTILE: &[u8] = b"2026/11/01 09:15:02 [error] 12#12: *23 connect() failed (111: Connection refused) while \
    connecting to upstream, client: 192.0.2.1, server: <img src=x onerror=alert(1)>, request: \"GET \
    /<script>alert(1)</script>|*x*~~y~~www.evil.example\x1b[31m\xc2\x9b2J HTTP/1.1\", upstream: \
    \"http://root|<b>\x1b]0;x\x07:80/\", host: \"=cmd|' /C calc'!A0\"\n";

fn report(arguments: &[&str]) -> Output {
    badgateway()
        .args(["report", "--no-discover", "--timezone", "UTC"])
        .args(arguments)
        .output()
        .unwrap()
}

/// Without what the environment of the tests says about terminals.
fn badgateway() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_badgateway"));
    for name in [
        "NO_COLOR",
        "CLICOLOR",
        "CLICOLOR_FORCE",
        "LC_ALL",
        "LC_CTYPE",
        "TERM",
    ] {
        command.env_remove(name);
    }
    command.env("LANG", "C.UTF-8");
    command
}

fn stdout(output: Output) -> String {
    let words = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{words}");
    String::from_utf8(output.stdout).unwrap()
}

fn samples() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join("samples/*.log").display().to_string()
}

fn log(text: &[u8]) -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("error.log");
    fs::write(&path, text).unwrap();
    let path = path.display().to_string();
    (folder, path)
}

#[test]
fn the_json_of_logs_and_datasets_has_what_the_schema_tells_of_and_nothing_else() {
    let closed = "\"additionalProperties\": false, \"required\":";
    let strict = JSON_SCHEMA.replace("\"required\":", closed);
    let schema: Value = serde_json::from_str(&strict).unwrap();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let (_quiet, empty) = log(b"");
    let (house, hostile) = log(HOSTILE);
    let dataset = house.path().join("dataset").display().to_string();
    let samples = samples();
    let aggregate = badgateway()
        .args([
            "aggregate",
            "--no-discover",
            "--timezone",
            "UTC",
            "--out",
            &dataset,
            &samples,
        ])
        .output()
        .unwrap();
    assert_eq!(aggregate.status.code(), Some(0));
    let period = ["--since", "2026-11-25 22:00", "--until", "2026-11-26"];
    for arguments in [
        &[samples.as_str()][..],
        &[&empty],
        &[&hostile],
        &["--dataset", &dataset],
        &[&[samples.as_str()][..], &period].concat(),
        &[&["--dataset", dataset.as_str()][..], &period].concat(),
    ] {
        let text = stdout(report(&[arguments, &["--format", "json"]].concat()));
        assert!(text.ends_with("}\n"));
        let report: Value = serde_json::from_str(&text).unwrap();
        let errors: Vec<String> = validator
            .iter_errors(&report)
            .map(|error| format!("{arguments:?}: {}: {error}", error.instance_path()))
            .collect();
        assert_eq!(errors, Vec::<String>::new());
        let is_compared = arguments.contains(&"--since");
        assert_eq!(report["change"].is_null(), !is_compared);
    }
}

#[test]
fn a_hostile_log_is_inert_in_every_format() {
    let (_house, hostile) = log(HOSTILE);
    for format in ["terminal", "markdown", "json"] {
        let text = stdout(report(&[&hostile, "--format", format]));
        let acts = |letter: char| letter != '\n' && letter.is_control();
        assert!(!text.contains(acts), "{text:?}");
        assert!(text.contains("<script>alert(1)</script>"), "{text}");
        assert!(text.contains("u{1b}") || text.contains("u001b"), "{text}");
    }
    let page = stdout(report(&[&hostile, "--format", "markdown"]));
    let mut options = comrak::Options::default();
    options.extension.table = true;
    options.extension.autolink = true;
    options.render.r#unsafe = true;
    let html = comrak::markdown_to_html(&page, &options);
    for tag in ["<script", "<img", "<b>", "<a ", "href"] {
        assert!(!html.contains(tag), "{tag}: {html}");
    }
    assert!(
        html.contains("&lt;script&gt;alert(1)&lt;/script&gt;|*x*~~y~~www.evil.example"),
        "{html}"
    );
}

#[test]
fn colour_is_for_terminals_and_for_who_asks_for_it() {
    let samples = samples();
    let with = |name: &str, value: &str| {
        let mut command = badgateway();
        command.args(["report", "--no-discover", &samples]);
        let output = command.env(name, value).output().unwrap();
        stdout(output).contains('\x1b')
    };
    assert!(!with("TERM", "xterm-256color"), "a pipe is no terminal");
    assert!(with("CLICOLOR_FORCE", "1"));
    let on_terminal = |variables: &str| {
        let program = env!("CARGO_BIN_EXE_badgateway");
        let line =
            format!("env -i TERM=xterm {variables} {program} report --no-discover {samples}");
        let script = Command::new("script")
            .args(["-qec", &line, "/dev/null"])
            .output()
            .unwrap();
        stdout(script)
    };
    let coloured = on_terminal("LANG=C.UTF-8");
    assert!(coloured.contains("\x1b[31m"), "{coloured}");
    assert!(coloured.contains('█'), "{coloured}");
    assert!(!on_terminal("NO_COLOR=1").contains('\x1b'));
    assert!(!on_terminal("TERM=dumb").contains('\x1b'));
}

#[test]
fn where_the_locale_is_not_utf_8_bars_are_ascii() {
    let (_folder, samples) = dated::samples();
    let run = |arguments: &[&str], locale: &str| {
        let mut command = badgateway();
        command.args(["report", "--no-discover"]).args(arguments);
        stdout(
            command
                .arg(&samples)
                .env("LC_ALL", locale)
                .output()
                .unwrap(),
        )
    };
    assert!(run(&[], "C.UTF-8").contains('█'));
    for text in [
        run(&[], "C"),
        run(&["--ascii"], "C.UTF-8"),
        run(&["--ascii", "-v"], "C.UTF-8"),
    ] {
        let odd: String = text.chars().filter(|letter| !letter.is_ascii()).collect();
        assert_eq!(odd, "", "{text}");
        assert!(
            text.contains("\nFAILURES OVER TIME, 2 h a character"),
            "{text}"
        );
        assert!(text.contains("#......"), "{text}");
    }
}

#[test]
fn verbose_shows_every_pool() {
    let quiet = stdout(report(&[&samples()]));
    let verbose = stdout(report(&["-v", &samples()]));
    assert!(quiet.lines().count() < 100, "{quiet}");
    assert!(quiet.contains(" more pools\n"), "{quiet}");
    assert!(!verbose.contains(" more pools\n"), "{verbose}");
    assert!(verbose.lines().count() > 400, "{verbose}");
}
