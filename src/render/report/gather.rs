use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::Utc;

use crate::record::{Moment, Zone};
use crate::render::{Case, Site, Time};
use crate::rollup::{self, Intake, Leaders, Summary};
use crate::taxonomy::Class;

use super::document::{
    Change, ClassCount, Delta, Document, Example, Incident, Named, NotUnderstood, Period, Pool,
    PoolClass, PoolDelta, Read, Request, SCHEMA, Statuses, Timezone, Totals,
};
use super::timeline::Timeline;

/// What a [`Document`] is made of.
#[derive(Debug, Clone, Copy)]
pub struct Sources<'a> {
    /// The counts of the period.
    pub summary: &'a Summary,
    /// Its incidents.
    pub incidents: &'a [rollup::Incident],
    /// Its requests and clients, where they are known.
    pub leaders: Option<&'a Leaders>,
    /// The time before, where that is asked for.
    pub change: Option<&'a rollup::Change>,
    /// The period that was asked for.
    pub since: Option<Moment>,
    /// Its end.
    pub until: Option<Moment>,
    /// The buckets' width.
    pub bucket_seconds: i64,
    /// The zone in which the logs were written.
    pub zone: Zone,
    /// What else is known of the machine, for the steps that are proposed.
    pub site: &'a Site,
}

const POOLS: usize = 1_000;
const POOLS_BY_BUCKET: usize = 100;
const NAMES: usize = 20;
const CHANGES: usize = 50;

impl Document {
    /// Brings together what a report shows.
    pub fn new(sources: &Sources<'_>, read: Read) -> Self {
        let summary = sources.summary;
        let timeline = Timeline::new(sources);
        let mut explained = Explained::default();
        let failures = summary.total.failed;
        let pools = summary.pools.iter().take(POOLS).enumerate();
        let pools = pools.map(|(place, pool)| {
            let shows_buckets = place < POOLS_BY_BUCKET;
            Pool {
                by_bucket: match shows_buckets {
                    true => timeline.counts(&pool.buckets),
                    false => Vec::new(),
                },
                ..explained.pool(pool, failures, sources.site)
            }
        });
        let pools = pools.collect();
        let groups = rollup::Incident::together(sources.incidents);
        let mut incidents: Vec<(usize, Incident)> = Vec::new();
        for (group, places) in groups.iter().enumerate() {
            for &place in places {
                let incident = &sources.incidents[place];
                incidents.push((place, explained.incident(incident, group, sources.site)));
            }
        }
        incidents.sort_by_key(|&(place, _)| place);
        Self {
            schema: SCHEMA,
            version: env!("CARGO_PKG_VERSION"),
            made: Time(Moment(Utc::now().timestamp_micros())),
            timezone: Timezone(sources.zone),
            period: Period {
                since: sources.since.map(Time),
                until: sources.until.map(Time),
                first_seen: summary.span.map(|(first, _)| Time(first)),
                last_seen: summary.span.map(|(_, last)| Time(last)),
                bucket_seconds: sources.bucket_seconds,
            },
            totals: Totals {
                failures,
                degraded: summary.total.degraded,
                client: summary.total.client,
                pools: summary.pools.len() as u64,
                failed_pools: failed(&summary.pools).count() as u64,
                clients: summary.clients,
                statuses: statuses(&summary.statuses),
            },
            pools,
            incidents: incidents
                .into_iter()
                .map(|(_, incident)| incident)
                .collect(),
            classes: class_counts(&summary.classes),
            timeline_seconds: timeline.seconds(),
            timeline: timeline.buckets(summary),
            servers: named(&summary.servers),
            requests: sources.leaders.map(requests),
            clients: sources
                .leaders
                .map(|leaders| named(&leaders.clients(NAMES))),
            change: sources
                .change
                .filter(|change| !change.earlier.is_empty())
                .map(|change| changes(change, &summary.pools)),
            not_understood: not_understood(&summary.intake, sources.leaders),
            read,
        }
    }
}

/// What the classes are explained with, read once each.
#[derive(Default)]
struct Explained(HashMap<Class, Option<String>>);

impl Explained {
    /// The likeliest cause.
    fn likely(&mut self, class: Class) -> Option<String> {
        let likely = || Some(class.explanation()?.causes.into_iter().next()?.what);
        self.0.entry(class).or_insert_with(likely).clone()
    }

    fn pool(&mut self, pool: &rollup::Pool, failures: u64, site: &Site) -> Pool {
        let class = pool.worst.0;
        let (bucket, events) = pool.busiest;
        Pool {
            pool: pool.name.clone(),
            failures: pool.tally.failed,
            share: match failures {
                0 => 0.0,
                failures => pool.tally.failed as f64 / failures as f64,
            },
            degraded: pool.tally.degraded,
            client: pool.tally.client,
            clients: pool.clients,
            statuses: statuses(&pool.statuses),
            classes: class_counts(&pool.classes),
            worst_class: class,
            meaning: class.meaning(),
            likely: self.likely(class),
            first_step: site.first_step(&Case {
                class,
                peer: pool.peer.as_deref(),
                server: pool.server.as_deref(),
            }),
            worst_bucket: super::BucketCount {
                bucket: Time(bucket),
                failures: events,
            },
            peer_count: pool.peers.len() as u64,
            peers: named(&pool.peers),
            server_count: pool.servers.len() as u64,
            servers: named(&pool.servers),
            first_seen: Time(pool.span.0),
            last_seen: Time(pool.span.1),
            by_bucket: Vec::new(),
        }
    }

    fn incident(&mut self, incident: &rollup::Incident, group: usize, site: &Site) -> Incident {
        let class = incident.class();
        let first = |names: &'_ [(String, u64)]| names.first().map(|(name, _)| name.clone());
        Incident {
            group,
            pool: incident.pool.clone(),
            started: Time(incident.started),
            ended: Time(incident.ended),
            seconds: (incident.ended.0 - incident.started.0) / 1_000_000,
            is_from_before: incident.is_from_before,
            is_going_on: incident.is_going_on,
            failures: incident.events,
            peak_per_minute: incident.peak_per_minute,
            peak: Time(incident.peak),
            class,
            meaning: class.meaning(),
            likely: self.likely(class),
            first_step: site.first_step(&Case {
                class,
                peer: first(&incident.peers).as_deref(),
                server: first(&incident.servers).as_deref(),
            }),
            classes: class_counts(&incident.classes),
            peers: named(&incident.peers),
            servers: named(&incident.servers),
            clients: incident.clients,
            example: incident.example.clone(),
        }
    }
}

fn failed(pools: &[rollup::Pool]) -> impl Iterator<Item = &rollup::Pool> {
    pools.iter().filter(|pool| pool.tally.failed > 0)
}

fn statuses(counts: &BTreeMap<Option<u16>, u64>) -> Statuses {
    let mut statuses = Statuses::default();
    for (status, events) in counts {
        let sum = match status {
            Some(502) => &mut statuses.bad_gateway,
            Some(504) => &mut statuses.gateway_timeout,
            Some(_) => &mut statuses.other,
            None => &mut statuses.none,
        };
        *sum += events;
    }
    statuses
}

fn class_counts(counts: &[(Class, u64)]) -> Vec<ClassCount> {
    let counts = counts.iter();
    counts
        .map(|&(class, events)| ClassCount::new(class, events))
        .collect()
}

impl ClassCount {
    pub(super) fn new(class: Class, events: u64) -> Self {
        let kind = class.kind().letter();
        Self {
            class,
            kind,
            events,
        }
    }
}

fn named(counts: &[(String, u64)]) -> Vec<Named> {
    let counts = counts.iter().take(NAMES);
    counts
        .map(|(name, failures)| Named {
            name: name.clone(),
            failures: *failures,
        })
        .collect()
}

fn requests(leaders: &Leaders) -> Vec<Request> {
    let requests = leaders.requests(NAMES).into_iter();
    requests
        .map(|(pool, request, failures)| Request {
            pool,
            request,
            failures,
        })
        .collect()
}

fn changes(change: &rollup::Change, pools: &[rollup::Pool]) -> Change {
    let earlier = &change.earlier;
    let delta = |failures: u64, of: &dyn Fn(&rollup::Earlier) -> u64| Delta {
        failures,
        before: earlier.first().map_or(0, of),
        usual: median(earlier.iter().map(of).collect()),
    };
    let now: BTreeMap<&str, u64> = failed(pools)
        .map(|pool| (pool.name.as_str(), pool.tally.failed))
        .collect();
    let before = earlier
        .first()
        .into_iter()
        .flat_map(|before| before.pools.keys());
    let names: BTreeSet<&str> = now
        .keys()
        .copied()
        .chain(before.map(String::as_str))
        .collect();
    let mut deltas: Vec<PoolDelta> = names
        .into_iter()
        .map(|pool| PoolDelta {
            pool: pool.to_owned(),
            delta: delta(now.get(pool).copied().unwrap_or(0), &|earlier| {
                earlier.pools.get(pool).copied().unwrap_or(0)
            }),
        })
        .collect();
    deltas.sort_by_key(|PoolDelta { delta, .. }| Reverse(delta.failures.abs_diff(delta.before)));
    deltas.truncate(CHANGES);
    let is_new = |pool: &str, class: Class| {
        let key = (pool.to_owned(), class);
        !earlier.iter().any(|earlier| earlier.classes.contains(&key))
    };
    let mut new: Vec<PoolClass> = Vec::new();
    for pool in failed(pools).filter(|_| !earlier.is_empty()) {
        let classes = pool.classes.iter();
        let failures = classes.filter(|(class, _)| class.kind().letter() == "F");
        new.extend(
            failures
                .filter(|&&(class, _)| is_new(&pool.name, class))
                .map(|&(class, events)| PoolClass {
                    pool: pool.name.clone(),
                    class,
                    events,
                }),
        );
    }
    new.sort_by_key(|new| Reverse(new.events));
    new.truncate(CHANGES);
    Change {
        seconds: change.span.seconds,
        periods: earlier.len(),
        total: delta(now.values().sum(), &rollup::Earlier::failures),
        pools: deltas,
        new,
    }
}

fn median(mut counts: Vec<u64>) -> f64 {
    counts.sort_unstable();
    let middle = counts.len() / 2;
    match (counts.len() % 2, counts.as_slice()) {
        (_, []) => 0.0,
        (1, counts) => counts[middle] as f64,
        (_, counts) => (counts[middle - 1] + counts[middle]) as f64 / 2.0,
    }
}

fn not_understood(intake: &Intake, leaders: Option<&Leaders>) -> NotUnderstood {
    let examples = intake.samples.iter().chain(&intake.unclassified_samples);
    NotUnderstood {
        stray_lines: intake.stray_lines,
        impossible_times: intake.impossible_times,
        undated: intake.undated,
        unclassified: intake.unclassified,
        uncounted: leaders.map_or(0, Leaders::given_up),
        examples: examples
            .map(|sample| Example {
                source: sample.source.clone(),
                offset: sample.offset,
                what: sample.what.clone(),
                text: sample.text.clone(),
            })
            .collect(),
    }
}
