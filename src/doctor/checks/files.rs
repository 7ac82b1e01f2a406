use super::settings::refused;
use crate::config::directives::fact;
use crate::config::fpm::Fpm;
use crate::config::nginx::Conf;
use crate::config::{Place, Problem};
use crate::doctor::finding::{Finding, Severity, Step};
use crate::doctor::reach::Fault;
use crate::doctor::subject::Subject;

/// A configuration, and the program that is to read it.
struct Read {
    program: &'static str,
    problems: Vec<Problem>,
    /// What says what the program makes of it.
    test: String,
    /// Whether it does not run, or not with all of it, which this may be the cause of.
    is_stopped: bool,
}

/// What cannot be read of a configuration, though its file may be.
pub(super) fn broken(subject: &Subject<'_>) -> Vec<Finding> {
    let is_seen = subject.system.processes.is_some();
    let nginx = subject.nginx.iter().map(|nginx| {
        let service = subject.service(nginx);
        let problems = nginx.conf.problems.iter().cloned();
        Read {
            program: "NGINX",
            problems: problems.chain(unterminated(nginx.conf)).collect(),
            test: service.test(),
            is_stopped: is_seen && !nginx.conf.is_dump && service.master().is_none(),
        }
    });
    let fpms = subject.fpms.iter().map(|fpm| {
        let service = subject.fpm_service(fpm);
        Read {
            program: "PHP-FPM",
            problems: fpm.problems.iter().cloned().chain(refused(fpm)).collect(),
            test: service.test(),
            is_stopped: is_seen && (service.master().is_none() || lacks_pools(subject, fpm)),
        }
    });
    nginx.chain(fpms).filter_map(finding).collect()
}

fn lacks_pools(subject: &Subject<'_>, fpm: &Fpm) -> bool {
    let mut faults = subject.faults.iter();
    faults.any(|(_, fault)| matches!(fault, Fault::PoolNotRunning(of, _) if of.conf == fpm.conf))
}

fn finding(read: Read) -> Option<Finding> {
    let Read {
        program,
        problems,
        test,
        is_stopped,
    } = read;
    let wrong = problems.iter().filter(|problem| !problem.is_denied);
    let wrong: Vec<&Problem> = wrong.collect();
    let place = |problem: &&Problem| Place {
        file: problem.file.clone(),
        line: problem.line.unwrap_or(1),
    };
    (!wrong.is_empty()).then(|| Finding {
        check: "config_broken",
        severity: if is_stopped {
            Severity::Critical
        } else {
            Severity::Warning
        },
        title: format!("{program} may refuse its configuration"),
        evidence: wrong.iter().map(ToString::to_string).collect(),
        consequence: match program {
            "PHP-FPM" => "a reload or a restart may end it with all of its pools",
            _ => "it may not start again, and a reload is without effect",
        }
        .to_owned(),
        places: wrong.iter().map(place).collect(),
        classes: Vec::new(),
        fix: vec![Step::advise(format!(
            "{test} says what {program} makes of it"
        ))],
    })
}

/// Directives that have taken what follows for theirs, for want of a semicolon.
fn unterminated(conf: &Conf) -> impl Iterator<Item = Problem> {
    conf.walk().filter_map(|directive| {
        let name = directive.name.as_str();
        let is_known = || fact(name).is_some_and(|fact| fact.of == "nginx");
        let what = if directive.block.is_some() && !BLOCKS.contains(&name) && is_known() {
            "takes no block"
        } else if takes_one(name) && directive.args.len() > 1 {
            "takes one argument"
        } else {
            return None;
        };
        let what = format!("\"{name}\" {what}: is a semicolon missing?");
        Some(Problem::at(&directive.place, what))
    })
}

fn takes_one(name: &str) -> bool {
    let endings = [
        "_pass",
        "_read_timeout",
        "_send_timeout",
        "_connect_timeout",
    ];
    ["root", "alias", "include"].contains(&name)
        || endings.iter().any(|ending| name.ends_with(ending))
}

/// Those of the table of settings that take one.
const BLOCKS: [&str; 8] = [
    "geo",
    "if",
    "limit_except",
    "location",
    "map",
    "server",
    "split_clients",
    "upstream",
];

#[cfg(test)]
mod tests {
    use crate::doctor::checks::machine::{Machine, POOL_FILE, SITE_FILE};
    use crate::doctor::finding::Severity;

    #[test]
    fn a_file_that_is_included_and_missing_is_said() {
        let mut machine = Machine::healthy();
        machine.edit(
            SITE_FILE,
            "listen 80;",
            "listen 80;\n    include snippets/gone.conf;",
        );
        let finding = machine.only("config_broken");
        assert_eq!(finding.places[0].to_string(), format!("{SITE_FILE}:3"));
        assert!(
            finding.evidence[0].contains("snippets/gone.conf"),
            "{:?}",
            finding.evidence
        );
    }

    #[test]
    fn what_php_fpm_would_refuse_is_said() {
        let mut machine = Machine::healthy();
        machine.edit(
            POOL_FILE,
            "pm = dynamic",
            "pm = dynamic\nthis is no setting",
        );
        assert_eq!(machine.only("config_broken").severity, Severity::Warning);
        machine.kill("php-fpm: ");
        machine.deafen("/run/php/shop.sock");
        let finding = machine.findings().remove(0);
        assert_eq!(
            (finding.check, finding.severity),
            ("config_broken", Severity::Critical)
        );
    }

    #[test]
    fn a_semicolon_that_is_missing_before_a_block_is_missed() {
        let mut machine = Machine::healthy();
        machine.edit(SITE_FILE, "server_name shop.example;", "root /var/www");
        let finding = machine.findings().remove(0);
        assert_eq!(
            (finding.check, finding.places[0].line),
            ("config_broken", 3)
        );
    }

    #[test]
    fn a_semicolon_that_is_missing_before_another_directive_is_missed() {
        let mut machine = Machine::healthy();
        machine.edit(
            SITE_FILE,
            "shop.sock;",
            "shop.sock\n        include fastcgi.conf;",
        );
        let finding = machine.findings().remove(0);
        assert_eq!(
            (finding.check, finding.places[0].line),
            ("config_broken", 5)
        );
    }
}
