use std::collections::BTreeSet;
use std::path::Path;

use crate::config::Address;
use crate::config::fpm::{Fpm, Pool};
use crate::config::nginx::Target;
use crate::taxonomy::Class;

use super::{evidence, faults, severity, sites};
use crate::doctor::finding::{Finding, Severity, Step};
use crate::doctor::nearest::nearest;
use crate::doctor::reach::Fault;
use crate::doctor::services::pool_file;
use crate::doctor::steps;
use crate::doctor::subject::{Backend, Subject};

const CLASSES: &[Class] = &[Class::SocketMissing, Class::ConnectRefused];

pub(super) fn missing(subject: &Subject<'_>) -> Vec<Finding> {
    let found = faults(subject, |fault| {
        matches!(fault, Fault::PoolMissing).then_some(())
    });
    found
        .filter(|(backend, ())| matches!(backend.address, Address::Unix(_)))
        .filter(|(backend, ())| {
            subject.system.sockets.is_some() || similar(subject, backend).is_some()
        })
        .map(|(backend, ())| {
            let mut seen = evidence(subject, backend, CLASSES);
            seen.extend(listening(subject));
            let (why, fix) = remedy(subject, backend);
            Finding {
                check: "pool_missing",
                severity: severity(subject, backend),
                title: format!("no PHP-FPM pool listens on {}{why}", backend.address),
                evidence: seen,
                consequence: format!(
                    "every PHP page of {} gets 502 Bad Gateway",
                    sites(subject, backend)
                ),
                places: backend.places(),
                classes: CLASSES.to_vec(),
                fix,
            }
        })
        .collect()
}

/// What the pools listen on.
pub(super) fn listening(subject: &Subject<'_>) -> Vec<String> {
    let pools = subject.pools().filter_map(|(fpm, pool)| {
        let listen = pool.listen.as_ref()?;
        let title = subject.fpm_service(fpm).title();
        Some(format!(
            "{}: the pool {} of {title} listens on {listen}",
            pool.place, pool.name
        ))
    });
    pools.take(8).collect()
}

/// What to do about an address on which no pool listens, and why.
pub(super) fn remedy(subject: &Subject<'_>, backend: &Backend<'_>) -> (String, Vec<Step>) {
    match similar(subject, backend) {
        Some((fpm, pool, listen)) => {
            let title = subject.fpm_service(fpm).title();
            (
                format!("; the pool {} of {title} listens on {listen}", pool.name),
                rename(subject, backend, listen),
            )
        }
        None => (String::new(), create(subject, backend)),
    }
}

/// The pool that was meant: one with a similar address, or of that name, or the only one that nobody uses.
fn similar<'a>(
    subject: &Subject<'a>,
    backend: &Backend<'_>,
) -> Option<(&'a Fpm, &'a Pool, &'a Address)> {
    let is_used = |listen: &Address| {
        let mut backends = subject.backends.iter();
        backends.any(|backend| subject.is_at(listen, &backend.address))
    };
    let candidates: Vec<_> = subject
        .pools()
        .filter_map(|(fpm, pool)| Some((fpm, pool, pool.listen.as_ref()?)))
        .collect();
    let scored = candidates
        .iter()
        .map(|&(fpm, pool, listen)| (listen, is_used(listen), (fpm, pool)));
    if let Some((listen, (fpm, pool))) = nearest(&backend.address, scored) {
        return Some((fpm, pool, listen));
    }
    if let Some(name) = stem(&backend.address)
        && let Some(&found) = candidates.iter().find(|(_, pool, _)| pool.name == name)
    {
        return Some(found);
    }
    // A port says nothing of its pool. One that nobody uses is the one.
    let is_inet = !matches!(backend.address, Address::Unix(_));
    let mut unused = candidates
        .into_iter()
        .filter(|(_, _, listen)| !is_used(listen));
    match (unused.next(), unused.next()) {
        (Some(only), None) if is_inet => Some(only),
        _ => None,
    }
}

/// `shop` of `/run/php/shop.sock`
fn stem(address: &Address) -> Option<String> {
    match address {
        Address::Unix(path) => Some(path.file_stem()?.to_string_lossy().into_owned()),
        _ => None,
    }
}

/// NGINX is to pass requests to the pool that was meant.
fn rename(subject: &Subject<'_>, backend: &Backend<'_>, listen: &Address) -> Vec<Step> {
    let new = match listen {
        Address::Port(port) => format!("127.0.0.1:{port}"),
        Address::Inet(address) if address.ip().is_unspecified() => match address.is_ipv6() {
            true => format!("[::1]:{}", address.port()),
            false => format!("127.0.0.1:{}", address.port()),
        },
        other => other.to_string(),
    };
    lead_to(subject, backend, &new)
}

/// Every pass to a backend is to lead to another address.
pub(super) fn lead_to(subject: &Subject<'_>, backend: &Backend<'_>, new: &str) -> Vec<Step> {
    let mut places = BTreeSet::new();
    let uses = backend.uses.iter();
    let uses = uses.filter(|of| places.insert(of.directive.place.clone()));
    let mut fix: Vec<Step> = uses
        .map(|of| steps::address(subject, of.directive, &backend.address, new))
        .collect();
    fix.push(Step::run(subject.nginx_service(backend).reload()));
    fix
}

/// A new pool.
fn create(subject: &Subject<'_>, backend: &Backend<'_>) -> Vec<Step> {
    // The newest PHP is the one that new sites get.
    let Some(fpm) = subject.fpms.iter().max_by_key(|fpm| version(fpm)) else {
        return Vec::new();
    };
    let name = stem(&backend.address).unwrap_or_else(|| "site".to_owned());
    let is_free = |name: &String| {
        let exists = |path: &Path| subject.system.root.outside(path).exists();
        fpm.pools.iter().all(|pool| pool.name != *name) && !exists(&pool_file(fpm, name))
    };
    let others = (2..).map(|number| format!("{name}-{number}"));
    let name = std::iter::once(name.clone())
        .chain(others)
        .find(is_free)
        .unwrap_or(name);
    let worker = subject.nginx[backend.nginx].worker.as_ref();
    let (user, group) = worker.map_or(("www-data", "www-data"), |worker| {
        (&worker.name, &worker.group)
    });
    let listen = match &backend.address {
        Address::Unix(path) => path.display().to_string(),
        other => other.to_string(),
    };
    let mut text = format!("[{name}]\nuser = {user}\ngroup = {group}\nlisten = {listen}\n");
    if matches!(backend.address, Address::Unix(_)) {
        text.push_str(&format!(
            "listen.owner = {user}\nlisten.group = {group}\nlisten.mode = 0660\n"
        ));
    }
    text.push_str("pm = dynamic\npm.max_children = 5\npm.start_servers = 2\npm.min_spare_servers = 1\npm.max_spare_servers = 3\n");
    let file = pool_file(fpm, &name);
    let is_included = fpm
        .pools
        .iter()
        .any(|pool| pool.place.file.parent() == file.parent());
    let step = match is_included {
        true => Step::Create { file, text },
        false => {
            let conf = subject.system.root.read(&fpm.conf).unwrap_or_default();
            Step::Insert {
                file: fpm.conf.clone(),
                line: conf.lines().count(),
                new: text,
            }
        }
    };
    vec![
        step,
        Step::run(subject.fpm_service(fpm).reload()),
        Step::advise(format!(
            "the pool's processes run as {user}; a user of its own for each site is safer (`user`, `group`)"
        )),
    ]
}

fn version(fpm: &Fpm) -> Vec<u32> {
    let version = fpm.version.as_deref().unwrap_or_default();
    version
        .split('.')
        .filter_map(|part| part.parse().ok())
        .collect()
}

pub(super) fn unused(subject: &Subject<'_>) -> Vec<Finding> {
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
    if is_open || passes().next().is_none() {
        return Vec::new();
    }
    // What was meant for a pool is said there, and a pool is taken for used by it.
    let meant: Vec<_> = faults(subject, |fault| {
        matches!(fault, Fault::PoolMissing | Fault::NotASocket).then_some(())
    })
    .filter_map(|(backend, ())| similar(subject, backend))
    .map(|(_, _, listen)| listen)
    .collect();
    subject
        .pools()
        .filter_map(|(fpm, pool)| Some((fpm, pool, pool.listen.as_ref()?)))
        .filter(|(_, _, listen)| {
            let is_used = subject
                .backends
                .iter()
                .any(|backend| subject.is_at(listen, &backend.address));
            !is_used && !meant.contains(listen)
        })
        .map(|(fpm, pool, listen)| {
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
                    service.name()
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
        })
        .collect()
}

fn quoted(path: &Path) -> String {
    super::super::services::quoted(path)
}

#[cfg(test)]
mod tests {
    use super::super::machine::{Machine, POOL, POOL_FILE, SITE_FILE};
    use super::*;

    #[test]
    fn a_mistyped_socket_leads_to_the_pool_that_was_meant() {
        for wrong in [
            "unix:/run/php/shpo.sock",
            "unix:/run/shop.sock",
            "unix:/run/php/shops.sock",
        ] {
            let mut machine = Machine::healthy();
            machine.edit(SITE_FILE, "unix:/run/php/shop.sock", wrong);
            let finding = machine.only("pool_missing");
            assert_eq!(finding.severity, Severity::Critical);
            assert_eq!(
                machine.apply(&finding),
                ["nginx -t && systemctl reload nginx"]
            );
            assert_eq!(machine.findings(), [], "{wrong}");
        }
    }

    #[test]
    fn an_upgraded_php_leads_to_the_new_version() {
        let mut machine = Machine::healthy();
        machine.fpm(
            "8.3",
            "[www]\nlisten = /run/php/php8.3-fpm.sock\npm.max_children = 5\n",
        );
        machine.socket("/run/php/php8.3-fpm.sock", 0o666);
        machine.file(
            "/etc/nginx/sites-enabled/old",
            "server {\n    location / { fastcgi_pass unix:/run/php/php7.4-fpm.sock; }\n}\n",
        );
        let finding = machine.only("pool_missing");
        assert!(
            finding.title.contains("php8.3-fpm.sock"),
            "{}",
            finding.title
        );
        machine.apply(&finding);
        assert_eq!(machine.findings(), []);
    }

    #[test]
    fn a_pool_that_does_not_exist_is_made() {
        let mut machine = Machine::healthy();
        machine.file("/etc/nginx/sites-enabled/forum", "server {\n    location / {\n        fastcgi_pass unix:/run/php/forum.sock;\n    }\n}\n");
        let finding = machine.only("pool_missing");
        assert_eq!(
            machine.apply(&finding),
            ["php-fpm8.2 -t && systemctl reload php8.2-fpm"]
        );
        assert!(machine.at("/etc/php/8.2/fpm/pool.d/forum.conf").exists());
        // What is left to do is the command.
        machine.only("pool_not_running");
        machine.socket("/run/php/forum.sock", 0o666);
        assert_eq!(machine.findings(), []);
    }

    #[test]
    fn another_sites_pool_is_never_proposed() {
        let mut machine = Machine::healthy();
        machine.file(
            "/etc/php/8.2/fpm/pool.d/site1.conf",
            &POOL.replace("[shop]", "[site1]"),
        );
        machine.socket("/run/php/site1.sock", 0o666);
        for (site, file) in [("site1", "one"), ("site2", "two")] {
            let text = format!(
                "server {{\n    location / {{\n        fastcgi_pass unix:/run/php/{site}.sock;\n    }}\n}}\n"
            );
            machine.file(&format!("/etc/nginx/sites-enabled/{file}"), &text);
        }
        let finding = machine.only("pool_missing");
        assert!(
            matches!(&finding.fix[0], Step::Create { file, .. } if file.ends_with("site2.conf")),
            "{finding:#?}"
        );
    }

    #[test]
    fn a_pool_of_that_name_is_meant_wherever_it_listens() {
        let mut machine = Machine::healthy();
        machine.edit(POOL_FILE, "/run/php/$pool.sock", "127.0.0.1:9000");
        machine.listen("127.0.0.1:9000");
        machine.remove("/run/php/shop.sock");
        machine.deafen("/run/php/shop.sock");
        let finding = machine.only("pool_missing");
        machine.apply(&finding);
        assert_eq!(machine.findings(), []);
    }

    #[test]
    fn another_program_may_listen_for_fastcgi() {
        let mut machine = Machine::healthy();
        machine.file(
            "/etc/nginx/sites-enabled/git",
            "server {\n    location / {\n        fastcgi_pass unix:/run/git.socket;\n    }\n}\n",
        );
        machine.socket("/run/git.socket", 0o666);
        assert_eq!(machine.findings(), []);
    }

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
