use crate::taxonomy::Class;

use super::{Pair, SLACK, pairs};
use crate::doctor::checks::sites;
use crate::doctor::finding::{Finding, Severity, Step};
use crate::doctor::steps;
use crate::doctor::subject::Subject;

/// What `php.ini` comes with. Only who has raised it expects scripts to run so long.
const EXECUTION_TIME: u64 = 30;

/// What bounds a script's time: the setting, in seconds, and where it stands.
pub(super) fn execution(pair: &Pair<'_, '_>) -> Option<(u64, String)> {
    configured(pair).filter(|(limit, _)| *limit > EXECUTION_TIME)
}

fn configured(pair: &Pair<'_, '_>) -> Option<(u64, String)> {
    // What NGINX sends is stronger than php.ini, what the pool decides is stronger than both.
    let in_pool = [
        "php_admin_value[max_execution_time]",
        "php_value[max_execution_time]",
    ];
    let in_pool = in_pool.iter().find_map(|key| pair.pool.find(key));
    if let Some(setting) = in_pool {
        return Some((setting.value.parse().ok()?, setting.to_string()));
    }
    let params = pair.pass.scope.find_all("fastcgi_param");
    for param in params {
        let [name, value, ..] = param.args.as_slice() else {
            continue;
        };
        if name != "PHP_VALUE" && name != "PHP_ADMIN_VALUE" {
            continue;
        }
        let line = value
            .lines()
            .find_map(|line| line.trim().strip_prefix("max_execution_time"));
        if let Some(value) =
            line.and_then(|rest| rest.trim_start_matches([' ', '=']).trim().parse().ok())
        {
            return Some((
                value,
                format!("{}: {name} max_execution_time={value}", param.place),
            ));
        }
    }
    let setting = pair
        .fpm
        .ini
        .iter()
        .rfind(|setting| setting.key == "max_execution_time")?;
    Some((setting.value.parse().ok()?, setting.to_string()))
}

pub(in crate::doctor::checks) fn execution_time(subject: &Subject<'_>) -> Vec<Finding> {
    let found = pairs(subject).into_iter().filter_map(|pair| {
        let (limit, says) = execution(&pair)?;
        // request_terminate_timeout ends it before.
        let is_ended = pair.terminate > 0 && pair.terminate <= pair.read + SLACK;
        if limit <= pair.read || is_ended {
            return None;
        }
        Some(Finding {
            check: "execution_time",
            severity: Severity::Notice,
            title: format!(
                "scripts of the pool {} may run {limit} s, NGINX waits {} s",
                pair.pool.name, pair.read
            ),
            evidence: vec![says, pair.nginx_says()],
            consequence: format!(
                "a script of {} that uses the time it is given gets 504 Gateway Time-out; raising max_execution_time \
                 further changes nothing",
                sites(subject, pair.backend)
            ),
            places: pair.places(),
            classes: vec![Class::ResponseTimeout],
            fix: vec![
                steps::directive(subject, pair.pass, "fastcgi_read_timeout", &format!("{limit}s")),
                Step::run(subject.nginx_service(pair.backend).reload()),
                Step::advise(
                    "max_execution_time counts the processor's time on Linux, not what a script waits for a database; only \
                     request_terminate_timeout bounds the whole",
                ),
            ],
        })
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::with;

    #[test]
    fn scripts_may_not_run_longer_than_nginx_waits() {
        let mut machine = with("", "");
        machine.edit("/etc/php/8.2/fpm/php.ini", "= 30", "= 300");
        let finding = machine.only("execution_time");
        machine.apply(&finding);
        assert_eq!(machine.findings(), []);
        let machine = with("", "php_admin_value[max_execution_time] = 120");
        machine.only("execution_time");
        let machine = with("fastcgi_param PHP_VALUE \"max_execution_time=90\";", "");
        machine.only("execution_time");
        let machine = with(
            "",
            "php_admin_value[max_execution_time] = 120\nrequest_terminate_timeout = 60",
        );
        assert_eq!(machine.findings(), []);
    }
}
