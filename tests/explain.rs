//! `explain` through the program.

use std::process::{Command, Output};

fn explain(args: &[&str]) -> Output {
    let mut badgateway = Command::new(env!("CARGO_BIN_EXE_badgateway"));
    badgateway.arg("explain").args(args).output().unwrap()
}

fn text(args: &[&str]) -> String {
    let output = explain(args);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn json(args: &[&str]) -> serde_json::Value {
    serde_json::from_str(&text(&[args, &["--format", "json"]].concat())).unwrap()
}

fn names(list: &serde_json::Value) -> Vec<&str> {
    let list = list.as_array().unwrap().iter();
    list.map(|class| class["class"].as_str().unwrap()).collect()
}

#[test]
fn every_class_of_the_list_is_explained_in_every_format() {
    let list = json(&[]);
    let names = names(&list);
    assert_eq!(names.len(), 44);
    for name in names {
        let explained = json(&[name]);
        assert_eq!(explained["class"], name);
        let causes = explained["causes"].as_array().unwrap();
        assert!(causes.len() >= 2, "{name}");
        // Every setting that is named comes with its default and its documentation.
        let settings = explained["settings"].as_array().unwrap();
        assert_eq!(
            settings.len(),
            explained["directives"].as_array().unwrap().len(),
            "{name}"
        );
        assert!(
            settings
                .iter()
                .all(|setting| setting["default"].is_string()),
            "{name}"
        );
        let terminal = text(&[name]);
        let markdown = text(&[name, "--format", "markdown"]);
        assert!(terminal.starts_with(name) && markdown.starts_with(&format!("# {name}\n")));
        for cause in causes {
            let command = cause["confirm"].as_str().unwrap();
            assert!(markdown.contains(command), "{name}: {command}");
            let whole = terminal.replace("\\\n", "");
            let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(words(&whole).contains(&words(command)), "{name}: {command}");
        }
    }
}

#[test]
fn a_status_stands_for_the_classes_that_end_with_it() {
    let list = json(&["504"]);
    assert_eq!(
        names(&list),
        [
            "connect_timeout",
            "tls_handshake_timeout",
            "send_timeout",
            "response_timeout"
        ]
    );
    let markdown = text(&["504", "--format", "markdown"]);
    assert_eq!(markdown.lines().count(), 2 + 4);
}

#[test]
fn fails_with_the_nearest_name_for_a_class_that_there_is_not() {
    let output = explain(&["conect_refused"]);
    assert_eq!(output.status.code(), Some(2));
    let words = String::from_utf8(output.stderr).unwrap();
    assert!(words.contains("is connect_refused meant?"), "{words}");
    assert!(output.stdout.is_empty());
}

#[test]
fn classes_of_rules_are_explained_by_their_meaning() {
    let folder = tempfile::tempdir().unwrap();
    let rules = folder.path().join("rules.toml");
    std::fs::write(
        &rules,
        "[[rule]]\nname = 'shop_down'\nregex = 'x'\nkind = 'F'\nmeaning = 'call the shop'\n",
    )
    .unwrap();
    let rules = rules.to_str().unwrap();
    assert!(text(&["shop_down", "--rules", rules]).contains("Call the shop"));
    assert!(names(&json(&["--rules", rules])).contains(&"shop_down"));
}

#[test]
fn a_closed_pipe_is_a_quiet_success() {
    let badgateway = env!("CARGO_BIN_EXE_badgateway");
    let line = format!("set -o pipefail; {badgateway} explain response_timeout | true");
    let output = Command::new("bash").args(["-c", &line]).output().unwrap();
    assert_eq!(
        (output.status.code(), output.stderr.as_slice()),
        (Some(0), b"".as_slice())
    );
}
