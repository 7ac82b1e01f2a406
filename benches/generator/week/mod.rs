//! A week of a believable site, with outages planted in it: for finding them, and for looking at reports.
//!
//! Forty pools behind one NGINX whose `error_log` has level `info`, traffic that follows day and night, noise that never
//! stops, and outages of which [`Truth`] tells when they were. The log's times are UTC.

mod outage;
mod plan;
mod site;
mod truth;

pub use outage::{Cause, Outage};
pub use site::nginx_conf;
pub use truth::Truth;

use super::random::Random;
use super::rows::{At, EVENTS, MULTI_LINE_EVENTS, OTHERS, Row};
use super::shapes::Family;
use super::tables::Path;
use super::writer::week::Request;
use super::writer::{Cast, WORKERS, Writer};
use super::{FLUSH_AT, Settings as LogSettings};
use chrono::{Datelike, NaiveDate};
use plan::{DAY, Planned, Refused, Step, What, plan};
use site::{PATHS, Site};
use std::io;
use truth::Account;

/// What to write.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The same seed gives the same bytes.
    pub seed: u64,
    /// A Monday.
    pub start: NaiveDate,
    /// How busy the site is, and how noisy; 1 gives some 95 MB.
    pub rate: f64,
    /// What is planted.
    pub outages: Vec<Outage>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            seed: 1,
            start: NaiveDate::from_ymd_opt(2026, 11, 16).expect("a day"),
            rate: 1.0,
            outages: Outage::usual(),
        }
    }
}

/// Writes the week: `out` gets whole records and the day, 0 to 6, on whose night their log was rotated.
pub fn write(
    settings: &Settings,
    mut out: impl FnMut(usize, &[u8]) -> io::Result<()>,
) -> io::Result<Truth> {
    let site = Site::new(settings.seed);
    let mut random = Random::new(settings.seed ^ 0x3eeb);
    let plan = plan(settings.rate, &settings.outages, &mut random);
    let start = settings.start;
    let log_settings = LogSettings {
        seed: settings.seed,
        start: (start.year(), start.month(), start.day(), 0, 0, 0),
        ..LogSettings::default()
    };
    let says = Says {
        failures: Family::new(&mixed(FAILURES)),
        warnings: Family::new(&mixed(WARNINGS)),
        others: Family::new(&others()),
        steps: Family::new(&mixed(STEPS)),
    };
    let mut week = Week {
        writer: Writer::new(&log_settings, &site.tables),
        site: &site,
        says: &says,
        random,
    };
    let mut accounts: Vec<_> = settings.outages.iter().map(Account::new).collect();
    let mut day = 0;
    for planned in plan {
        let today = (planned.at / DAY) as usize;
        if today != day || week.writer.buffer.len() >= FLUSH_AT {
            week.writer.flush(&mut Sink(day, &mut out))?;
            day = today;
        }
        week.happen(&planned, &mut accounts);
    }
    week.writer.flush(&mut Sink(day, &mut out))?;
    Ok(Truth::new(start, week.writer.finish(), accounts))
}

/// Hands on what the writer of records writes.
struct Sink<'o, F>(usize, &'o mut F);

impl<F: FnMut(usize, &[u8]) -> io::Result<()>> io::Write for Sink<'_, F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.1(self.0, bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Week<'t> {
    writer: Writer<'t>,
    site: &'t Site,
    says: &'t Says,
    random: Random,
}

/// What NGINX has to say.
struct Says {
    failures: Family,
    warnings: Family,
    others: Family,
    steps: Family,
}

impl<'t> Week<'t> {
    fn happen(&mut self, planned: &Planned, accounts: &mut [Account]) {
        self.writer.show(planned.at / 1000);
        match planned.what {
            What::Failure => self.failure(planned.pool),
            What::Warning => self.remark(&self.says.warnings, planned.pool),
            What::Other => self.remark(&self.says.others, planned.pool),
            What::Planted(number, step) => self.planted(planned, step, &mut accounts[number]),
        }
    }

    fn remark(&mut self, family: &Family, pool: usize) {
        let request = self.request(pool);
        let shape = family.draw(request.pool.protocol, &mut self.random);
        let cast = self.writer.receive(&request);
        self.writer.tell(shape.expect("for web protocols"), &cast);
    }

    fn planted(&mut self, planned: &Planned, step: Step, account: &mut Account) {
        let mut request = self.request(planned.pool);
        if let Step::Refused(Refused { worker, first, .. }) = step {
            (request.worker, request.peer) = (worker, first);
        }
        let cast = self.writer.receive(&request);
        let mut tell = |class, cast: &Cast<'t>| {
            let shape = self.says.steps.of(class, request.pool.protocol);
            let behind = self.writer.tell(shape, cast);
            account.add(planned.pool, class, planned.at / 1000 - behind);
        };
        match step {
            Step::Missing => tell("socket_missing", &cast),
            Step::TimedOut => tell("response_timeout", &cast),
            Step::Aborted => tell("client_aborted", &cast),
            Step::Refused(refused) => refuse(&refused, &cast, tell),
        }
    }

    /// Some failures come in twos to fours: a request that tries several peers, or a page that takes several requests.
    fn failure(&mut self, pool: usize) {
        let says = self.says;
        let request = self.request(pool);
        let peers = request.pool.peers.len();
        let shape = says
            .failures
            .draw(request.pool.protocol, &mut self.random)
            .expect("for web protocols");
        let cast = self.writer.receive(&request);
        self.writer.tell(shape, &cast);
        match self.random.below(10) {
            0..3 if peers > 1 && AT_ONCE.contains(&shape.class) => {
                for next in 1..2 + self.random.below(peers - 1) {
                    let peer = (request.peer + next) % peers;
                    self.writer.tell(shape, &Writer::try_next(&cast, peer));
                }
            }
            0..2 if peers == 1 => {
                for _ in 0..1 + self.random.below(3) {
                    let path = self.path(pool);
                    let cast = self.writer.receive(&Request { path, ..request });
                    self.writer.tell(shape, &cast);
                }
            }
            _ => {}
        }
    }

    fn request(&mut self, number: usize) -> Request<'t> {
        let tables = &self.site.tables;
        let pool = &tables.pools[number];
        let servers = self.site.servers[number].clone();
        Request {
            pool,
            server: &tables.servers[servers.start + self.random.skewed(servers.len())],
            path: self.path(number),
            referring: number * PATHS + self.random.below(PATHS),
            worker: self.random.below(WORKERS),
            peer: self.random.below(pool.peers.len()),
        }
    }

    fn path(&mut self, pool: usize) -> &'t Path {
        &self.site.tables.paths[pool * PATHS + self.random.skewed(PATHS)]
    }
}

/// One request's records, in the order in which NGINX writes them.
fn refuse<'t>(refused: &Refused, cast: &Cast<'t>, mut tell: impl FnMut(&'static str, &Cast<'t>)) {
    let peers = cast.peers();
    for peer in (refused.first..refused.first + peers).map(|peer| peer % peers) {
        let is_in = |peers: u8| peers & 1 << peer != 0;
        let next = Writer::try_next(cast, peer);
        if is_in(refused.tried) {
            tell("connect_refused", &next);
        }
        if is_in(refused.disabled) {
            tell("peer_disabled", &next);
        }
    }
    if refused.none_left {
        tell("no_live_upstreams", cast);
    }
}

/// A class and how often it comes up.
type Mix = &'static [(&'static str, u32)];

#[rustfmt::skip]
const FAILURES: Mix = &[
    ("response_timeout", 30), ("response_closed", 14), ("app_fatal", 4), ("response_reset", 8), ("connect_timeout", 4),
    ("connect_refused", 4), ("backlog_full", 4), ("body_truncated", 4), ("script_not_found", 2), ("body_timeout", 2),
    ("header_too_big", 2),
];
#[rustfmt::skip]
const WARNINGS: Mix = &[
    ("app_warning", 12), ("client_aborted", 8), ("response_buffered", 12), ("app_stderr", 2), ("response_irregular", 1),
];
#[rustfmt::skip]
const STEPS: Mix = &[
    ("socket_missing", 1), ("response_timeout", 1), ("client_aborted", 1), ("connect_refused", 1), ("peer_disabled", 1),
    ("no_live_upstreams", 1),
];
/// Failures after which the next peer is tried within the same second.
const AT_ONCE: [&str; 3] = ["response_closed", "response_reset", "connect_refused"];

fn mixed(mix: Mix) -> Vec<Row> {
    let rows = EVENTS.iter().chain(MULTI_LINE_EVENTS);
    rows.filter_map(|&row| {
        let &(_, weight) = mix.iter().find(|(class, _)| *class == row.0)?;
        Some((row.0, row.1, weight, row.3, row.4, row.5))
    })
    .collect()
}

/// What a site has every day: no disk is full, no worker dies.
fn others() -> Vec<Row> {
    let rows = OTHERS.iter().copied();
    rows.filter(|row| !["alert", "emerg", "notice"].contains(&row.1) && row.4 != At::Process)
        .collect()
}
