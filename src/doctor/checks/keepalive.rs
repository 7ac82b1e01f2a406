use std::collections::{HashMap, HashSet};

use crate::config::nginx::{Conf, Directive, Scope, Upstream, milliseconds};
use crate::config::{Address, Place};
use crate::taxonomy::Class;

use super::{counted, sites};
use crate::doctor::backends::Backend;
use crate::doctor::finding::{Finding, Severity, Step};
use crate::doctor::steps;
use crate::doctor::subject::Subject;

const CLOSED: &[Class] = &[
    Class::ResponseClosed,
    Class::ResponseReset,
    Class::SendFailed,
];
/// ngx_http_upstream_module, keepalive_timeout, in seconds
const KEEPALIVE_TIMEOUT: u64 = 60;
/// What backends have that do not say otherwise: Node.js 5 s (`server.keepAliveTimeout`), Apache 5 s
/// (`KeepAliveTimeout`), Gunicorn 2 s (`--keep-alive`), Uvicorn 5 s (`--timeout-keep-alive`).
const USUAL: &str = "Node.js 5 s, Apache 5 s, Gunicorn 2 s, Uvicorn 5 s";

fn find<'a>(upstream: &Upstream<'a>, name: &str) -> Option<&'a Directive> {
    let block = upstream.directive.block.as_deref().unwrap_or_default();
    block.iter().rfind(|directive| directive.name == name)
}

/// The backends of upstream blocks that keep connections.
fn kept<'s, 'a>(
    subject: &'s Subject<'a>,
) -> impl Iterator<Item = (&'s Backend<'a>, &'s Upstream<'a>, &'a Directive)> {
    subject.backends.iter().filter_map(|backend| {
        let block = backend.uses.iter().find_map(|of| of.upstream)?;
        let upstream = &subject.nginx[backend.nginx].upstreams[block];
        Some((backend, upstream, find(upstream, "keepalive")?))
    })
}

pub(super) fn timeout(subject: &Subject<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut met = HashSet::new();
    let servers = subject.nginx.iter().map(|nginx| servers(nginx.conf));
    let servers: Vec<_> = servers.collect();
    for (backend, upstream, keepalive) in kept(subject) {
        let set = find(upstream, "keepalive_timeout");
        let seconds = set
            .and_then(|set| milliseconds(set.args.first()?))
            .map_or(KEEPALIVE_TIMEOUT, |value| value / 1000);
        let since = subject.changed([&upstream.directive.place]);
        let seen = subject.seen_at(&backend.address, CLOSED, since);
        let own = own_server(subject, &servers[backend.nginx], backend);
        let (backend_says, shorter) = match own {
            Some((place, theirs)) if theirs < seconds => (
                format!("{place}: the backend is an NGINX that closes after {theirs} s"),
                theirs,
            ),
            // A PHP-FPM process keeps its connection for as long as NGINX likes.
            None if seen.is_some() && backend.family != "fastcgi" && seconds > 2 => (
                format!("backends close idle connections sooner: {USUAL}"),
                2,
            ),
            _ => continue,
        };
        let new = shorter.saturating_sub(1).max(1);
        if !met.insert(&upstream.directive.place) {
            continue;
        }
        let mut lines = vec![match set {
            Some(set) => set.to_string(),
            None => format!(
                "{}: keepalive_timeout is not set: {KEEPALIVE_TIMEOUT}s",
                keepalive.place
            ),
        }];
        lines.push(backend_says);
        lines.extend(seen.map(|seen| counted(subject, &seen)));
        found.push(Finding {
            check: "keepalive_timeout",
            severity: Severity::Warning,
            title: format!("NGINX keeps connections to {} for {seconds} s, longer than the backend does", upstream.name),
            evidence: lines,
            consequence: format!(
                "a request of {} that meets a connection which is being closed gets 502 Bad Gateway, now and then",
                sites(subject, backend)
            ),
            places: vec![upstream.directive.place.clone()],
            classes: CLOSED.to_vec(),
            fix: vec![
                match set {
                    Some(set) => steps::values(subject, set, &format!("{new}s")),
                    None => steps::behind(subject, keepalive, &format!("keepalive_timeout {new}s;")),
                },
                Step::run(subject.nginx_service(backend).reload()),
                Step::advise("or make the backend keep connections longer than NGINX (Node.js: server.keepAliveTimeout = 65000)"),
            ],
        });
    }
    found
}

/// The server blocks of HTTP by their ports: where each listens, and for how many seconds it keeps connections.
fn servers(conf: &Conf) -> HashMap<&str, (&Place, u64)> {
    let mut found = HashMap::new();
    let http = conf.directives.iter().filter(|one| one.name == "http");
    for http in http.filter_map(|http| http.block.as_deref()) {
        let servers = http.iter().filter(|one| one.name == "server");
        for server in servers.filter_map(|server| server.block.as_deref()) {
            let scope = Scope(vec![http, server]);
            let set = scope.find("keepalive_timeout");
            // ngx_http_core_module, keepalive_timeout
            let seconds = set
                .and_then(|set| milliseconds(set.args.first()?))
                .map_or(75, |value| value / 1000);
            for listen in server.iter().filter(|one| one.name == "listen") {
                let port = listen.args.first().and_then(|text| text.rsplit(':').next());
                let port = port.unwrap_or_default();
                found.entry(port).or_insert((&listen.place, seconds));
            }
        }
    }
    found
}

/// The server block of this same NGINX that is the backend.
fn own_server<'c>(
    subject: &Subject<'_>,
    servers: &HashMap<&str, (&'c Place, u64)>,
    backend: &Backend<'_>,
) -> Option<(&'c Place, u64)> {
    match &backend.address {
        Address::Inet(address) if subject.is_own(address.ip()) => {
            servers.get(address.port().to_string().as_str()).copied()
        }
        _ => None,
    }
}

pub(super) fn children(subject: &Subject<'_>) -> Vec<Finding> {
    let found = kept(subject).filter_map(|(backend, upstream, keepalive)| {
        let (fpm, pool) = subject.pools_at(&backend.address).into_iter().next()?;
        let is_kept = backend.uses.iter().any(|of| {
            let found = subject.pass(backend, of).scope.find("fastcgi_keep_conn");
            found.is_some_and(|found| found.args.first().is_some_and(|value| value == "on"))
        });
        let children = pool.number("pm.max_children")?;
        let connections: u64 = keepalive.args.first()?.parse().ok()?;
        let workers = workers(subject, backend);
        (is_kept && connections * workers >= children).then_some((
            backend,
            upstream,
            keepalive,
            fpm,
            pool,
            children,
            connections,
            workers,
        ))
    });
    found
        .map(|(backend, upstream, keepalive, fpm, pool, children, connections, workers)| {
            let fewer = (children / 2 / workers).max(1);
            let mut fix = vec![steps::values(subject, keepalive, &fewer.to_string())];
            fix.push(Step::run(subject.nginx_service(backend).reload()));
            if fewer * workers >= children {
                let more = fewer * workers * 2;
                fix.push(steps::setting(subject, pool, "pm.max_children", &more.to_string()));
                fix.push(Step::run(subject.fpm_service(fpm).reload()));
            }
            Finding {
                check: "keepalive_children",
                severity: Severity::Warning,
                title: format!("idle connections of NGINX can occupy all {children} processes of the pool {}", pool.name),
                evidence: vec![
                    format!("{}: keepalive {connections}; in {}, for each of {workers} workers", keepalive.place, upstream.name),
                    format!("{}: pm.max_children = {children}", pool.place),
                    "fastcgi_keep_conn is on: a process serves one connection, idle or not".to_owned(),
                ],
                consequence: format!("requests of {} wait for a process although all are idle, up to a 504", sites(subject, backend)),
                places: vec![keepalive.place.clone(), pool.place.clone()],
                classes: vec![Class::ResponseTimeout, Class::BacklogFull],
                fix,
            }
        })
        .collect()
}

/// How many workers NGINX has.
fn workers(subject: &Subject<'_>, backend: &Backend<'_>) -> u64 {
    let running = subject.system.processes.as_ref().and_then(|processes| {
        let master = subject.nginx_service(backend).master()?;
        let count = processes.nginx_workers(master).count() as u64;
        (count > 0).then_some(count)
    });
    let conf = subject.nginx[backend.nginx].conf;
    let set = || conf.number("worker_processes");
    running.or_else(set).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::super::machine::{Machine, SITE_FILE};
    use super::*;

    fn app(block: &str) -> Machine {
        let mut machine = Machine::healthy();
        let text = format!(
            "upstream app {{\n    server 127.0.0.1:3000;\n{block}}}\nserver {{\n    location / {{\n        proxy_pass http://app;\n    }}\n}}\n"
        );
        machine.file("/etc/nginx/sites-enabled/app", &text);
        machine.listen("127.0.0.1:3000");
        machine
    }

    #[test]
    fn kept_connections_that_the_backend_closes_are_found_by_events() {
        let mut machine = app("    keepalive 8;\n");
        assert_eq!(machine.findings(), []);
        machine.log(Class::ResponseClosed, "127.0.0.1:3000", 3);
        let finding = machine.only("keepalive_timeout");
        machine.apply(&finding);
        assert_eq!(machine.findings(), []);
        let mut machine = app("");
        machine.log(Class::ResponseClosed, "127.0.0.1:3000", 3);
        assert_eq!(machine.findings(), []);
    }

    #[test]
    fn an_nginx_behind_an_nginx_is_compared() {
        let mut machine = app("    keepalive 8;\n    keepalive_timeout 60s;\n");
        machine.file(
            "/etc/nginx/sites-enabled/inner",
            "server {\n    listen 127.0.0.1:3000;\n    keepalive_timeout 10s;\n}\n",
        );
        let finding = machine.only("keepalive_timeout");
        assert!(
            finding
                .evidence
                .iter()
                .any(|line| line.contains("after 10 s")),
            "{:?}",
            finding.evidence
        );
        machine.apply(&finding);
        assert_eq!(machine.findings(), []);
    }

    #[test]
    fn idle_connections_must_leave_children() {
        let mut machine = Machine::healthy();
        machine.edit(
            SITE_FILE,
            "unix:/run/php/shop.sock;",
            "php;\n        fastcgi_keep_conn on;",
        );
        machine.file(
            "/etc/nginx/sites-enabled/php",
            "upstream php {\n    server unix:/run/php/shop.sock;\n    keepalive 4;\n}\n",
        );
        let finding = machine.only("keepalive_children");
        machine.apply(&finding);
        assert_eq!(machine.findings(), []);
    }
}
