use std::collections::HashMap;

use crate::config::Address;
use crate::config::nginx::Pass;
use crate::taxonomy::Class;

use super::read_timeout;
use crate::doctor::checks::{counted, seen_at, sites};
use crate::doctor::finding::{Finding, Severity, Step};
use crate::doctor::steps;
use crate::doctor::subject::Subject;

/// Cloudflare's Proxy Read Timeout, by the lower of the two figures in its documentation (100 s, 120 s).
const CLOUDFLARE: u64 = 100;

pub(in crate::doctor::checks) fn chained(subject: &Subject<'_>) -> Vec<Finding> {
    let classes = &[Class::ResponseTimeout];
    let mut found = Vec::new();
    let mut listening: HashMap<_, Vec<_>> = HashMap::new();
    for (number, nginx) in subject.nginx.iter().enumerate() {
        for pass in nginx.passes.iter().filter(|pass| !pass.is_stream) {
            for address in listens(pass) {
                let door = (number, subject.door(&address));
                listening.entry(door).or_default().push((address, pass));
            }
        }
    }
    for backend in subject
        .backends
        .iter()
        .filter(|backend| backend.family == "proxy")
    {
        let door = (backend.nginx, subject.door(&backend.address));
        let inner = listening.get(&door).into_iter().flatten();
        let inner = inner.filter(|(listen, _)| subject.is_at(listen, &backend.address));
        let inner = inner.map(|&(_, pass)| pass);
        let Some(inner) = inner.max_by_key(|pass| read_timeout(pass)) else {
            continue;
        };
        for of in &backend.uses {
            let outer = subject.pass(backend, of);
            let (before, behind) = (read_timeout(outer), read_timeout(inner));
            if outer.is_stream || before >= behind || outer.directive == inner.directive {
                continue;
            }
            let seen = seen_at(subject, backend, classes);
            let mut lines = vec![
                format!(
                    "{}: waits {before} s for {}",
                    outer.directive.place, backend.address
                ),
                format!("{}: which waits {behind} s itself", inner.directive.place),
            ];
            lines.extend(seen.map(|seen| counted(subject, &seen)));
            found.push(Finding {
                check: "chained_timeouts",
                severity: Severity::Notice,
                title: format!("the outer NGINX gives up after {before} s, the inner one after {behind} s"),
                evidence: lines,
                consequence: format!(
                    "a slow request of {} ends with 504 after {before} s, and the inner timeout never matters",
                    sites(subject, backend)
                ),
                places: vec![outer.directive.place.clone(), inner.directive.place.clone()],
                classes: classes.to_vec(),
                fix: vec![
                    steps::directive(subject, outer, "proxy_read_timeout", &format!("{behind}s")),
                    Step::run(subject.nginx_service(backend).reload()),
                ],
            });
            break;
        }
    }
    found
}

/// What the server block of a pass listens on.
fn listens(pass: &Pass<'_>) -> Vec<Address> {
    let listens = pass.scope.find_all("listen").into_iter();
    let texts = listens.filter_map(|listen| listen.args.first());
    let addresses = texts.filter_map(|text| match text.strip_prefix("unix:") {
        Some(path) => Some(Address::Unix(path.into())),
        None => match (text.parse(), text.trim_start_matches("*:").parse()) {
            (Ok(address), _) => Some(Address::Inet(address)),
            (_, Ok(port)) => Some(Address::Port(port)),
            _ => None,
        },
    });
    addresses.collect()
}

pub(in crate::doctor::checks) fn cdn(subject: &Subject<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for nginx in &subject.nginx {
        let Some(sign) = nginx.conf.walk().find(|directive| {
            let text = directive.args.join(" ").to_ascii_lowercase();
            text.contains("cf-connecting-ip") || text.contains("http_cf_")
        }) else {
            continue;
        };
        let slow = nginx
            .passes
            .iter()
            .filter(|pass| !pass.is_stream && read_timeout(pass) > CLOUDFLARE);
        let Some(longest) = slow.max_by_key(|pass| read_timeout(pass)) else {
            continue;
        };
        let (read, name) = (
            read_timeout(longest),
            format!("{}_read_timeout", longest.family),
        );
        found.push(Finding {
            check: "cdn_timeout",
            severity: Severity::Notice,
            title: format!("NGINX waits {read} s, Cloudflare in front of it {CLOUDFLARE} s"),
            evidence: vec![
                sign.to_string(),
                format!("{}: {name} is {read} s", longest.directive.place),
            ],
            consequence: format!(
                "visitors get Cloudflare's 524 after {CLOUDFLARE} s; NGINX logs 499 and no error, and the backend goes on"
            ),
            places: vec![longest.directive.place.clone()],
            classes: vec![Class::ClientAborted],
            fix: vec![
                steps::directive(subject, longest, &name, &format!("{}s", CLOUDFLARE - 5)),
                Step::run(subject.service(nginx).reload()),
                Step::advise(
                    "what has to take longer belongs into a job that the page asks about, or on a host name that Cloudflare does \
                     not proxy; Enterprise plans can raise the limit",
                ),
            ],
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::tests::with;
    use crate::doctor::checks::machine::SITE_FILE;

    #[test]
    fn an_outer_proxy_must_wait_as_long_as_the_inner_one() {
        let mut machine = with(
            "fastcgi_read_timeout 300;",
            "request_terminate_timeout = 300",
        );
        machine.file("/etc/nginx/sites-enabled/outer", "server {\n    listen 443;\n    location / {\n        proxy_pass http://127.0.0.1:80;\n    }\n}\n");
        let finding = machine.only("chained_timeouts");
        machine.apply(&finding);
        assert_eq!(machine.findings(), []);
    }

    #[test]
    fn longer_than_cloudflare_waits_is_too_long() {
        let mut machine = with(
            "fastcgi_read_timeout 300;",
            "request_terminate_timeout = 300",
        );
        assert_eq!(machine.findings(), []);
        machine.edit(
            SITE_FILE,
            "listen 80;",
            "listen 80;\n    real_ip_header CF-Connecting-IP;",
        );
        machine.only("cdn_timeout");
    }
}
