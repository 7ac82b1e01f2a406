use crate::config::fpm::{self, Fpm, Pool, Setting};
use crate::config::nginx::{Pass, milliseconds};
use crate::config::{Address, Place};
use crate::taxonomy::Class;

use super::super::finding::{Finding, Severity, Step};
use super::super::logged::Seen;
use super::super::services::NginxService;
use super::super::steps;
use super::super::subject::{Backend, Subject};
use super::{children, counted, seen_at, sites};

/// `fastcgi_read_timeout`, `proxy_read_timeout` and the like (ngx_http_fastcgi_module and its kin).
const READ_TIMEOUT: u64 = 60;
/// What `php.ini` comes with. Only who has raised it expects scripts to run so long.
const EXECUTION_TIME: u64 = 30;
/// Longer than this after NGINX a process must not go on.
const SLACK: u64 = 30;
/// Cloudflare's Proxy Read Timeout, by the lower of the two figures in its documentation (100 s, 120 s).
const CLOUDFLARE: u64 = 100;

/// A FastCGI pass and the pool behind it.
struct Pair<'s, 'a> {
    backend: &'s Backend<'a>,
    pass: &'s Pass<'a>,
    fpm: &'a Fpm,
    pool: &'a Pool,
    /// In seconds.
    read: u64,
    /// In seconds; 0 is never.
    terminate: u64,
}

fn pairs<'s, 'a>(subject: &'s Subject<'a>) -> Vec<Pair<'s, 'a>> {
    let backends = subject
        .backends
        .iter()
        .filter(|backend| backend.family == "fastcgi");
    let mut pairs = Vec::new();
    for backend in backends {
        let Some((fpm, pool)) = subject.pools_at(&backend.address).into_iter().next() else {
            continue;
        };
        let terminate = pool
            .find("request_terminate_timeout")
            .and_then(|setting| fpm::seconds(&setting.value));
        for of in &backend.uses {
            let pass = subject.pass(backend, of);
            pairs.push(Pair {
                backend,
                pass,
                fpm,
                pool,
                read: read_timeout(pass),
                terminate: terminate.unwrap_or(0),
            });
        }
    }
    pairs
}

/// How long NGINX waits at a pass, in seconds.
fn read_timeout(pass: &Pass<'_>) -> u64 {
    let found = pass.scope.find(&format!("{}_read_timeout", pass.family));
    let value = found.and_then(|directive| milliseconds(directive.args.first()?));
    value.map_or(READ_TIMEOUT, |value| value.div_ceil(1000))
}

impl Pair<'_, '_> {
    /// `/etc/nginx/sites-enabled/shop:14: fastcgi_read_timeout 60s`
    fn nginx_says(&self) -> String {
        match self.pass.scope.find("fastcgi_read_timeout") {
            Some(directive) => format!(
                "{}: fastcgi_read_timeout {};",
                directive.place,
                directive.args.join(" ")
            ),
            None => format!(
                "{}: fastcgi_read_timeout is not set: 60s",
                self.pass.directive.place
            ),
        }
    }

    fn pool_says(&self) -> String {
        match self.pool.find("request_terminate_timeout") {
            Some(Setting { place, value, .. }) => {
                format!("{place}: request_terminate_timeout = {value}")
            }
            None => format!(
                "{}: request_terminate_timeout is not set: never",
                self.pool.place
            ),
        }
    }

    fn places(&self) -> Vec<Place> {
        vec![self.pass.directive.place.clone(), self.pool.place.clone()]
    }

    /// Events since either side was changed last.
    fn seen(&self, subject: &Subject<'_>, classes: &[Class]) -> Option<Seen> {
        let since = subject.changed(&self.places());
        subject.logged.of_peer(
            |peer| subject.is_at(&self.backend.address, peer),
            classes,
            since,
        )
    }
}

/// Two limits that contradict each other do no harm until a request is so slow.
fn severity(events: Option<&Seen>) -> Severity {
    match events {
        Some(_) => Severity::Warning,
        None => Severity::Notice,
    }
}

/// One finding for each pool, whatever number of passes leads to it.
fn once_per_pool<'s, 'a>(pairs: impl IntoIterator<Item = Pair<'s, 'a>>) -> Vec<Pair<'s, 'a>> {
    let mut kept: Vec<Pair<'s, 'a>> = Vec::new();
    for pair in pairs {
        if !kept.iter().any(|other| other.pool.place == pair.pool.place) {
            kept.push(pair);
        }
    }
    kept
}

pub(super) fn terminate_first(subject: &Subject<'_>) -> Vec<Finding> {
    let classes = &[Class::ResponseReset, Class::ResponseClosed];
    let short = pairs(subject)
        .into_iter()
        .filter(|pair| pair.terminate > 0 && pair.terminate < pair.read);
    once_per_pool(short)
        .into_iter()
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

pub(super) fn read_timeout_first(subject: &Subject<'_>) -> Vec<Finding> {
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
    once_per_pool(long)
        .into_iter()
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

/// What bounds a script's time: the setting, in seconds, and where it stands.
fn execution(pair: &Pair<'_, '_>) -> Option<(u64, String)> {
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
        let value = setting.value.parse().ok()?;
        return Some((
            value,
            format!("{}: {} = {value}", setting.place, setting.key),
        ));
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
    let value = setting.value.parse().ok()?;
    Some((
        value,
        format!("{}: max_execution_time = {value}", setting.place),
    ))
}

pub(super) fn execution_time(subject: &Subject<'_>) -> Vec<Finding> {
    let long = pairs(subject).into_iter().filter_map(|pair| {
        let (limit, says) = execution(&pair)?;
        // request_terminate_timeout ends it before.
        let is_ended = pair.terminate > 0 && pair.terminate <= pair.read + SLACK;
        (limit > pair.read && !is_ended).then_some((pair, (limit, says)))
    });
    let (pairs, limits): (Vec<_>, Vec<_>) = long.unzip();
    let limits: Vec<_> = pairs
        .iter()
        .map(|pair| pair.pool.place.clone())
        .zip(limits)
        .collect();
    once_per_pool(pairs)
        .into_iter()
        .filter_map(|pair| {
            let (_, (limit, says)) = limits.iter().find(|(place, _)| *place == pair.pool.place)?;
            Some(Finding {
                check: "execution_time",
                severity: Severity::Notice,
                title: format!(
                    "scripts of the pool {} may run {limit} s, NGINX waits {} s",
                    pair.pool.name, pair.read
                ),
                evidence: vec![says.clone(), pair.nginx_says()],
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
        })
        .collect()
}

pub(super) fn chained(subject: &Subject<'_>) -> Vec<Finding> {
    let classes = &[Class::ResponseTimeout];
    let mut found = Vec::new();
    for backend in subject
        .backends
        .iter()
        .filter(|backend| backend.family == "proxy")
    {
        let nginx = &subject.nginx[backend.nginx];
        let inner = nginx
            .passes
            .iter()
            .filter(|pass| !pass.is_stream && listens(subject, pass, &backend.address));
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

/// Whether the server block of a pass listens on an address.
fn listens(subject: &Subject<'_>, pass: &Pass<'_>, address: &Address) -> bool {
    pass.scope
        .find_all("listen")
        .iter()
        .filter_map(|listen| listen.args.first())
        .any(|text| {
            let listen = match text.strip_prefix("unix:") {
                Some(path) => Address::Unix(path.into()),
                None => match (text.parse(), text.trim_start_matches("*:").parse()) {
                    (Ok(address), _) => Address::Inet(address),
                    (_, Ok(port)) => Address::Port(port),
                    _ => return false,
                },
            };
            subject.is_at(&listen, address)
        })
}

pub(super) fn cdn(subject: &Subject<'_>) -> Vec<Finding> {
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
                format!("{}: {} {};", sign.place, sign.name, sign.args.join(" ")),
                format!("{}: {name} is {read} s", longest.directive.place),
            ],
            consequence: format!(
                "visitors get Cloudflare's 524 after {CLOUDFLARE} s; NGINX logs 499 and no error, and the backend goes on"
            ),
            places: vec![longest.directive.place.clone()],
            classes: vec![Class::ClientAborted],
            fix: vec![
                steps::directive(subject, longest, &name, &format!("{}s", CLOUDFLARE - 5)),
                Step::run(NginxService::new(subject.system, nginx.file).reload()),
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
    use super::super::machine::{Machine, POOL_FILE, SITE_FILE};
    use super::*;

    const PASS: &str = "fastcgi_pass unix:/run/php/shop.sock;";
    const PEER: &str = "unix:/run/php/shop.sock";

    fn with(nginx: &str, pool: &str) -> Machine {
        let mut machine = Machine::healthy();
        machine.edit(SITE_FILE, PASS, &format!("{PASS}\n        {nginx}"));
        machine.edit(POOL_FILE, "pm = dynamic", &format!("{pool}\npm = dynamic"));
        machine
    }

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

    #[test]
    fn timeouts_that_agree_are_no_finding() {
        for (nginx, pool) in [
            ("", "request_terminate_timeout = 60"),
            ("", "request_terminate_timeout = 65s"),
            (
                "fastcgi_read_timeout 300;",
                "request_terminate_timeout = 300",
            ),
        ] {
            assert_eq!(with(nginx, pool).findings(), [], "{pool}");
        }
    }

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
