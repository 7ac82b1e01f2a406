use std::net::IpAddr;
use std::path::Path;

use crate::config::Address;
use crate::config::nginx::{Pass, Target};
use crate::taxonomy::Class;

use crate::doctor::checks::counted;
use crate::doctor::finding::{Finding, Severity, Step};
use crate::doctor::nginx::Nginx;
use crate::doctor::steps;
use crate::doctor::subject::Subject;

pub(in crate::doctor::checks) fn resolver_missing(subject: &Subject<'_>) -> Vec<Finding> {
    let classes = &[Class::ResolverMissing];
    let mut found = Vec::new();
    for nginx in &subject.nginx {
        for pass in &nginx.passes {
            let Some(needs) = needs_resolver(nginx, pass) else {
                continue;
            };
            if pass.scope.find("resolver").is_some() {
                continue;
            }
            let directive = pass.directive;
            let mut seen = vec![
                directive.to_string(),
                format!("no resolver is in force there, and {needs}"),
            ];
            seen.extend(
                subject
                    .logged
                    .of_all(classes, None)
                    .map(|seen| counted(subject, &seen)),
            );
            let servers = name_servers(subject);
            found.push(Finding {
                check: "resolver_missing",
                severity: Severity::Critical,
                title: format!("{} needs a resolver, and none is configured", directive.name),
                evidence: seen,
                consequence: "requests that go through it get 502 Bad Gateway".to_owned(),
                places: vec![directive.place.clone()],
                classes: classes.to_vec(),
                fix: vec![
                    steps::behind(subject, directive, &format!("resolver {servers};")),
                    Step::run(subject.service(nginx).reload()),
                    Step::advise(
                        "NGINX does not read /etc/hosts or /etc/resolv.conf for this; an upstream block of that name, or a \
                         name without variables, needs no resolver",
                    ),
                ],
            });
        }
    }
    found
}

/// What of a pass with variables has to be resolved at run time, if anything has. A name and port that a
/// pass without variables has too were resolved when NGINX started (ngx_http_upstream_init_request).
fn needs_resolver(nginx: &Nginx<'_>, pass: &Pass<'_>) -> Option<String> {
    fn needs(target: &Target, is_fixed: &dyn Fn(&Target) -> bool) -> Option<String> {
        match target {
            Target::Address(Address::Name(host, _)) if !is_fixed(target) => {
                Some(format!("the name {host} is resolved at run time"))
            }
            Target::Variable {
                candidates,
                is_open,
            } => candidates
                .iter()
                .find_map(|candidate| needs(candidate, is_fixed))
                .or_else(|| is_open.then(|| "its variables may give a name".to_owned())),
            _ => None,
        }
    }
    let is_fixed = |target: &Target| nginx.passes.iter().any(|other| other.target == *target);
    matches!(pass.target, Target::Variable { .. })
        .then(|| needs(&pass.target, &is_fixed))
        .flatten()
}

/// Whom this machine asks.
fn name_servers(subject: &Subject<'_>) -> String {
    let text = subject
        .system
        .root
        .read(Path::new("/etc/resolv.conf"))
        .unwrap_or_default();
    let servers = text
        .lines()
        .filter_map(|line| line.strip_prefix("nameserver"));
    // NGINX takes no address with a zone (`fe80::1%eth0`).
    let servers = servers.filter_map(|server| server.trim().parse().ok());
    let servers: Vec<String> = servers
        .map(|server| match server {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("[{ip}]"),
        })
        .collect();
    match servers.is_empty() {
        true => "127.0.0.53".to_owned(),
        false => servers.join(" "),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::passing;
    use crate::doctor::checks::machine::SITE_FILE;

    #[test]
    fn variables_need_a_resolver_where_they_may_be_names() {
        for line in [
            "proxy_pass http://$arg_to:3000;",
            "set $to backend.example; proxy_pass http://$to:3000;",
            "proxy_pass http://backend.example:3000$request_uri;",
        ] {
            let mut machine = passing(line);
            let finding = machine.only("resolver_missing");
            machine.apply(&finding);
            assert_eq!(machine.findings(), [], "{line}");
        }
        for line in [
            "proxy_pass http://127.0.0.1:3000$request_uri;",
            "set $to 127.0.0.1:3000; proxy_pass http://$to;",
            "resolver 127.0.0.1; proxy_pass http://$arg_to:3000;",
        ] {
            assert_eq!(passing(line).findings(), [], "{line}");
        }
    }

    #[test]
    fn a_variable_that_gives_an_upstream_block_needs_none() {
        let mut machine = passing("set $to app; proxy_pass http://$to;");
        machine.file(
            "/etc/nginx/sites-enabled/blocks",
            "upstream app { server 127.0.0.1:3000; }\n",
        );
        assert_eq!(machine.findings(), []);
    }

    #[test]
    fn the_proposed_resolver_is_that_of_the_machine() {
        let mut machine = passing("proxy_pass http://$arg_to:3000;");
        machine.file(
            "/etc/resolv.conf",
            "search example\nnameserver 192.0.2.53\nnameserver 2001:db8::53\nnameserver fe80::1%eth0\nnameserver ::1; evil\n",
        );
        let finding = machine.only("resolver_missing");
        machine.apply(&finding);
        let site = std::fs::read_to_string(machine.at("/etc/nginx/sites-enabled/app")).unwrap();
        assert!(
            site.contains("\n        resolver 192.0.2.53 [2001:db8::53];\n"),
            "{site}"
        );
        assert!(machine.at(SITE_FILE).exists());
    }
}
