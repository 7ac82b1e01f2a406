use crate::taxonomy::Class;

use super::execution::execution;
use super::{SLACK, pairs, severity};
use crate::doctor::checks::{children, counted, sites};
use crate::doctor::finding::{Finding, Step};
use crate::doctor::steps;
use crate::doctor::subject::Subject;

pub(in crate::doctor::checks) fn terminate_first(subject: &Subject<'_>) -> Vec<Finding> {
    let classes = &[Class::ResponseReset, Class::ResponseClosed];
    let short = pairs(subject)
        .into_iter()
        .filter(|pair| pair.terminate > 0 && pair.terminate < pair.read);
    short.into_iter()
        .map(|pair| {
            let mut seen = vec![pair.pool_says(), pair.nginx_says()];
            let events = pair.seen(subject, classes);
            seen.extend(events.iter().map(|events| counted(subject, events)));
            let (terminate, read) = (pair.terminate, pair.read);
            Finding {
                check: "terminate_before_read_timeout",
                severity: severity(events.as_ref()),
                title: format!(
                    "the pool {} kills requests after {terminate} s, NGINX would wait {read} s",
                    pair.pool.name
                ),
                evidence: seen,
                consequence: format!(
                    "a request of {} that takes longer than {terminate} s gets 502 Bad Gateway, as if PHP had crashed, and not 504",
                    sites(subject, pair.backend)
                ),
                places: pair.places(),
                classes: classes.to_vec(),
                fix: vec![
                    steps::setting(subject, pair.pool, "request_terminate_timeout", &format!("{read}s")),
                    Step::run(subject.fpm_service(pair.fpm).reload()),
                    Step::advise(format!(
                        "if {terminate} s are meant, set fastcgi_read_timeout {terminate}s instead: then visitors get an honest 504"
                    )),
                ],
            }
        })
        .collect()
}

pub(in crate::doctor::checks) fn read_timeout_first(subject: &Subject<'_>) -> Vec<Finding> {
    let classes = &[Class::ResponseTimeout, Class::BodyTimeout];
    let long = pairs(subject)
        .into_iter()
        .filter(|pair| match pair.terminate {
            // Where requests waited for a process, another limit changes nothing.
            0 => {
                pair.seen(subject, classes).is_some()
                    && children::complaint(subject, pair.fpm, pair.pool).is_none()
            }
            terminate => terminate > pair.read + SLACK,
        });
    long.into_iter()
        .map(|pair| {
            let mut seen = vec![pair.nginx_says(), pair.pool_says()];
            let events = pair.seen(subject, classes);
            seen.extend(events.iter().map(|events| counted(subject, events)));
            let (terminate, read) = (pair.terminate, pair.read);
            // Scripts that are given more time are to have it.
            let bound = execution(&pair).map_or(read, |(limit, _)| limit.max(read));
            let ends = match terminate {
                0 => "never".to_owned(),
                _ => format!("only after {terminate} s"),
            };
            let service = subject.fpm_service(pair.fpm);
            let fix = match terminate {
                // Nobody says how long a request may take: what NGINX waits is the only bound.
                0 => vec![
                    steps::setting(subject, pair.pool, "request_terminate_timeout", &format!("{bound}s")),
                    Step::run(service.reload()),
                    Step::advise(
                        "the requests themselves are slow: request_slowlog_timeout = 10s and slowlog in the pool write where each one \
                         hangs; raise fastcgi_read_timeout only if they are meant to take so long",
                    ),
                ],
                _ => vec![
                    steps::directive(subject, pair.pass, "fastcgi_read_timeout", &format!("{terminate}s")),
                    Step::run(subject.nginx_service(pair.backend).reload()),
                    Step::advise(format!(
                        "if visitors are not to wait {terminate} s, set request_terminate_timeout = {read}s in the pool instead"
                    )),
                ],
            };
            Finding {
                check: "read_timeout_before_terminate",
                severity: severity(events.as_ref()),
                title: format!(
                    "NGINX gives up on the pool {} after {read} s, PHP-FPM ends the request {ends}",
                    pair.pool.name
                ),
                evidence: seen,
                consequence: format!(
                    "a request of {} that takes longer than {read} s gets 504 Gateway Time-out, and its process stays occupied",
                    sites(subject, pair.backend)
                ),
                places: pair.places(),
                classes: classes.to_vec(),
                fix,
            }
        })
        .collect()
}
#[cfg(test)]
mod tests {
    use super::super::tests::{PEER, with};
    use super::*;

    #[test]
    fn a_pool_that_kills_before_nginx_gives_up_is_found() {
        for (nginx, pool) in [
            ("", "request_terminate_timeout = 30"),
            ("fastcgi_read_timeout 5m;", "request_terminate_timeout = 1m"),
        ] {
            let mut machine = with(nginx, pool);
            machine.log(Class::ResponseReset, PEER, 3);
            let finding = machine.only("terminate_before_read_timeout");
            assert!(
                finding
                    .evidence
                    .iter()
                    .any(|line| line.starts_with("3 events"))
            );
            assert_eq!(
                machine.apply(&finding),
                ["php-fpm8.2 -t && systemctl reload php8.2-fpm"]
            );
            machine.rows.clear();
            assert_eq!(machine.findings(), [], "{nginx}");
        }
    }

    #[test]
    fn a_pool_that_goes_on_long_after_nginx_is_found() {
        let mut machine = with(
            "fastcgi_read_timeout 20s;",
            "request_terminate_timeout = 120",
        );
        let finding = machine.only("read_timeout_before_terminate");
        assert_eq!(
            machine.apply(&finding),
            ["nginx -t && systemctl reload nginx"]
        );
        assert_eq!(machine.findings(), []);
    }

    #[test]
    fn without_a_bound_it_takes_events() {
        let mut machine = with("", "");
        assert_eq!(machine.findings(), []);
        machine.log(Class::ResponseTimeout, PEER, 3);
        let finding = machine.only("read_timeout_before_terminate");
        machine.apply(&finding);
        assert_eq!(machine.findings(), []);
    }
}
