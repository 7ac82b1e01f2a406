use std::collections::BTreeMap;
use std::path::Path;

use crate::config::Address;
use crate::config::nginx::Directive;
use crate::render::quoted;
use crate::taxonomy::Class;

use crate::doctor::checks::{counted, faults, few, sites};
use crate::doctor::finding::{Finding, Severity, Step};
use crate::doctor::nearest::nearest_name;
use crate::doctor::nginx::Nginx;
use crate::doctor::reach::Fault;
use crate::doctor::services::NginxService;
use crate::doctor::steps;
use crate::doctor::subject::Subject;

const AT_START: &[Class] = &[Class::HostNotFound];
const AT_RUN_TIME: &[Class] = &[Class::ResolveFailed, Class::ResolveTimeout];

/// A name without an address, and where it stands.
struct Nameless<'s, 'a> {
    nginx: &'s Nginx<'a>,
    directives: Vec<&'a Directive>,
    /// Whether NGINX asks for it with each request and not when it starts.
    at_run_time: bool,
    sites: String,
}

pub(in crate::doctor::checks) fn unresolved(subject: &Subject<'_>) -> Vec<Finding> {
    let mut found: BTreeMap<(usize, &str), Nameless<'_, '_>> = BTreeMap::new();
    let unresolved = faults(subject, |fault| match fault {
        Fault::Unresolved(name) => Some(name.as_str()),
        _ => None,
    });
    for (backend, name) in unresolved {
        let nameless = found
            .entry((backend.nginx, name))
            .or_insert_with(|| Nameless {
                nginx: &subject.nginx[backend.nginx],
                directives: Vec::new(),
                at_run_time: true,
                sites: sites(subject, backend),
            });
        for of in &backend.uses {
            nameless.at_run_time &= of.at_run_time;
            nameless.directives.push(of.directive);
        }
    }
    // NGINX asks for the servers of blocks that nobody uses as well.
    for (number, nginx) in subject.nginx.iter().enumerate() {
        for server in nginx
            .upstreams
            .iter()
            .flat_map(|upstream| &upstream.servers)
        {
            let Address::Name(host, _) = &server.address else {
                continue;
            };
            let is_down = subject.names.get(host).is_some_and(Vec::is_empty);
            let at_run_time = server.has("resolve");
            if is_down && !at_run_time {
                let nameless = found.entry((number, host)).or_insert_with(|| Nameless {
                    nginx,
                    directives: Vec::new(),
                    at_run_time: true,
                    sites: String::new(),
                });
                nameless.at_run_time = false;
                nameless.directives.push(server.directive);
            }
        }
    }
    let found = found.into_iter();
    found
        .map(|((_, name), nameless)| not_found(subject, name, nameless))
        .collect()
}

fn not_found(subject: &Subject<'_>, name: &str, mut nameless: Nameless<'_, '_>) -> Finding {
    nameless
        .directives
        .sort_by_key(|directive| &directive.place);
    nameless
        .directives
        .dedup_by_key(|directive| &directive.place);
    let (classes, consequence) = match nameless.at_run_time {
        true => (AT_RUN_TIME, format!("what {} passes there gets 502 Bad Gateway", nameless.sites)),
        false => (
            AT_START,
            "NGINX refuses to start or to reload with it: an old one goes on with its old configuration, a reboot leaves \
             every site down"
                .to_owned(),
        ),
    };
    let mut seen = vec![format!(
        "no address for {name} (getent ahosts {})",
        quoted(name)
    )];
    seen.extend(few(nameless.directives.iter().map(ToString::to_string)));
    let events = subject.logged.of_name(name, classes);
    seen.extend(events.map(|seen| counted(subject, &seen)));
    let (why, mut fix) = match near(subject, name) {
        Some(near) => {
            let directives = nameless.directives.iter();
            let renamed = directives.map(|directive| steps::word(subject, directive, name, &near));
            (format!("; {near} is near"), renamed.collect())
        }
        None => (
            String::new(),
            vec![Step::advise(
                "correct the name, make it known in DNS, or write it into /etc/hosts; cat /etc/resolv.conf shows whom this \
                 machine asks",
            )],
        ),
    };
    fix.push(Step::run(
        NginxService::new(subject.system, nameless.nginx.file).reload(),
    ));
    Finding {
        check: "name_unresolved",
        severity: Severity::Critical,
        title: format!("the name {name} stands for no address{why}"),
        evidence: seen,
        consequence,
        places: nameless
            .directives
            .iter()
            .map(|directive| directive.place.clone())
            .collect(),
        classes: classes.to_vec(),
        fix,
    }
}

/// The name that was most likely meant, of those that have addresses.
fn near(subject: &Subject<'_>, name: &str) -> Option<String> {
    let hosts = subject
        .system
        .root
        .read(Path::new("/etc/hosts"))
        .unwrap_or_default();
    let lines = hosts
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default());
    let known = lines.flat_map(|line| line.split_whitespace().skip(1));
    let others = subject.names.iter().filter(|(_, ips)| !ips.is_empty());
    let others = others.map(|(other, _)| other.as_str());
    let found = nearest_name(name, known.chain(others).filter(|other| *other != name));
    found.map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::super::tests::passing;
    use crate::doctor::checks::machine::Machine;

    #[test]
    fn a_name_that_stands_for_nothing_is_corrected() {
        let mut machine = passing("proxy_pass http://localhots:3000;");
        machine
            .known
            .names
            .insert("localhots".to_owned(), Vec::new());
        let finding = machine.only("name_unresolved");
        assert!(
            finding.consequence.contains("refuses to start"),
            "{}",
            finding.consequence
        );
        machine.apply(&finding);
        assert_eq!(machine.findings(), []);
    }

    #[test]
    fn nginx_asks_for_servers_that_no_pass_uses() {
        let mut machine = Machine::healthy();
        machine.file(
            "/etc/nginx/sites-enabled/a",
            "upstream old {\n    server gone.example:3000;\n}\n",
        );
        machine
            .known
            .names
            .insert("gone.example".to_owned(), Vec::new());
        let finding = machine.only("name_unresolved");
        assert_eq!(
            finding.places[0].to_string(),
            "/etc/nginx/sites-enabled/a:2"
        );
    }

    #[test]
    fn a_name_that_was_not_looked_up_is_not_judged() {
        assert_eq!(
            passing("proxy_pass http://backend.example:3000;").findings(),
            []
        );
    }
}
