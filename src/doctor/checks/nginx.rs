use crate::config::{Address, Place};

use super::counted;
use crate::doctor::finding::{Finding, Severity, Step};
use crate::doctor::logged::moment;
use crate::doctor::subject::Subject;

pub(super) fn stopped(subject: &Subject<'_>) -> Vec<Finding> {
    if subject.system.processes.is_none() {
        return Vec::new();
    }
    let stopped = subject.nginx.iter().filter(|nginx| !nginx.conf.is_dump);
    let stopped = stopped.filter(|nginx| subject.service(nginx).master().is_none());
    stopped
        .map(|nginx| {
            let file = nginx.file.display();
            Finding {
                check: "nginx_stopped",
                severity: Severity::Critical,
                title: "NGINX is not running".to_owned(),
                evidence: vec![format!("no master process of {file}")],
                consequence: "no page of any site: browsers cannot connect, Cloudflare shows 521"
                    .to_owned(),
                places: Vec::new(),
                classes: Vec::new(),
                fix: vec![
                    Step::run(subject.service(nginx).start()),
                    Step::advise(subject.service(nginx).journal()),
                ],
            }
        })
        .collect()
}

/// NGINX still asks for what the configuration no longer names.
pub(super) fn not_loaded(subject: &Subject<'_>) -> Vec<Finding> {
    let Some(processes) = &subject.system.processes else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (number, nginx) in subject.nginx.iter().enumerate() {
        let service = subject.service(nginx);
        let Some(master) = service.master() else {
            continue;
        };
        let loaded = processes
            .nginx_workers(master)
            .filter_map(|worker| worker.started)
            .max();
        let Some(loaded) = loaded.map(moment) else {
            continue;
        };
        let places = nginx.conf.files.iter().map(|file| Place {
            file: file.clone(),
            line: 1,
        });
        let places: Vec<_> = places.collect();
        let newest = places.iter().max_by_key(|place| subject.changed([*place]));
        let Some((newest, changed)) =
            newest.and_then(|place| Some((place, subject.changed([place])?)))
        else {
            continue;
        };
        // A worker's start is not known any better.
        if changed.0 <= loaded.0 + 200_000 {
            continue;
        }
        let named = |peer: &Address| subject.is_passed(number, peer);
        let Some((peer, seen)) = subject.logged.other_peer(named, changed) else {
            continue;
        };
        found.push(Finding {
            check: "not_loaded",
            severity: Severity::Critical,
            title: "NGINX runs with a configuration from before the last change".to_owned(),
            evidence: vec![
                format!(
                    "{} was changed at {}",
                    newest.file.display(),
                    subject.logged.time(changed)
                ),
                format!("the youngest worker is of {}", subject.logged.time(loaded)),
                format!(
                    "{peer}, which no file names, has {}",
                    counted(subject, &seen)
                ),
            ],
            consequence: "what was mended stays broken until NGINX is told".to_owned(),
            places: Vec::new(),
            classes: seen.classes.iter().copied().collect(),
            fix: vec![Step::run(service.reload())],
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::machine::Machine;
    use crate::taxonomy::{Class, Phase};

    #[test]
    fn an_nginx_without_master_is_stopped() {
        let mut machine = Machine::healthy();
        machine.kill("nginx: ");
        let finding = machine.only("nginx_stopped");
        assert_eq!(
            machine.apply(&finding),
            ["nginx -t && systemctl start nginx"]
        );
    }

    #[test]
    fn errors_about_what_is_no_longer_named_tell_of_an_older_configuration() {
        let mut machine = Machine::healthy();
        machine.log(Class::SocketMissing, "unix:/run/php/shpo.sock", 5);
        machine.rows[0].phase = Some(Phase::Connect);
        // They may be another machine's, unless this one has changed since.
        assert_eq!(machine.findings(), []);
        machine.uptime = 3e8;
        let finding = machine.only("not_loaded");
        assert!(
            finding.evidence[2].contains("shpo.sock"),
            "{:?}",
            finding.evidence
        );
        assert_eq!(
            machine.apply(&finding),
            ["nginx -t && systemctl reload nginx"]
        );
        machine.rows[0].last_seen = crate::record::Moment(0);
        assert_eq!(machine.findings(), []);
    }
}
