use std::path::PathBuf;

use crate::config::fpm::{Fpm, Pool};
use crate::taxonomy::Class;

use super::{counted, few, sites, some};
use crate::doctor::backends::Backend;
use crate::doctor::finding::{Finding, Severity, Step};
use crate::doctor::steps;
use crate::doctor::subject::Subject;

/// Nobody took the connection in time: the queue was full, or TCP tried again until it was too late.
const QUEUE_FULL: &[Class] = &[Class::BacklogFull, Class::ConnectTimeout];
/// The kernel's bound of a queue since Linux 5.4 (`net.core.somaxconn`), and what PHP-FPM takes since 8.2
/// where `listen.backlog` is not set.
const BACKLOG: u64 = 4096;
/// A queue that is shorter was cut on purpose, or by accident.
const SHORT: u64 = 511;
/// What a process of a PHP application takes, where none can be looked at.
const CHILD: u64 = 64 << 20;

pub(super) fn too_few(subject: &Subject<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for backend in &subject.backends {
        let Some((fpm, pool)) = subject.pools_at(&backend.address).into_iter().next() else {
            continue;
        };
        let since = subject.changed([&pool.place]);
        let seen = |classes| subject.seen_at(&backend.address, classes, since);
        let complaint = complaint(subject, fpm, pool);
        let waited = || {
            complaint
                .as_ref()
                .and_then(|_| seen(&[Class::ResponseTimeout]))
        };
        let full = seen(QUEUE_FULL);
        let is_full = full.is_some();
        let events = full.or_else(waited);
        if events.is_none() && complaint.is_none() {
            continue;
        }
        let severity = match events {
            Some(_) => Severity::Warning,
            None => Severity::Notice,
        };
        let counted = events.map(|seen| counted(subject, &seen));
        let mut evidence: Vec<String> = counted.into_iter().collect();
        evidence.extend(complaint);
        let trouble = if is_full {
            "its queue was full"
        } else {
            "all of them were busy"
        };
        let mut finding = finding(subject, backend, fpm, pool, trouble);
        finding.severity = severity;
        finding.evidence.splice(0..0, evidence);
        found.push(finding);
    }
    found
}

fn finding<'a>(
    subject: &Subject<'a>,
    backend: &Backend<'a>,
    fpm: &'a Fpm,
    pool: &'a Pool,
    trouble: &str,
) -> Finding {
    let children = pool.number("pm.max_children").unwrap_or(1);
    let mut lines = Vec::new();
    for key in ["pm", "pm.max_children", "listen.backlog"] {
        if let Some(setting) = pool.find(key) {
            lines.push(setting.to_string());
        }
    }
    let service = subject.fpm_service(fpm);
    let running: Vec<_> = match (&subject.system.processes, service.master()) {
        (Some(processes), Some(master)) => processes.fpm_children(master, &pool.name).collect(),
        _ => Vec::new(),
    };
    let resident: Vec<u64> = running.iter().filter_map(|child| child.resident).collect();
    let each = match resident
        .iter()
        .sum::<u64>()
        .checked_div(resident.len() as u64)
    {
        Some(mean) => mean.max(1 << 20),
        None => CHILD,
    };
    let wanted = (children * 2).max(10);
    let room = subject
        .system
        .available_memory()
        .map(|bytes| children + bytes / 2 / each);
    let proposed = room.map_or(wanted, |room| wanted.min(room));
    let mut fix = Vec::new();
    if let Some(backlog) = pool
        .number("listen.backlog")
        .filter(|&backlog| backlog < SHORT)
    {
        lines.push(format!("only {backlog} connections may wait"));
        let allowed = subject
            .system
            .sysctl("net/core/somaxconn")
            .unwrap_or(BACKLOG);
        fix.push(steps::setting(
            subject,
            pool,
            "listen.backlog",
            &allowed.max(SHORT).to_string(),
        ));
    }
    if proposed > children {
        lines.push(format!(
            "a process takes {} of memory",
            crate::render::bytes(each)
        ));
        fix.push(steps::setting(
            subject,
            pool,
            "pm.max_children",
            &proposed.to_string(),
        ));
        fix.push(Step::advise(format!(
            "{proposed} processes need up to {}; more does not help where they wait for a database or for each other: \
             request_slowlog_timeout = 5s and slowlog show for what",
            crate::render::bytes(each * proposed)
        )));
    } else {
        fix.push(Step::advise(
            "memory has no room for more processes: make the requests shorter (request_slowlog_timeout = 5s and slowlog show \
             where they wait), or give the machine more memory",
        ));
    }
    // A reload keeps the socket and its queue as they are.
    fix.push(Step::run(service.restart()));
    Finding {
        check: "too_few_children",
        severity: Severity::Warning,
        title: format!(
            "the pool {} is too small for its load: {children} processes, and {trouble}",
            pool.name
        ),
        evidence: lines,
        consequence: format!(
            "under load requests of {} get 502 Bad Gateway at once, or wait for long",
            sites(subject, backend)
        ),
        places: vec![pool.place.clone()],
        classes: vec![
            Class::BacklogFull,
            Class::ConnectTimeout,
            Class::ResponseTimeout,
        ],
        fix,
    }
}

/// What PHP-FPM's own log says of the pool since its configuration was changed.
pub(super) fn complaint(subject: &Subject<'_>, fpm: &Fpm, pool: &Pool) -> Option<String> {
    let changed = subject.changed([&pool.place]);
    let since = changed.map(|changed| subject.logged.local(changed));
    subject.complaints(fpm).of(&pool.name, since)
}

pub(super) fn backlog_cut(subject: &Subject<'_>) -> Vec<Finding> {
    let Some(allowed) = subject.system.sysctl("net/core/somaxconn") else {
        return Vec::new();
    };
    let cut = subject.pools().filter_map(|(_, pool)| {
        let setting = pool.find("listen.backlog")?;
        let asked: u64 = setting.value.parse().ok()?;
        (asked > allowed && subject.is_used(pool)).then_some((pool.name.as_str(), setting, asked))
    });
    let cut: Vec<_> = cut.collect();
    // There is one limit for all of them.
    let Some(asked) = cut.iter().map(|&(.., asked)| asked).max() else {
        return Vec::new();
    };
    let names: Vec<_> = cut.iter().map(|(name, ..)| name).collect();
    let (pools, ask) = match names.len() {
        1 => ("pool", "asks for a queue of"),
        _ => ("pools", "ask for queues of up to"),
    };
    let mut evidence = few(cut.iter().map(|(_, setting, _)| setting.to_string()));
    evidence.push(format!("net.core.somaxconn = {allowed}"));
    vec![Finding {
        check: "backlog_cut",
        severity: Severity::Notice,
        title: format!(
            "the {pools} {} {ask} {asked}, the kernel gives {allowed}",
            some(&names)
        ),
        evidence,
        consequence: "under load the queue is full earlier than the configuration says".to_owned(),
        places: cut
            .iter()
            .map(|(_, setting, _)| setting.place.clone())
            .collect(),
        classes: vec![Class::BacklogFull],
        fix: vec![
            Step::Create {
                file: PathBuf::from("/etc/sysctl.d/60-somaxconn.conf"),
                text: format!("net.core.somaxconn = {asked}\n"),
            },
            Step::run(format!("sysctl -w net.core.somaxconn={asked}")),
            Step::advise(
                "restart PHP-FPM afterwards: a socket keeps the queue with which it was made",
            ),
        ],
    }]
}

#[cfg(test)]
mod tests {
    use super::super::machine::{Machine, POOL_FILE};
    use super::*;

    const PEER: &str = "unix:/run/php/shop.sock";

    #[test]
    fn a_full_queue_asks_for_more_children() {
        let mut machine = Machine::healthy();
        machine.edit(
            POOL_FILE,
            "pm = dynamic",
            "listen.backlog = 2\npm = dynamic",
        );
        assert_eq!(machine.findings(), []);
        machine.file(
            "/var/log/php8.2-fpm.log",
            "[01-Jan-2100 09:00:00] WARNING: [pool shop] server reached pm.max_children setting (5), consider raising it\n",
        );
        machine.log(Class::BacklogFull, PEER, 9);
        let finding = machine.only("too_few_children");
        assert!(
            finding
                .evidence
                .iter()
                .any(|line| line.contains("reached pm.max_children")),
            "{:?}",
            finding.evidence
        );
        assert_eq!(
            machine.apply(&finding),
            ["php-fpm8.2 -t && systemctl restart php8.2-fpm"]
        );
        let pool = std::fs::read_to_string(machine.at(POOL_FILE)).unwrap();
        assert!(
            pool.contains("pm.max_children = 10\n") && pool.contains("listen.backlog = 4096\n"),
            "{pool}"
        );
    }

    #[test]
    fn events_before_the_last_change_do_not_count() {
        let mut machine = Machine::healthy();
        machine.log(Class::BacklogFull, PEER, 9);
        for row in &mut machine.rows {
            row.last_seen = crate::record::Moment(0);
        }
        assert_eq!(machine.findings(), []);
    }

    #[test]
    fn no_more_children_are_proposed_than_memory_holds() {
        let mut machine = Machine::healthy();
        machine.file("/proc/meminfo", "MemAvailable:    90000 kB\n");
        machine.log(Class::BacklogFull, PEER, 9);
        let finding = machine.only("too_few_children");
        machine.apply(&finding);
        let pool = std::fs::read_to_string(machine.at(POOL_FILE)).unwrap();
        assert!(pool.contains("pm.max_children = 6\n"), "{pool}");
    }

    #[test]
    fn the_kernel_may_cut_the_queue() {
        let mut machine = Machine::healthy();
        machine.edit(
            POOL_FILE,
            "pm = dynamic",
            "listen.backlog = 8192\npm = dynamic",
        );
        // One limit is for all pools: the largest counts, whatever comes last.
        machine.file(
            "/etc/php/8.2/fpm/pool.d/zzz.conf",
            "[zzz]\nlisten = /run/php/zzz.sock\nlisten.backlog = 5000\npm.max_children = 5\n",
        );
        machine.socket("/run/php/zzz.sock", 0o666);
        machine.file(
            "/etc/nginx/sites-enabled/zzz",
            "server {\n    location / { fastcgi_pass unix:/run/php/zzz.sock; }\n}\n",
        );
        let finding = machine.only("backlog_cut");
        assert!(
            finding.title.starts_with("the pools shop, zzz ask"),
            "{}",
            finding.title
        );
        assert_eq!(
            machine.apply(&finding),
            ["sysctl -w net.core.somaxconn=8192"]
        );
        assert!(machine.at("/etc/sysctl.d/60-somaxconn.conf").exists());
        machine.file("/proc/sys/net/core/somaxconn", "8192\n");
        assert_eq!(machine.findings(), []);
    }
}
