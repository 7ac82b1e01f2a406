//! Reports as the program writes them.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::dated;
use crate::generator::week::{self as made, Settings};

fn report(arguments: &[&str], logs: &[&Path]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_badgateway"))
        .args([
            "report",
            "--format",
            "html",
            "--timezone",
            "UTC",
            "--no-discover",
        ])
        .args(arguments)
        .args(logs)
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(matches!(output.status.code(), Some(0 | 1)), "{words}");
    String::from_utf8(output.stdout).unwrap()
}

fn report_of(log: impl AsRef<[u8]>) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("error.log");
    fs::write(&path, log).unwrap();
    report(&[], &[&path])
}

pub fn samples() -> String {
    let (_samples, samples) = dated::samples();
    report(&[], &[Path::new(&samples)])
}

/// A quiet week with three outages, compared with the time before.
pub fn week() -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = |name| folder.path().join(name);
    let settings = Settings {
        rate: 0.05,
        ..Settings::default()
    };
    let mut log = Vec::new();
    made::write(&settings, |_, records| {
        log.extend_from_slice(records);
        Ok(())
    })
    .unwrap();
    fs::write(path("error.log"), log).unwrap();
    fs::write(path("nginx.conf"), made::nginx_conf()).unwrap();
    let conf = path("nginx.conf");
    report(
        &["--nginx-conf", conf.to_str().unwrap()],
        &[&path("error.log")],
    )
}

pub fn clean() -> String {
    report_of("2026/11/16 00:00:30 [notice] 1#1: signal process started\n")
}

/// Everything that a client or an upstream's name can put into a log tries to get out of where it stands.
pub fn hostile() -> String {
    let long = "long".repeat(400);
    let evil = [
        long.as_str(),
        "<script>globalThis.hacked=1</script>",
        "</title></style></script></svg></table><script>globalThis.hacked=1</script>",
        "<img src=x onerror=globalThis.hacked=1>",
        "' onmouseover='globalThis.hacked=1' autofocus onfocus='globalThis.hacked=1' tabindex='0",
        "<svg/onload=globalThis.hacked=1>",
        "--><!--]]><iframe srcdoc='<script>parent.hacked=1</script>'>",
        "\u{1b}]8;;javascript:globalThis.hacked=1\u{7}\u{202e}x\u{9b}",
    ];
    let mut log = String::new();
    for (at, evil) in evil.iter().enumerate() {
        for second in 0..20 {
            log += &format!(
                "2026/11/16 0{at}:00:{second:02} [error] 1#1: *{second} connect() failed (111: Connection refused) while \
                 connecting to upstream, client: {evil}, server: {evil}, request: \"GET /{evil} HTTP/1.1\", \
                 upstream: \"http://{evil}{at}:80/\", host: \"{evil}\", referrer: \"{evil}\"\n"
            );
        }
    }
    log += &"long".repeat(2_500);
    log += "\n";
    report_of(log)
}
