//! When what happens: the noise of a week, and the outages in it.

use super::super::random::Random;
use super::super::writer::WORKERS;
use super::outage::{Cause, Outage};
use super::site::POOLS;

/// One request, or one thing that NGINX has to say.
pub(super) struct Planned {
    /// Milliseconds after the beginning of the week.
    pub(super) at: u64,
    pub(super) pool: usize,
    pub(super) what: What,
}

#[derive(Clone, Copy)]
pub(super) enum What {
    /// A failure that is nobody's fault.
    Failure,
    /// Nothing that a visitor sees.
    Warning,
    /// Concerns no upstream.
    Other,
    /// Part of the outage of this number.
    Planted(usize, Step),
}

/// What a planted outage did to a request.
#[derive(Clone, Copy)]
pub(super) enum Step {
    /// There was no socket.
    Missing,
    /// No answer came in time.
    TimedOut,
    /// The visitor did not wait for it.
    Aborted,
    /// Peers refused the connection.
    Refused(Refused),
}

/// One request's way through the peers of a block.
#[derive(Clone, Copy)]
pub(super) struct Refused {
    pub(super) worker: usize,
    /// The peer whose turn it was.
    pub(super) first: usize,
    /// Peers that were tried, as bits.
    pub(super) tried: u8,
    /// Those of them that are left alone from now on.
    pub(super) disabled: u8,
    /// No peer was left to be tried.
    pub(super) none_left: bool,
}

pub(super) const DAY: u64 = 86_400_000;
pub(super) const WEEK: u64 = 7 * DAY;
const MINUTE: u64 = 60_000;
const SECOND: u64 = 1000;

/// Share of the busiest hour's traffic at the beginning of each hour.
const HOURS: [f64; 25] = [
    0.30, 0.19, 0.13, 0.10, 0.09, 0.12, 0.21, 0.38, 0.58, 0.74, 0.83, 0.87, 0.88, 0.86, 0.84, 0.83,
    0.84, 0.87, 0.91, 0.96, 1.0, 0.97, 0.75, 0.48, 0.30,
];
/// Monday to Sunday.
const DAYS: [f64; 7] = [1.0, 1.0, 0.98, 0.97, 0.94, 0.86, 0.92];

fn traffic(at: u64) -> f64 {
    let hour = at % DAY / (60 * MINUTE);
    let within = (at % (60 * MINUTE)) as f64 / (60 * MINUTE) as f64;
    let [from, to] = [HOURS[hour as usize], HOURS[hour as usize + 1]];
    (from + (to - from) * within) * DAYS[(at / DAY % 7) as usize]
}

/// Everything of the week in order of time. `rate` 1 is a site of some 70 requests a second.
pub(super) fn plan(rate: f64, outages: &[Outage], random: &mut Random) -> Vec<Planned> {
    let mut plan = Vec::new();
    for (pool, spec) in POOLS.iter().enumerate() {
        let busy = 0.002 * spec.requests;
        for (what, per_minute) in [
            (What::Failure, spec.noise),
            (What::Warning, 0.6 * spec.noise),
            (What::Other, 60.0 * busy),
        ] {
            arrivals(0..WEEK, MINUTE, rate * per_minute, random, |at, _| {
                if !outages
                    .iter()
                    .any(|outage| outage.is_nothing_else(pool, at))
                {
                    plan.push(Planned { at, pool, what });
                }
            });
        }
    }
    for (number, outage) in outages.iter().enumerate() {
        for (turn, &pool) in outage.pools.iter().enumerate() {
            outage_of(number, outage, turn, pool, rate, random, &mut plan);
        }
    }
    plan.sort_by_key(|planned| planned.at);
    plan
}

fn outage_of(
    number: usize,
    outage: &Outage,
    turn: usize,
    pool: usize,
    rate: f64,
    random: &mut Random,
    plan: &mut Vec<Planned>,
) {
    let requests = rate * POOLS[pool].requests;
    let span = outage.span(turn);
    let mut add = |at, step| {
        plan.push(Planned {
            at,
            pool,
            what: What::Planted(number, step),
        });
    };
    match outage.cause {
        Cause::SocketMissing => {
            arrivals(span, SECOND, requests, random, |at, _| {
                add(at, Step::Missing);
            });
        }
        Cause::Slow => arrivals(span, SECOND, requests, random, |at, random| {
            match random.below(20) {
                0..11 => add(at, Step::TimedOut),
                11 => add(at, Step::Aborted),
                _ => {}
            }
        }),
        Cause::PeerDown { .. } => {
            let mut block = Block::new(POOLS[pool].peers());
            arrivals(span, SECOND, requests, random, |at, random| {
                let all = outage.is_nothing_else(pool, at);
                if let Some(refused) = block.request(at, random.below(WORKERS), all) {
                    add(at, Step::Refused(refused));
                }
            });
        }
    }
}

/// Calls `arrive` for each arrival of a Poisson process whose rate, `per_step` in the busiest hour, follows the traffic;
/// in order of time.
fn arrivals(
    span: std::ops::Range<u64>,
    step: u64,
    per_step: f64,
    random: &mut Random,
    mut arrive: impl FnMut(u64, &mut Random),
) {
    let mut times = Vec::new();
    for begin in span.clone().step_by(step as usize) {
        let mean = per_step * traffic(begin);
        // Many rare chances: no logarithm, which would not be the same on every system.
        let chances = (8.0 * mean) as usize + 16;
        let chance = mean / chances as f64;
        times.clear();
        for _ in 0..chances {
            if random.fraction() < chance {
                times.push(begin + random.below(step as usize) as u64);
            }
        }
        times.sort_unstable();
        for &at in times.iter().filter(|&&at| at < span.end) {
            arrive(at, random);
        }
    }
}

/// What each worker thinks of a block's peers, as `src/http/ngx_http_upstream_round_robin.c` keeps it without a `zone`.
struct Block {
    peers: usize,
    workers: [Opinion; WORKERS],
}

#[derive(Clone, Copy, Default)]
struct Opinion {
    turn: usize,
    failures: [u32; 8],
    again: [u64; 8],
}

/// As in the configuration that the site is given.
const MAX_FAILS: u32 = 3;
const FAIL_TIMEOUT: u64 = 10_000;

impl Block {
    fn new(peers: usize) -> Block {
        Block {
            peers,
            workers: [Opinion::default(); WORKERS],
        }
    }

    /// A request while the first peer refuses, or all of them do; `None` if one that works took it at once.
    fn request(&mut self, at: u64, worker: usize, all: bool) -> Option<Refused> {
        let opinion = &mut self.workers[worker];
        let first = opinion.turn % self.peers;
        opinion.turn += 1;
        let mut refused = Refused {
            worker,
            first,
            tried: 0,
            disabled: 0,
            none_left: false,
        };
        for peer in (first..first + self.peers).map(|peer| peer % self.peers) {
            if opinion.again[peer] > at {
                refused.none_left = true;
            } else if all || peer == 0 {
                refused.tried |= 1 << peer;
                opinion.failures[peer] += 1;
                if opinion.failures[peer] >= MAX_FAILS {
                    refused.disabled |= 1 << peer;
                    opinion.again[peer] = at + FAIL_TIMEOUT;
                }
            } else {
                refused.none_left = false;
                return (refused.tried != 0).then_some(refused);
            }
        }
        Some(refused)
    }
}
