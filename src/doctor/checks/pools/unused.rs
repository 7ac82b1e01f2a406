use std::collections::HashSet;

use crate::config::Address;
use crate::config::nginx::Target;
use crate::render::quoted;

use crate::doctor::checks::faults;
use crate::doctor::facts::Listener;
use crate::doctor::finding::{Finding, Severity, Step};
use crate::doctor::reach::Fault;
use crate::doctor::subject::Subject;

use super::remedy::similar;

pub(in crate::doctor::checks) fn unused(subject: &Subject<'_>) -> Vec<Finding> {
    // Variables may lead anywhere, and without PHP nothing is to be used.
    let passes = || {
        subject
            .nginx
            .iter()
            .flat_map(|nginx| &nginx.passes)
            .filter(|pass| pass.family == "fastcgi")
    };
    let is_open = passes().any(|pass| match pass.target {
        Target::Variable { is_open, .. } => is_open,
        Target::Unknown => true,
        _ => false,
    });
    let mut problems = subject.nginx.iter().flat_map(|nginx| &nginx.conf.problems);
    let is_unseen = problems.any(|problem| problem.is_denied);
    if is_open || is_unseen || passes().next().is_none() {
        return Vec::new();
    }
    // What was meant for a pool is said there, and a pool is taken for used by it.
    let meant: HashSet<_> = faults(subject, |fault| {
        matches!(fault, Fault::PoolMissing | Fault::NotASocket).then_some(())
    })
    .filter_map(|(backend, ())| similar(subject, backend))
    .map(|listener| listener.listen.address)
    .collect();
    // A server that is down for a while, and one of a block that waits for its site.
    let upstreams = || subject.nginx.iter().flat_map(|nginx| &nginx.upstreams);
    let is_named = |listen: &Address| {
        let mut servers = upstreams().flat_map(|upstream| &upstream.servers);
        servers.any(|server| subject.is_at(listen, &server.address))
    };
    let unused = subject.listeners.iter().filter(|listener| {
        let listen = listener.listen.address;
        !listener.is_used && !meant.contains(listen) && !is_named(listen)
    });
    unused
        .map(
            |Listener {
                 fpm, pool, listen, ..
             }| {
                let listen = listen.address;
                let service = subject.fpm_service(fpm);
                let others = fpm.pools.len() > 1;
                let file = &pool.place.file;
                let remedy = match others && file != &fpm.conf {
                    true => format!(
                        "if it is not needed: mv {0} {0}.off && {1}",
                        quoted(file),
                        service.reload()
                    ),
                    false => format!(
                        "if it is not needed: stop {} and remove its package",
                        fpm.service()
                    ),
                };
                Finding {
                    check: "pool_unused",
                    severity: Severity::Notice,
                    title: format!("no site uses the pool {} of {}", pool.name, service.title()),
                    evidence: vec![
                        format!("{}: it listens on {listen}", pool.place),
                        "no fastcgi_pass of NGINX leads there".to_owned(),
                    ],
                    consequence: "its processes take memory and do nothing".to_owned(),
                    places: vec![pool.place.clone()],
                    classes: Vec::new(),
                    fix: vec![Step::advise(remedy)],
                }
            },
        )
        .collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::super::machine::{Machine, POOL, POOL_FILE, SITE_FILE};
    use super::*;

    #[test]
    fn a_pool_that_no_pass_leads_to_is_unused() {
        let mut machine = Machine::healthy();
        machine.file(
            "/etc/php/8.2/fpm/pool.d/old.conf",
            &POOL.replace("[shop]", "[old]"),
        );
        machine.socket("/run/php/old.sock", 0o666);
        let finding = machine.only("pool_unused");
        assert_eq!(finding.severity, Severity::Notice);
        assert_eq!(
            finding.places[0].file,
            Path::new("/etc/php/8.2/fpm/pool.d/old.conf")
        );
        // Where variables decide, nobody can say.
        machine.edit(
            SITE_FILE,
            "unix:/run/php/shop.sock",
            "unix:/run/php/$host.sock",
        );
        assert!(
            machine
                .findings()
                .iter()
                .all(|finding| finding.check != "pool_unused")
        );
    }

    #[test]
    fn without_php_in_nginx_no_pool_is_unused() {
        let mut machine = Machine::healthy();
        machine.edit(
            SITE_FILE,
            "fastcgi_pass unix:/run/php/shop.sock",
            "return 204",
        );
        machine.edit(POOL_FILE, "[shop]", "[www]");
        assert_eq!(machine.findings(), []);
    }
}
