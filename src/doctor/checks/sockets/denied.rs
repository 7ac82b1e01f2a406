use crate::config::fpm::{Fpm, Pool};
use crate::render::quoted;
use crate::taxonomy::Class;

use crate::doctor::checks::{faults, unreached};
use crate::doctor::finding::{Finding, Step};
use crate::doctor::reach::Fault;
use crate::doctor::steps;
use crate::doctor::subject::Subject;
use crate::doctor::system::{Account, Barrier, Locked};

pub(in crate::doctor::checks) fn denied(subject: &Subject<'_>) -> Vec<Finding> {
    let classes = &[Class::ConnectDenied];
    let found = faults(subject, |fault| match fault {
        Fault::Denied(barrier, owner) => Some((barrier, *owner)),
        _ => None,
    });
    found
        .filter_map(|(backend, (barrier, owner))| {
            let worker = subject.nginx[backend.nginx].worker.as_ref()?;
            let (locked, lacks) = match barrier {
                Barrier::Folder(locked) => (locked, "may not enter the folder"),
                Barrier::Socket(locked) => (locked, "may not write to the socket"),
                _ => return None,
            };
            let mut seen = vec![format!(
                "{} has mode {:04o}, owner {}, group {}",
                locked.path.display(),
                locked.mode,
                locked.owner,
                locked.group
            )];
            seen.extend(owner.iter().flat_map(|(_, pool)| permissions(pool)));
            Some(Finding {
                title: format!(
                    "NGINX's user {} {lacks} {}",
                    worker.name,
                    locked.path.display()
                ),
                fix: open(subject, barrier, locked, worker, owner),
                ..unreached(subject, backend, "socket_denied", classes, seen)
            })
        })
        .collect()
}

/// What the pool says of its socket's permissions.
fn permissions(pool: &Pool) -> Vec<String> {
    let keys = ["listen.owner", "listen.group", "listen.mode"];
    let found = keys.iter().filter_map(|key| pool.find(key));
    found.map(ToString::to_string).collect()
}

fn open(
    subject: &Subject<'_>,
    barrier: &Barrier,
    locked: &Locked,
    worker: &Account,
    owner: Option<(&Fpm, &Pool)>,
) -> Vec<Step> {
    let path = quoted(&locked.path);
    match (barrier, owner) {
        (Barrier::Folder(_), _) => vec![
            Step::run(format!("chmod o+x {path}")),
            Step::advise(
                "a folder below /run is made anew at boot: see RuntimeDirectoryMode= of the service, or tmpfiles.d(5)",
            ),
        ],
        (_, Some((_, pool))) => vec![
            steps::setting(subject, pool, "listen.owner", &worker.name),
            steps::setting(subject, pool, "listen.group", &worker.group),
            steps::setting(subject, pool, "listen.mode", "0660"),
            // PHP-FPM gives a socket its mode when it makes it, not with a reload.
            Step::run(format!(
                "chown {}:{} {path} && chmod 0660 {path}",
                worker.name, worker.group
            )),
        ],
        (_, None) => vec![
            Step::run(format!(
                "chgrp {} {path} && chmod g+rw {path}",
                worker.group
            )),
            Step::advise(
                "set the same in the service that makes the socket, or the next restart undoes it",
            ),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::checks::machine::Machine;
    use crate::doctor::finding::Severity;

    #[test]
    fn a_closed_socket_is_opened_for_the_workers() {
        let mut machine = Machine::healthy();
        machine.mode("/run/php/shop.sock", 0o600);
        machine.log(Class::ConnectDenied, "unix:/run/php/shop.sock", 7);
        let finding = machine.only("socket_denied");
        assert_eq!(finding.severity, Severity::Critical);
        assert!(finding.title.contains("www-data"), "{}", finding.title);
        assert_eq!(
            machine.apply(&finding),
            ["chown www-data:www-data /run/php/shop.sock && chmod 0660 /run/php/shop.sock"]
        );
        machine.mode("/run/php/shop.sock", 0o666);
        assert_eq!(machine.findings(), []);
    }

    #[test]
    fn a_closed_folder_is_named() {
        let mut machine = Machine::healthy();
        machine.mode("/run/php", 0o700);
        let finding = machine.only("socket_denied");
        assert!(
            finding.title.ends_with("may not enter the folder /run/php"),
            "{}",
            finding.title
        );
        assert_eq!(machine.apply(&finding), ["chmod o+x /run/php"]);
    }
}
