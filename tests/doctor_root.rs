//! `doctor` through the program, on machines in a folder. What it finds on real ones is in `tests/doctor/`.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

const CONF: &str = "http {\n    server {\n        location / {\n            fastcgi_pass unix:/run/php/php7.4-fpm.sock;\n        }\n    }\n}\n";
const POOL: &str = "[www]\nlisten = /run/php/php8.2-fpm.sock\npm.max_children = 5\n";
const LOG: &str = "2026/11/01 09:15:02 [crit] 12#12: *23 connect() to unix:/run/php/php7.4-fpm.sock failed (2: No such file or directory) while connecting to upstream, client: 192.0.2.1, server: a, request: \"GET / HTTP/1.1\", upstream: \"fastcgi://unix:/run/php/php7.4-fpm.sock:\", host: \"a\"\n";

fn machine(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn php(conf: &str) -> TempDir {
    machine(&[
        ("etc/nginx/nginx.conf", conf),
        (
            "etc/php/8.2/fpm/php-fpm.conf",
            "include=/etc/php/8.2/fpm/pool.d/*.conf\n",
        ),
        ("etc/php/8.2/fpm/pool.d/www.conf", POOL),
        ("error.log", LOG),
    ])
}

fn doctor(root: &Path, args: &[&str]) -> Output {
    let mut badgateway = Command::new(env!("CARGO_BIN_EXE_badgateway"));
    badgateway.arg("doctor").arg("--root").arg(root).args(args);
    badgateway.output().unwrap()
}

fn words(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

#[test]
fn ends_with_status_1_and_the_fix_where_something_is_wrong() {
    let root = php(CONF);
    let log = root.path().join("error.log");
    let output = doctor(root.path(), &[log.to_str().unwrap()]);
    let words = words(&output);
    assert_eq!(output.status.code(), Some(1), "{words}");
    assert!(words.starts_with("1 finding: 1 critical\n"), "{words}");
    assert!(
        words.contains("1 event (socket_missing) in the log"),
        "{words}"
    );
    assert!(
        words.contains("+ fastcgi_pass unix:/run/php/php8.2-fpm.sock;"),
        "{words}"
    );
    assert!(
        words.contains("processes and sockets: /proc is not to be seen"),
        "{words}"
    );
    let json = doctor(root.path(), &["--format", "json"]);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["findings"][0]["check"], "pool_missing");
    assert_eq!(json["findings"][0]["fix"][0]["line"], 4);
    assert_eq!(json["looked_at"]["live"], false);
}

#[test]
fn ends_with_status_0_where_nothing_is_wrong() {
    let root = php(&CONF.replace("php7.4", "php8.2"));
    let output = doctor(root.path(), &[]);
    assert_eq!(output.status.code(), Some(0), "{}", words(&output));
    assert!(output.stderr.is_empty());
}

#[test]
fn ends_with_status_2_where_it_could_not_look() {
    let root = machine(&[("etc/hosts", "")]);
    let output = doctor(root.path(), &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(words(&output).contains("no configuration of NGINX was found"));
    let root = php(&CONF.replace("php7.4", "php8.2"));
    let output = doctor(root.path(), &["/nowhere/error.log"]);
    assert_eq!(output.status.code(), Some(2), "{}", words(&output));
    assert!(words(&output).contains("/nowhere/error.log"));
    let output = doctor(root.path(), &["--nginx-conf", "/etc/gone.conf"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        words(&output).contains("/etc/gone.conf: cannot be read"),
        "{}",
        words(&output)
    );
}

#[test]
fn what_a_central_log_says_of_others_is_no_evidence() {
    let root = php(CONF);
    let log = root.path().join("error.log");
    fs::write(&log, format!("Nov  1 09:15:02 web7 nginx: {LOG}")).unwrap();
    let output = doctor(root.path(), &[log.to_str().unwrap()]);
    assert!(
        words(&output).contains("1 event of other machines left out"),
        "{}",
        words(&output)
    );
    assert!(
        !words(&output).contains("in the log, the last at"),
        "{}",
        words(&output)
    );
    let output = doctor(
        root.path(),
        &[log.to_str().unwrap(), "--host", "web7.example"],
    );
    assert!(
        words(&output).contains("in the log, the last at"),
        "{}",
        words(&output)
    );
}

#[test]
fn strangers_who_write_configurations_do_not_act_on_the_terminal() {
    let root = php(&CONF.replace("php7.4-fpm.sock", "php7.4-fpm.sock\x1b[31m"));
    let output = doctor(root.path(), &[]);
    assert!(!output.stdout.contains(&0x1b), "{}", words(&output));
}

#[test]
fn limits_that_clients_meet_are_found_as_well() {
    let root = php(&CONF.replace("php7.4", "php8.2"));
    let log = root.path().join("error.log");
    let lines = "2099/11/01 09:15:02 [alert] 12#12: 512 worker_connections are not enough\n\
                 2099/11/01 09:15:02 [crit] 12#12: accept4() failed (24: Too many open files)\n";
    fs::write(&log, lines).unwrap();
    let output = doctor(root.path(), &[log.to_str().unwrap()]);
    let words = words(&output);
    assert!(words.contains("[worker_connections]"), "{words}");
    assert!(words.contains("[open_files]"), "{words}");
}
