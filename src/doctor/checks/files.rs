use crate::config::{Place, Problem};
use crate::doctor::finding::{Finding, Severity, Step};
use crate::doctor::services::NginxService;
use crate::doctor::subject::Subject;

/// What cannot be read of a configuration, though its file may be.
pub(super) fn broken(subject: &Subject<'_>) -> Vec<Finding> {
    let nginx = subject.nginx.iter().map(|nginx| {
        let test = NginxService::new(subject.system, nginx.file).test();
        ("NGINX", &nginx.conf.problems, test)
    });
    let fpms = subject.fpms.iter().map(|fpm| {
        let service = subject.fpm_service(fpm);
        ("PHP-FPM", &fpm.problems, service.test())
    });
    let configurations = nginx.chain(fpms);
    let broken = configurations.filter_map(|(program, problems, test)| {
        let wrong: Vec<&Problem> = problems.iter().filter(|problem| !problem.is_denied).collect();
        let place = |problem: &&Problem| Place {
            file: problem.file.clone(),
            line: problem.line.unwrap_or(1),
        };
        (!wrong.is_empty()).then(|| Finding {
            check: "config_broken",
            severity: Severity::Warning,
            title: format!("the configuration of {program} cannot be read whole"),
            evidence: wrong.iter().map(ToString::to_string).collect(),
            consequence: format!(
                "{program} may refuse to start or to reload with it; what stands there is not checked here"
            ),
            places: wrong.iter().map(place).collect(),
            classes: Vec::new(),
            fix: vec![Step::advise(format!("{test} says what {program} makes of it"))],
        })
    });
    broken.collect()
}

#[cfg(test)]
mod tests {
    use crate::doctor::checks::machine::{Machine, POOL_FILE, SITE_FILE};

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
        machine.only("config_broken");
    }
}
