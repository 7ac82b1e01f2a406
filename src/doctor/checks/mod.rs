//! The checks, one subject per file. Each looks for one thing that is wrong, and finds nothing on a
//! healthy machine.

mod children;
mod files;
mod fpm;
mod keepalive;
mod limits;
mod names;
mod nginx;
mod pools;
mod ports;
mod settings;
mod sockets;
mod timeouts;
mod upstreams;

#[cfg(test)]
mod hostile;
#[cfg(test)]
pub(super) mod machine;

use std::collections::BTreeSet;

use crate::render::{count, plural};
use crate::taxonomy::Class;

use super::backends::Backend;
use super::finding::{Finding, Severity};
use super::logged::Seen;
use super::reach::Fault;
use super::steps;
use super::subject::Subject;

/// One thing to look for.
#[derive(Debug, Clone, Copy)]
pub struct Check {
    /// Its name in findings.
    pub name: &'static str,
    /// What it looks for.
    pub looks_for: &'static str,
    run: fn(&Subject<'_>) -> Vec<Finding>,
}

impl Check {
    /// What is wrong in this respect.
    pub fn run(&self, subject: &Subject<'_>) -> Vec<Finding> {
        let mut findings = (self.run)(subject);
        for finding in &mut findings {
            finding.fix = steps::ordered(std::mem::take(&mut finding.fix));
        }
        findings
    }
}

macro_rules! checks {
    ($($name:literal $run:path, $looks_for:literal;)+) => {
        /// All checks.
        pub const CHECKS: &[Check] = &[
            $(Check { name: $name, looks_for: $looks_for, run: $run }),+
        ];
    };
}

checks! {
    "config_broken" files::broken, "a configuration that its program would refuse";
    "name_unresolved" names::unresolved, "a name stands for no address";
    "nginx_stopped" nginx::stopped, "NGINX does not run";
    "not_loaded" nginx::not_loaded, "NGINX runs with an older configuration";
    "fpm_stopped" fpm::stopped, "a PHP-FPM that NGINX needs does not run";
    "pool_not_running" fpm::pool_not_running, "a PHP-FPM runs without a pool of its configuration";
    "not_enabled" fpm::not_enabled, "a service that is needed is not started at boot";
    "pool_missing" pools::missing, "NGINX passes requests to an address on which no pool listens";
    "pool_unused" pools::unused, "a pool gets no requests";
    "socket_missing" sockets::missing, "a unix socket's file is gone";
    "not_a_socket" sockets::not_a_socket, "another file is in the place of a unix socket";
    "socket_stale" sockets::stale, "a unix socket's file is left of a service that has ended";
    "socket_denied" sockets::denied, "NGINX's workers may not connect to a unix socket";
    "port_closed" ports::closed, "nothing listens on a port";
    "localhost_two_addresses" ports::two_addresses, "a name stands for two addresses, and on one nothing listens";
    "selinux" ports::selinux, "SELinux does not let NGINX connect to the network";
    "resolver_missing" names::resolver_missing, "names are to be resolved at run time, and no resolver is configured";
    "terminate_before_read_timeout" timeouts::terminate_first, "PHP-FPM kills requests that NGINX would wait for";
    "read_timeout_before_terminate" timeouts::read_timeout_first, "PHP-FPM goes on with requests that NGINX has given up";
    "execution_time" timeouts::execution_time, "scripts may run longer than NGINX waits";
    "chained_timeouts" timeouts::chained, "an outer NGINX gives up before an inner one";
    "cdn_timeout" timeouts::cdn, "NGINX waits longer than Cloudflare in front of it";
    "too_few_children" children::too_few, "a pool has too few processes for its load";
    "backlog_cut" children::backlog_cut, "the kernel allows a shorter queue than a pool asks for";
    "worker_connections" limits::worker_connections, "NGINX runs out of connections";
    "open_files" limits::open_files, "NGINX runs out of file descriptors";
    "keepalive_timeout" keepalive::timeout, "NGINX keeps connections that the backend closes";
    "keepalive_children" keepalive::children, "idle connections occupy the processes of a pool";
    "all_down" upstreams::all_down, "an upstream block has no server that may be used";
    "single_server" upstreams::single_server, "max_fails is set where it has no effect";
}

/// The faults that `pick` is about, with the backends that have them.
fn faults<'s, 'a, T>(
    subject: &'s Subject<'a>,
    pick: impl Fn(&'s Fault<'a>) -> Option<T>,
) -> impl Iterator<Item = (&'s Backend<'a>, T)> {
    subject
        .faults
        .iter()
        .filter_map(move |(at, fault)| Some((&subject.backends[*at], pick(fault)?)))
}

/// How bad it is that a backend cannot be reached: not so bad where another one steps in.
fn severity(subject: &Subject<'_>, backend: &Backend<'_>) -> Severity {
    let is_replaced = backend.uses.iter().all(|of| {
        let Some(block) = of.upstream else {
            return false;
        };
        let mut mates = subject.backends.iter().enumerate().filter(|(_, other)| {
            other.nginx == backend.nginx
                && other.uses.iter().any(|of| of.upstream == Some(block))
                && other.address != backend.address
        });
        mates.any(|(at, _)| !subject.is_broken(at))
    });
    if is_replaced {
        Severity::Warning
    } else {
        Severity::Critical
    }
}

/// What there is to say of every backend that cannot be reached; title and fix are the check's.
fn unreached(
    subject: &Subject<'_>,
    backend: &Backend<'_>,
    check: &'static str,
    classes: &[Class],
    seen: impl IntoIterator<Item = String>,
) -> Finding {
    let mut evidence = passes(backend);
    evidence.extend(seen);
    let events = seen_at(subject, backend, classes);
    evidence.extend(events.map(|events| counted(subject, &events)));
    Finding {
        check,
        severity: severity(subject, backend),
        title: String::new(),
        evidence,
        consequence: format!(
            "what {} passes there gets 502 Bad Gateway",
            sites(subject, backend)
        ),
        places: backend.places(),
        classes: classes.to_vec(),
        fix: Vec::new(),
    }
}

/// What follows where the backend is a PHP-FPM.
fn pages_fail(sites: &str) -> String {
    format!("every PHP page of {sites} gets 502 Bad Gateway")
}

/// Where NGINX passes requests to a backend.
fn passes(backend: &Backend<'_>) -> Vec<String> {
    few(backend.uses.iter().map(|of| of.directive.to_string()))
}

/// More lines of one kind are not shown; [`Finding::places`] has all places.
const LINES_SHOWN: usize = 5;

/// The first few lines, each once.
fn few(lines: impl Iterator<Item = String>) -> Vec<String> {
    let mut lines: Vec<String> = lines.collect();
    lines.dedup();
    let more = lines.len().saturating_sub(LINES_SHOWN);
    if more > 0 {
        lines.truncate(LINES_SHOWN);
        lines.push(format!("{} more like these", count(more as u64)));
    }
    lines
}

/// The events of a backend.
fn seen_at(subject: &Subject<'_>, backend: &Backend<'_>, classes: &[Class]) -> Option<Seen> {
    subject.seen_at(&backend.address, classes, None)
}

/// `214 events (socket_missing) in the log, the last at 2026-11-26 09:15:02`
fn counted(subject: &Subject<'_>, seen: &Seen) -> String {
    let names: Vec<_> = seen.classes.iter().map(|class| class.name()).collect();
    format!(
        "{} ({}) in the log, the last at {}",
        plural(seen.events, "event"),
        names.join(", "),
        subject.logged.time(seen.last)
    )
}

/// The sites that pass requests to a backend: `shop.example, www.shop.example`.
fn sites(subject: &Subject<'_>, backend: &Backend<'_>) -> String {
    let names: BTreeSet<&str> = backend
        .uses
        .iter()
        .filter_map(|of| subject.pass(backend, of).scope.find("server_name"))
        .flat_map(|names| names.args.iter().map(String::as_str))
        .filter(|&name| name != "_" && !name.is_empty())
        .collect();
    if names.is_empty() {
        return "this site".to_owned();
    }
    some(&names.into_iter().collect::<Vec<_>>())
}

/// The first few names: `a, b, c and 4 more`.
fn some(names: &[impl AsRef<str>]) -> String {
    let shown: Vec<_> = names.iter().take(3).map(AsRef::as_ref).collect();
    match names.len() - shown.len() {
        0 => shown.join(", "),
        more => format!("{} and {} more", shown.join(", "), count(more as u64)),
    }
}

#[cfg(test)]
mod tests {
    use super::machine::{Machine, POOL_FILE, SITE_FILE};
    use super::*;

    #[test]
    fn a_healthy_machine_has_no_finding() {
        assert_eq!(Machine::healthy().findings(), []);
    }

    #[test]
    fn no_two_checks_have_one_name() {
        let mut names: Vec<_> = CHECKS.iter().map(|check| check.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), CHECKS.len());
    }

    #[test]
    fn a_backend_with_a_mate_is_not_so_grave() {
        let mut machine = Machine::healthy();
        machine.edit(SITE_FILE, "unix:/run/php/shop.sock", "shop");
        machine.file(
            "/etc/nginx/sites-enabled/a",
            "upstream shop {\n    server unix:/run/php/shop.sock;\n    server 127.0.0.1:9001;\n}\n",
        );
        machine.edit(POOL_FILE, "pm = dynamic", "pm = static");
        let finding = machine.only("port_closed");
        assert_eq!(finding.severity, Severity::Warning);
    }

    #[test]
    fn a_backend_of_many_sites_is_shown_by_a_few() {
        let mut machine = Machine::healthy();
        for site in 0..40 {
            machine.file(
                &format!("/etc/nginx/sites-enabled/{site}"),
                "server {\n    location / {\n        fastcgi_pass unix:/run/php/shop.sock;\n    }\n}\n",
            );
        }
        machine.remove("/run/php/shop.sock");
        let finding = machine.only("socket_missing");
        assert_eq!(finding.places.len(), 41);
        assert!(finding.evidence.len() < 10, "{:#?}", finding.evidence);
        assert!(finding.evidence.contains(&"36 more like these".to_owned()));
    }
}
