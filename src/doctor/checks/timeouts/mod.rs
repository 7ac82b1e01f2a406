//! Who gives up first: NGINX, PHP-FPM, PHP, or a CDN in front.

mod execution;
mod front;
mod terminate;

use std::collections::HashMap;

use crate::config::Place;
use crate::config::fpm::{self, Fpm, Pool};
use crate::config::nginx::{Pass, milliseconds};
use crate::taxonomy::Class;

use crate::doctor::backends::Backend;
use crate::doctor::finding::Severity;
use crate::doctor::logged::Seen;
use crate::doctor::subject::Subject;

pub(super) use execution::execution_time;
pub(super) use front::{cdn, chained};
pub(super) use terminate::{read_timeout_first, terminate_first};

/// `fastcgi_read_timeout`, `proxy_read_timeout` and the like (ngx_http_fastcgi_module and its kin).
const READ_TIMEOUT: u64 = 60;
/// Longer than this after NGINX a process must not go on.
const SLACK: u64 = 30;

/// A pool, and the FastCGI pass to it that waits the longest: a page that may take long has a location of
/// its own, and the pool one limit for all.
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
    let mut pairs: Vec<Pair<'s, 'a>> = Vec::new();
    let mut known: HashMap<&Place, usize> = HashMap::new();
    let backends = subject.backends.iter();
    for backend in backends.filter(|backend| backend.family == "fastcgi") {
        let Some((fpm, pool)) = subject.pools_at(&backend.address).into_iter().next() else {
            continue;
        };
        let terminate = pool.find("request_terminate_timeout");
        let terminate = terminate.and_then(|setting| fpm::seconds(&setting.value));
        for of in &backend.uses {
            let pass = subject.pass(backend, of);
            let pair = Pair {
                backend,
                pass,
                fpm,
                pool,
                read: read_timeout(pass),
                terminate: terminate.unwrap_or(0),
            };
            match known.get(&pool.place) {
                Some(&at) if pairs[at].read >= pair.read => {}
                Some(&at) => pairs[at] = pair,
                None => {
                    known.insert(&pool.place, pairs.len());
                    pairs.push(pair);
                }
            }
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
    /// `/etc/nginx/sites-enabled/shop:14: fastcgi_read_timeout 60s;`
    fn nginx_says(&self) -> String {
        match self.pass.scope.find("fastcgi_read_timeout") {
            Some(directive) => directive.to_string(),
            None => format!(
                "{}: fastcgi_read_timeout is not set: 60s",
                self.pass.directive.place
            ),
        }
    }

    fn pool_says(&self) -> String {
        match self.pool.find("request_terminate_timeout") {
            Some(setting) => setting.to_string(),
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
        let directive = self.pass.scope.find("fastcgi_read_timeout");
        let mut places = self.places();
        places.extend(directive.map(|directive| directive.place.clone()));
        let since = subject.changed(&places);
        subject.seen_at(&self.backend.address, classes, since)
    }
}

/// Two limits that contradict each other do no harm until a request is so slow.
fn severity(events: Option<&Seen>) -> Severity {
    match events {
        Some(_) => Severity::Warning,
        None => Severity::Notice,
    }
}

#[cfg(test)]
mod tests {
    use super::super::machine::{Machine, POOL_FILE, SITE_FILE};

    pub(super) const PASS: &str = "fastcgi_pass unix:/run/php/shop.sock;";
    pub(super) const PEER: &str = "unix:/run/php/shop.sock";

    /// More at the pass and in the pool.
    pub(super) fn with(nginx: &str, pool: &str) -> Machine {
        let mut machine = Machine::healthy();
        machine.edit(SITE_FILE, PASS, &format!("{PASS}\n        {nginx}"));
        machine.edit(POOL_FILE, "pm = dynamic", &format!("{pool}\npm = dynamic"));
        machine
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
    fn a_location_may_wait_longer_than_the_others_of_its_pool() {
        let mut machine = with("", "request_terminate_timeout = 300");
        machine.only("read_timeout_before_terminate");
        let export = "location /export {\n        fastcgi_pass unix:/run/php/shop.sock;\n        fastcgi_read_timeout 300;\n    }\n    location ~";
        machine.edit(SITE_FILE, "location ~", export);
        assert_eq!(machine.findings(), []);
    }
}
