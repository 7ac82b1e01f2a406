use std::fs;
use std::path::Path;
use std::process::Command;

/// What is looked at; `checks.mjs` says how.
#[derive(Debug, Clone, Copy)]
pub enum Check {
    Layout,
    Print,
    Scriptless,
    Use,
    Hostile,
}

/// What is wrong with a page, a line each.
pub fn look(check: Check, page: &str) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.html");
    fs::write(&file, page).unwrap();
    let output = Command::new("node")
        .arg(root.join("tests/page/open.mjs"))
        .arg(format!("{check:?}").to_lowercase())
        .arg(&file)
        .env(
            "BADGATEWAY_NODE_MODULES",
            root.join("target/page/node_modules"),
        )
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(words.is_empty(), "{words}");
    let said = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<String> = said.lines().map(str::to_owned).collect();
    assert_eq!(output.status.success(), lines.is_empty(), "{said}");
    lines
}
