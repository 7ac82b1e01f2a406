use crate::taxonomy::Class;

use super::counted;
use crate::doctor::finding::{Finding, Severity, Step};
use crate::doctor::nginx::Nginx;
use crate::doctor::steps;
use crate::doctor::subject::Subject;

/// ngx_core_module, worker_connections
const WORKER_CONNECTIONS: u64 = 512;

pub(super) fn worker_connections(subject: &Subject<'_>) -> Vec<Finding> {
    let classes = &[Class::ConnectionsExhausted];
    let mut found = Vec::new();
    for nginx in &subject.nginx {
        let directive = nginx.conf.main("worker_connections");
        let allowed = connections(nginx);
        let since = subject.changed(directive.map(|directive| &directive.place));
        let Some(seen) = subject.logged.of_all(classes, since) else {
            continue;
        };
        let proposed = (allowed * 4).max(4096);
        let mut fix = Vec::new();
        match directive {
            Some(directive) => fix.push(steps::values(subject, directive, &proposed.to_string())),
            None => fix.push(Step::advise(format!(
                "set worker_connections {proposed}; in the block events of {}",
                nginx.file.display()
            ))),
        }
        // Two for a request that is passed on, and some for logs and files.
        fix.extend(open_files_step(subject, nginx, proposed * 2));
        fix.push(Step::run(subject.service(nginx).reload()));
        found.push(Finding {
            check: "worker_connections",
            severity: Severity::Warning,
            title: format!("NGINX ran out of connections: a worker may have {allowed}"),
            evidence: vec![
                match directive {
                    Some(directive) => format!("{}: worker_connections {allowed};", directive.place),
                    None => format!("worker_connections is not set: {WORKER_CONNECTIONS}"),
                },
                counted(subject, &seen),
            ],
            consequence: "under load visitors get 500, or no answer; a request that is passed on takes two connections".to_owned(),
            places: directive.map(|directive| directive.place.clone()).into_iter().collect(),
            classes: classes.to_vec(),
            fix,
        });
    }
    found
}

pub(super) fn open_files(subject: &Subject<'_>) -> Vec<Finding> {
    let classes = &[Class::FilesExhausted];
    let mut found = Vec::new();
    for nginx in &subject.nginx {
        let directive = nginx.conf.main("worker_rlimit_nofile");
        let since = subject.changed(directive.map(|directive| &directive.place));
        let seen = subject.logged.of_all(classes, since);
        let limit = limit(subject, nginx);
        let connections = connections(nginx);
        let is_short = limit.is_some_and(|limit| limit < connections);
        if seen.is_none() && !is_short {
            continue;
        }
        let mut lines = Vec::new();
        lines.extend(directive.map(ToString::to_string));
        lines.extend(limit.map(|limit| {
            format!("a worker may have {limit} files open, and {connections} connections")
        }));
        lines.extend(seen.iter().map(|seen| counted(subject, seen)));
        let proposed = limit.unwrap_or(1024).max(connections) * 2;
        let mut fix: Vec<_> = open_files_step(subject, nginx, proposed)
            .into_iter()
            .collect();
        fix.push(Step::run(subject.service(nginx).reload()));
        found.push(Finding {
            check: "open_files",
            severity: Severity::Warning,
            title: match seen {
                Some(_) => "NGINX ran out of file descriptors".to_owned(),
                None => "NGINX may have fewer files open than connections".to_owned(),
            },
            evidence: lines,
            consequence: "under load visitors get 500, or cannot connect".to_owned(),
            places: directive
                .map(|directive| directive.place.clone())
                .into_iter()
                .collect(),
            classes: classes.to_vec(),
            fix,
        });
    }
    found
}

fn connections(nginx: &Nginx<'_>) -> u64 {
    nginx
        .conf
        .number("worker_connections")
        .unwrap_or(WORKER_CONNECTIONS)
}

/// How many files a worker may have open: those that run, or by configuration.
fn limit(subject: &Subject<'_>, nginx: &Nginx<'_>) -> Option<u64> {
    let running = subject.system.processes.as_ref().and_then(|processes| {
        let master = subject.service(nginx).master()?;
        processes
            .nginx_workers(master)
            .find_map(|worker| worker.open_files)
    });
    running.or_else(|| nginx.conf.number("worker_rlimit_nofile"))
}

/// More files for workers, if they have fewer.
fn open_files_step(subject: &Subject<'_>, nginx: &Nginx<'_>, files: u64) -> Option<Step> {
    if limit(subject, nginx).is_some_and(|limit| limit >= files) {
        return None;
    }
    Some(match nginx.conf.main("worker_rlimit_nofile") {
        Some(directive) => steps::values(subject, directive, &files.to_string()),
        None => match nginx
            .conf
            .directives
            .iter()
            .find(|directive| directive.place.file == nginx.file)
        {
            Some(first) => Step::Insert {
                file: nginx.file.to_path_buf(),
                line: first.place.line.saturating_sub(1),
                new: format!("worker_rlimit_nofile {files};"),
            },
            None => Step::advise(format!(
                "set worker_rlimit_nofile {files}; in {}",
                nginx.file.display()
            )),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::super::machine::Machine;
    use super::*;

    const CONF: &str = "/etc/nginx/nginx.conf";

    #[test]
    fn too_few_connections_are_raised() {
        let mut machine = Machine::healthy();
        machine.log(Class::ConnectionsExhausted, "unix:/run/php/shop.sock", 4);
        let finding = machine.only("worker_connections");
        machine.apply(&finding);
        let conf = std::fs::read_to_string(machine.at(CONF)).unwrap();
        assert!(conf.contains("    worker_connections 4096;\n"), "{conf}");
    }

    #[test]
    fn too_few_files_are_raised() {
        let mut machine = Machine::healthy();
        machine.edit(
            CONF,
            "worker_processes",
            "worker_rlimit_nofile 2048;\nworker_processes",
        );
        assert_eq!(machine.findings(), []);
        machine.log(Class::FilesExhausted, "unix:/run/php/shop.sock", 4);
        let finding = machine.only("open_files");
        machine.apply(&finding);
        let conf = std::fs::read_to_string(machine.at(CONF)).unwrap();
        assert!(conf.contains("worker_rlimit_nofile 4096;\n"), "{conf}");
    }

    #[test]
    fn a_worker_needs_a_file_for_each_connection() {
        let mut machine = Machine::healthy();
        machine.edit(
            CONF,
            "worker_processes",
            "worker_rlimit_nofile 512;\nworker_processes",
        );
        let finding = machine.only("open_files");
        machine.apply(&finding);
        assert_eq!(machine.findings(), []);
    }
}
