use std::path::Path;

use crate::config::fpm::{Fpm, Pool};
use crate::render::quoted;
use crate::taxonomy::Class;

use super::{counted, faults, few, pages_fail, seen_at, sites, some, unreached};
use crate::doctor::backends::Backend;
use crate::doctor::finding::{Finding, Severity, Step};
use crate::doctor::reach::Fault;
use crate::doctor::subject::Subject;

const CLASSES: &[Class] = &[Class::ConnectRefused, Class::SocketMissing];

pub(super) fn stopped(subject: &Subject<'_>) -> Vec<Finding> {
    let found: Vec<_> = faults(subject, |fault| match fault {
        Fault::FpmStopped(fpm, pool) => Some((*fpm, *pool)),
        _ => None,
    })
    .collect();
    let of = |fpm: &Fpm| -> Vec<_> {
        found
            .iter()
            .filter(|(_, (other, _))| other.conf == fpm.conf)
            .collect()
    };
    let stopped = subject
        .fpms
        .iter()
        .map(|fpm| (fpm, of(fpm)))
        .filter(|(_, used)| !used.is_empty());
    stopped
        .map(|(fpm, used)| {
            let service = subject.fpm_service(fpm);
            let mut seen = vec![format!("no master process of {}", fpm.conf.display())];
            let uses = used.iter().flat_map(|(backend, _)| &backend.uses);
            seen.extend(few(uses.map(|of| of.directive.to_string())));
            let events = used.iter().filter_map(|(backend, _)| seen_at(subject, backend, CLASSES));
            seen.extend(few(events.map(|events| counted(subject, &events))));
            let orphans = orphans(subject, fpm);
            if !orphans.is_empty() {
                seen.push(format!("processes {} of its pools live on without it", orphans.join(" ")));
            }
            let start = match orphans.is_empty() {
                true => service.start(),
                // A new master refuses a socket on which they still listen.
                false => format!("kill {} && sleep 1 && {}", orphans.join(" "), service.start()),
            };
            let pools: Vec<&str> = used
                .iter()
                .map(|(_, (_, pool))| pool.name.as_str())
                .collect();
            let mut names: Vec<_> = used
                .iter()
                .map(|(backend, _)| sites(subject, backend))
                .collect();
            names.dedup();
            Finding {
                check: "fpm_stopped",
                severity: Severity::Critical,
                title: format!(
                    "{} is not running; NGINX needs its {} {}",
                    service.title(),
                    if pools.len() == 1 { "pool" } else { "pools" },
                    some(&pools)
                ),
                evidence: seen,
                consequence: match orphans.is_empty() {
                    true => pages_fail(&some(&names)),
                    false => format!(
                        "{} is served by what is left; nothing starts new processes, and the last one that ends \
                         leaves 502 Bad Gateway",
                        some(&names)
                    ),
                },
                places: used
                    .iter()
                    .flat_map(|(backend, _)| backend.places())
                    .collect(),
                classes: CLASSES.to_vec(),
                fix: vec![
                    Step::run(start),
                    Step::advise(service.journal()),
                ],
            }
        })
        .collect()
}

/// The processes of a PHP-FPM whose master is gone.
fn orphans(subject: &Subject<'_>, fpm: &Fpm) -> Vec<String> {
    let processes = subject.system.processes.iter();
    let orphans = processes.flat_map(|processes| {
        let pools = fpm.pools.iter();
        pools.flat_map(|pool| {
            let sockets = subject.sockets_of(pool);
            let orphans = processes.fpm_orphans(&pool.name, &sockets);
            orphans
                .map(|orphan| orphan.pid.to_string())
                .collect::<Vec<_>>()
        })
    });
    orphans.collect()
}

pub(super) fn pool_not_running(subject: &Subject<'_>) -> Vec<Finding> {
    let found = faults(subject, |fault| match fault {
        Fault::PoolNotRunning(fpm, pool) => Some((*fpm, *pool)),
        _ => None,
    });
    found
        .map(|(backend, (fpm, pool))| not_running(subject, backend, fpm, pool))
        .collect()
}

fn not_running<'a>(
    subject: &Subject<'a>,
    backend: &Backend<'a>,
    fpm: &'a Fpm,
    pool: &'a Pool,
) -> Finding {
    let service = subject.fpm_service(fpm);
    let mut seen = vec![format!(
        "{} has the pool {}, and nothing listens on {}",
        pool.place, pool.name, backend.address
    )];
    if let Some(master) = service.master() {
        seen.push(format!("{} runs (process {})", service.title(), master.pid));
    }
    Finding {
        title: format!("{} runs without the pool {}", service.title(), pool.name),
        consequence: pages_fail(&sites(subject, backend)),
        fix: vec![
            Step::run(service.reload()),
            Step::advise(
                "PHP-FPM reads its pools when it starts and when it is reloaded, not before",
            ),
        ],
        ..unreached(subject, backend, "pool_not_running", CLASSES, seen)
    }
}

pub(super) fn not_enabled(subject: &Subject<'_>) -> Vec<Finding> {
    let is_used = |fpm: &Fpm| fpm.pools.iter().any(|pool| subject.is_used(pool));
    let used = subject.fpms.iter().copied().filter(|fpm| is_used(fpm));
    let mut services: Vec<String> = used.map(Fpm::service).collect();
    if subject
        .nginx
        .iter()
        .any(|nginx| nginx.file == Path::new("/etc/nginx/nginx.conf"))
    {
        services.push("nginx".to_owned());
    }
    services.sort();
    services.dedup();
    let disabled = services
        .into_iter()
        .filter(|service| subject.system.units.is_enabled(service) == Some(false));
    disabled
        .map(|service| {
            let name = quoted(&service);
            let enable = format!("systemctl enable {name}");
            let (why, fix) = match subject.system.units.unmask(&service) {
                Some(unmask) => (
                    format!("{service}.service is masked: systemd refuses to start it"),
                    format!("{unmask} {name} && {enable}"),
                ),
                None => (
                    format!("no target of systemd wants {service}.service"),
                    enable,
                ),
            };
            Finding {
                check: "not_enabled",
                severity: Severity::Warning,
                title: format!("{service} is not started at boot"),
                evidence: vec![why],
                consequence: "after the next reboot every page that needs it fails".to_owned(),
                places: Vec::new(),
                classes: CLASSES.to_vec(),
                fix: vec![Step::run(fix)],
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::machine::{Machine, SITE_FILE};
    use super::*;

    #[test]
    fn of_two_that_are_configured_for_a_socket_one_has_to_run() {
        let mut machine = Machine::healthy();
        machine.fpm(
            "8.3",
            "[shop]\nlisten = /run/php/shop.sock\npm.max_children = 5\n",
        );
        machine.kill("php-fpm: master process (/etc/php/8.2");
        assert_eq!(machine.findings(), []);
    }

    #[test]
    fn a_php_fpm_without_master_is_stopped() {
        let mut machine = Machine::healthy();
        machine.kill("php-fpm: ");
        machine.deafen("/run/php/shop.sock");
        machine.log(Class::ConnectRefused, "unix:/run/php/shop.sock", 214);
        let finding = machine.only("fpm_stopped");
        assert_eq!(finding.severity, Severity::Critical);
        assert!(finding.title.contains("PHP-FPM 8.2"), "{}", finding.title);
        assert!(
            finding
                .evidence
                .iter()
                .any(|line| line.starts_with("214 events")),
            "{:?}",
            finding.evidence
        );
        assert_eq!(
            machine.apply(&finding),
            ["php-fpm8.2 -t && systemctl start php8.2-fpm"]
        );
    }

    #[test]
    fn processes_that_outlive_their_master_are_said() {
        let mut machine = Machine::healthy();
        machine.kill("php-fpm: master");
        let finding = machine.only("fpm_stopped");
        assert!(
            finding.evidence.iter().any(|line| line.contains("21 22")),
            "{:?}",
            finding.evidence
        );
        assert_eq!(
            machine.apply(&finding),
            ["kill 21 22 && sleep 1 && php-fpm8.2 -t && systemctl start php8.2-fpm"]
        );
    }

    #[test]
    fn a_pool_that_the_master_does_not_know_is_not_running() {
        let mut machine = Machine::healthy();
        machine.file(
            "/etc/php/8.2/fpm/pool.d/blog.conf",
            "[blog]\nlisten = /run/php/blog.sock\npm.max_children = 5\n",
        );
        machine.file("/etc/nginx/sites-enabled/blog", "server {\n    server_name blog.example;\n    location / {\n        fastcgi_pass unix:/run/php/blog.sock;\n    }\n}\n");
        let finding = machine.only("pool_not_running");
        assert!(finding.consequence.contains("blog.example"));
        assert_eq!(
            machine.apply(&finding),
            ["php-fpm8.2 -t && systemctl reload php8.2-fpm"]
        );
    }

    #[test]
    fn a_service_that_no_target_wants_is_not_enabled() {
        let mut machine = Machine::healthy();
        machine.remove("/etc/systemd/system/multi-user.target.wants/php8.2-fpm.service");
        let finding = machine.only("not_enabled");
        assert_eq!(machine.apply(&finding), ["systemctl enable php8.2-fpm"]);
        // Who does not pass anything to PHP does not need it.
        machine.edit(
            SITE_FILE,
            "fastcgi_pass unix:/run/php/shop.sock",
            "return 204",
        );
        assert_eq!(machine.findings(), []);
    }
}
