use crate::config::Address;
use crate::config::nginx::Server;
use crate::taxonomy::Class;

use super::counted;
use crate::doctor::finding::{Finding, Severity, Step};
use crate::doctor::steps;
use crate::doctor::subject::Subject;

pub(super) fn single_server(subject: &Subject<'_>) -> Vec<Finding> {
    let classes = &[Class::NoLiveUpstreams, Class::PeerDisabled];
    let mut found = Vec::new();
    for nginx in &subject.nginx {
        for upstream in &nginx.upstreams {
            let [server] = upstream.servers.as_slice() else {
                continue;
            };
            let addresses = match &server.address {
                Address::Name(host, _) => subject.names.get(host).map_or(1, Vec::len),
                _ => 1,
            };
            let parameter = |name: &str| {
                server
                    .directive
                    .args
                    .iter()
                    .find(|arg| arg.starts_with(name))
                    .cloned()
            };
            let parameters: Vec<String> = [parameter("max_fails="), parameter("fail_timeout=")]
                .into_iter()
                .flatten()
                .collect();
            let switched_off = parameters
                .iter()
                .any(|parameter| parameter == "max_fails=0");
            let since = subject.changed([&server.directive.place]);
            let seen = subject.logged.of_upstream(upstream.name, classes, since);
            let place = &server.directive.place;
            let line = format!(
                "{place}: server {}; the only one of {}",
                server.directive.args.join(" "),
                upstream.name
            );
            if addresses > 1 && seen.is_some() && !switched_off {
                let old = server.directive.args.first().map_or("", String::as_str);
                let mut lines = vec![
                    line,
                    format!("{old} stands for {addresses} addresses, so max_fails counts for each"),
                ];
                lines.extend(seen.map(|seen| counted(subject, &seen)));
                found.push(Finding {
                    check: "single_server",
                    severity: Severity::Warning,
                    title: format!("one server with {addresses} addresses: after a failure of each, {} has no live upstream", upstream.name),
                    evidence: lines,
                    consequence: "for 10 s (fail_timeout) every request gets 502 Bad Gateway without a try".to_owned(),
                    places: vec![place.clone()],
                    classes: classes.to_vec(),
                    fix: vec![
                        steps::argument(subject, server.directive, old, &format!("{old} max_fails=0")),
                        Step::run(subject.service(nginx).reload()),
                    ],
                });
            } else if addresses == 1 && !parameters.is_empty() && !switched_off {
                found.push(Finding {
                    check: "single_server",
                    severity: Severity::Notice,
                    title: format!("{} has no effect in {}, which has one server", parameters.join(" "), upstream.name),
                    evidence: vec![line],
                    consequence: "the server is tried with every request, however often it failed; a second one is needed to step in"
                        .to_owned(),
                    places: vec![place.clone()],
                    classes: classes.to_vec(),
                    fix: vec![
                        steps::argument(subject, server.directive, &format!(" {}", parameters.join(" ")), ""),
                        Step::run(subject.service(nginx).reload()),
                    ],
                });
            }
        }
    }
    found
}

/// A block that is left over from maintenance.
pub(super) fn all_down(subject: &Subject<'_>) -> Vec<Finding> {
    let classes = &[Class::NoLiveUpstreams];
    let mut found = Vec::new();
    for nginx in &subject.nginx {
        for upstream in &nginx.upstreams {
            if upstream.servers.is_empty()
                || !upstream.servers.iter().all(|server| server.has("down"))
            {
                continue;
            }
            let names_it = |name: &str| name == upstream.name;
            let is_used = nginx.passes.iter().any(|pass| {
                pass.is_stream == upstream.is_stream && pass.target.blocks().any(names_it)
            });
            if !is_used {
                continue;
            }
            let mut evidence: Vec<String> = upstream
                .servers
                .iter()
                .map(|server| server.directive.to_string())
                .collect();
            let since = subject.changed([&upstream.directive.place]);
            let seen = subject.logged.of_upstream(upstream.name, classes, since);
            evidence.extend(seen.map(|seen| counted(subject, &seen)));
            let up = |server: &Server<'_>| {
                let args = server.directive.args.iter().filter(|arg| *arg != "down");
                let args: Vec<&str> = args.map(String::as_str).collect();
                steps::values(subject, server.directive, &args.join(" "))
            };
            let mut fix: Vec<Step> = upstream.servers.iter().map(up).collect();
            fix.push(Step::run(subject.service(nginx).reload()));
            found.push(Finding {
                check: "all_down",
                severity: Severity::Warning,
                title: format!("every server of {} is marked as down", upstream.name),
                evidence,
                consequence:
                    "every request to it gets 502 Bad Gateway without a try (no live upstreams)"
                        .to_owned(),
                places: upstream
                    .servers
                    .iter()
                    .map(|server| server.directive.place.clone())
                    .collect(),
                classes: classes.to_vec(),
                fix,
            });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::machine::Machine;
    use super::*;

    fn app(server: &str) -> Machine {
        let mut machine = Machine::healthy();
        let text = format!(
            "upstream app {{\n    server {server};\n}}\nserver {{\n    location / {{\n        proxy_pass http://app;\n    }}\n}}\n"
        );
        machine.file("/etc/nginx/sites-enabled/app", &text);
        machine.listen("127.0.0.1:3000");
        machine.listen("[::1]:3000");
        machine.known.own.push("2001:db8::1".parse().unwrap());
        machine.known.names.insert(
            "localhost".to_owned(),
            vec!["127.0.0.1".parse().unwrap(), "::1".parse().unwrap()],
        );
        machine
    }

    #[test]
    fn max_fails_needs_a_second_server() {
        let mut machine = app("127.0.0.1:3000 max_fails=3 fail_timeout=30s");
        let finding = machine.only("single_server");
        machine.apply(&finding);
        assert_eq!(machine.findings(), []);
        assert_eq!(app("127.0.0.1:3000 max_fails=0").findings(), []);
    }

    #[test]
    fn a_name_with_two_addresses_is_two_servers() {
        let mut machine = app("localhost:3000");
        assert_eq!(machine.findings(), []);
        machine.log(Class::NoLiveUpstreams, "app", 12);
        let finding = machine.only("single_server");
        machine.apply(&finding);
        assert_eq!(machine.findings(), []);
    }

    #[test]
    fn a_block_whose_servers_are_all_down_is_said() {
        let mut machine = app("127.0.0.1:3000 down;\n    server [::1]:3000 backup down");
        let finding = machine.only("all_down");
        machine.apply(&finding);
        assert_eq!(machine.findings(), []);
        assert_eq!(
            app("127.0.0.1:3000 down;\n    server [::1]:3000").findings(),
            []
        );
    }
}
