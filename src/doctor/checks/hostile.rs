//! Configurations that were written to harm who follows a fix.

use std::process::Command;

use super::machine::{Machine, POOL_FILE, SITE_FILE};
use crate::doctor::finding::{Finding, Step};
use crate::taxonomy::Class;

/// Texts that are more than a name to a shell, to NGINX, to PHP-FPM or to a terminal.
const HOSTILE: &[&str] = &[
    "$(touch pwned)",
    "`touch pwned`",
    "a; touch pwned #",
    "a & touch pwned &",
    "a' ; touch pwned ; '",
    "a\\'; touch pwned; \\'",
    "-rf",
    "a\u{1b}]0;pwned\u{7}",
    "a\u{202e}b",
];

/// Lets a shell do all commands, where no program is to be found but `touch`.
fn paste(findings: &[Finding]) {
    for step in findings.iter().flat_map(|finding| &finding.fix) {
        let Step::Run { command } = step else {
            continue;
        };
        let folder = tempfile::tempdir().unwrap();
        let stubs = "touch() { : > pwned; }; kill() { :; }; command_not_found_handle() { :; }\n";
        let status = Command::new("/bin/bash")
            .args(["--norc", "-c", &format!("{stubs}{command}")])
            .current_dir(folder.path())
            .env("PATH", "/nowhere")
            .status()
            .unwrap();
        assert!(status.success(), "{command}");
        let left = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(left, 0, "{command}");
        assert!(
            !command.contains(|letter: char| letter.is_control() || letter == '\u{202e}'),
            "{command:?}"
        );
    }
}

/// A fix that writes a text writes no more than a word of it.
fn written(findings: &[Finding], hostile: &str) {
    for step in findings.iter().flat_map(|finding| &finding.fix) {
        let text = match step {
            Step::Edit { old, new, .. } if !old.contains(hostile) => new,
            Step::Insert { new, .. } => new,
            Step::Create { text, .. } => text,
            _ => continue,
        };
        // What begins an option does no harm inside a path.
        let is_inside = hostile.starts_with('-') && text.contains(&format!("/{hostile}"));
        assert!(is_inside || !text.contains(hostile), "{step:?}");
    }
}

fn judge(machine: &Machine, hostile: &str) {
    let findings = machine.findings();
    paste(&findings);
    written(&findings, hostile);
}

/// As a word of NGINX's or PHP-FPM's.
fn in_quotes(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[test]
fn sockets_with_hostile_names() {
    for hostile in HOSTILE {
        let path = format!("/run/php/{hostile}.sock");
        let pass = in_quotes(&format!("unix:{path}"));
        let mut machine = Machine::healthy();
        // Nobody's, then one that is closed, then a pool's.
        machine.edit(SITE_FILE, "unix:/run/php/shop.sock", &pass);
        judge(&machine, hostile);
        machine.socket(&path, 0o600);
        let findings = machine.findings();
        let is_denied = findings
            .iter()
            .any(|finding| finding.check == "socket_denied");
        // A blank ends a path in what reads /proc/net/unix.
        assert!(is_denied || hostile.contains(' '), "{findings:#?}");
        judge(&machine, hostile);
        machine.edit(POOL_FILE, "/run/php/$pool.sock", &in_quotes(&path));
        judge(&machine, hostile);
        // NGINX names another one, and is to be led there.
        machine.edit(SITE_FILE, &pass, "unix:/run/other/shop.sock");
        judge(&machine, hostile);
    }
}

#[test]
fn a_pool_with_a_hostile_name() {
    for hostile in HOSTILE {
        let mut machine = Machine::healthy();
        machine.edit(POOL_FILE, "[shop]", &format!("[{hostile}]"));
        machine.edit(POOL_FILE, "$pool", "shop");
        machine.log(Class::BacklogFull, "unix:/run/php/shop.sock", 9);
        judge(&machine, hostile);
        machine.remove("/run/php/shop.sock");
        judge(&machine, hostile);
        machine.kill("php-fpm: ");
        machine.deafen("/run/php/shop.sock");
        judge(&machine, hostile);
    }
}

#[test]
fn accounts_and_hosts_with_hostile_names() {
    for hostile in HOSTILE.iter().filter(|text| !text.contains(':')) {
        let mut machine = Machine::healthy();
        machine.edit("/etc/passwd", "www-data", hostile);
        machine.edit("/etc/group", "www-data", hostile);
        machine.mode("/run/php/shop.sock", 0o600);
        assert!(!machine.findings().is_empty());
        judge(&machine, hostile);
        let mut machine = Machine::healthy();
        let pass = in_quotes(&format!("{hostile}:9000"));
        machine.edit(SITE_FILE, "unix:/run/php/shop.sock", &pass);
        machine
            .known
            .names
            .insert((*hostile).to_owned(), Vec::new());
        machine.file("/etc/hosts", &format!("127.0.0.1 {hostile}x\n"));
        judge(&machine, hostile);
    }
}

#[test]
fn processes_with_hostile_titles() {
    let mut machine = Machine::healthy();
    machine.retitle(
        "nginx: master process",
        "nginx: master process nginx -p /srv/$(touch${IFS}pwned) -c /etc/nginx/nginx.conf;touch",
    );
    machine.mode("/run/php/shop.sock", 0o600);
    judge(&machine, "touch");
    let mut machine = Machine::healthy();
    std::fs::remove_dir_all(machine.at("/run/systemd")).unwrap();
    machine.retitle(
        "nginx: master process",
        "nginx: master process nginx -p /srv/$(touch${IFS}pwned);touch${IFS}pwned -c /etc/nginx/nginx.conf",
    );
    machine.edit(SITE_FILE, "shop.sock", "shpo.sock");
    let finding = machine.only("pool_missing");
    assert!(format!("{finding:?}").contains("-p '/srv/"), "{finding:#?}");
    judge(&machine, "touch");
}

#[test]
fn a_php_version_with_a_hostile_name() {
    for hostile in ["$(touch pwned)", "8.2&touch pwned&"] {
        let mut machine = Machine::with_fpm_at(
            &format!("/etc/php/{hostile}/fpm/php-fpm.conf"),
            &format!("/etc/php/{hostile}/fpm/pool.d/shop.conf"),
        );
        machine.file(
            &format!("/lib/systemd/system/php{hostile}-fpm.service"),
            "[Install]\n",
        );
        assert!(!machine.findings().is_empty());
        judge(&machine, hostile);
        machine.kill("php-fpm: ");
        machine.deafen("/run/php/shop.sock");
        let findings = machine.findings();
        let stopped = findings
            .iter()
            .any(|finding| finding.check == "fpm_stopped");
        assert!(stopped, "{findings:#?}");
        judge(&machine, hostile);
    }
}
