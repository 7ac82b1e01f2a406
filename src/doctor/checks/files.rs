use crate::config::directives::fact;
use crate::config::nginx::Conf;
use crate::config::{Place, Problem};
use crate::doctor::finding::{Finding, Severity, Step};
use crate::doctor::services::NginxService;
use crate::doctor::subject::Subject;

/// What cannot be read of a configuration, though its file may be.
pub(super) fn broken(subject: &Subject<'_>) -> Vec<Finding> {
    let nginx = subject.nginx.iter().map(|nginx| {
        let test = NginxService::new(subject.system, nginx.file).test();
        let problems = nginx
            .conf
            .problems
            .iter()
            .cloned()
            .chain(unterminated(nginx.conf));
        ("NGINX", problems.collect(), test)
    });
    let fpms = subject.fpms.iter().map(|fpm| {
        let test = subject.fpm_service(fpm).test();
        ("PHP-FPM", fpm.problems.clone(), test)
    });
    let configurations: Vec<(&str, Vec<Problem>, String)> = nginx.chain(fpms).collect();
    let broken = configurations.into_iter().filter_map(|(program, mut wrong, test)| {
        wrong.retain(|problem| !problem.is_denied);
        let place = |problem: &Problem| Place {
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

/// Directives that have taken what follows for theirs, for want of a semicolon.
fn unterminated(conf: &Conf) -> impl Iterator<Item = Problem> {
    let with_block = conf.walk().filter(|directive| directive.block.is_some());
    let unterminated = with_block.filter(|directive| {
        let name = directive.name.as_str();
        let is_known = fact(name).is_some_and(|fact| fact.of == "nginx");
        is_known && !BLOCKS.contains(&name)
    });
    unterminated.map(|directive| {
        let what = format!(
            "\"{}\" takes no block: is a semicolon missing?",
            directive.name
        );
        Problem::at(&directive.place, what)
    })
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
}
