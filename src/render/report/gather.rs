use std::collections::BTreeMap;

use chrono::Utc;

use crate::record::Moment;
use crate::render::{Case, Site, Time};
use crate::rollup::{self, Leaders};
use crate::taxonomy::Class;

use super::document::{
    Change, ClassCount, Document, Incident, Named, NotUnderstood, Period, Pool, Read, Request,
    SCHEMA, Statuses, Timezone, Totals,
};
use super::sources::Sources;
use super::timeline::Timeline;

const POOLS: usize = 1_000;
const POOLS_BY_BUCKET: usize = 100;
const NAMES: usize = 20;

impl Document {
    /// Brings together what a report shows.
    pub fn new(sources: &Sources<'_>, read: Read) -> Self {
        let summary = sources.summary;
        let timeline = Timeline::new(sources);
        let failures = summary.total.failed;
        let pools = summary.pools.iter().take(POOLS).enumerate();
        let pools = pools.map(|(place, pool)| {
            let shows_buckets = place < POOLS_BY_BUCKET;
            Pool {
                by_bucket: match shows_buckets {
                    true => timeline.counts(&pool.buckets),
                    false => Vec::new(),
                },
                ..Pool::new(pool, failures, sources.site)
            }
        });
        let pools = pools.collect();
        let mut groups = vec![0; sources.incidents.len()];
        let together = rollup::Incident::together(sources.incidents);
        for (group, places) in together.into_iter().enumerate() {
            places.into_iter().for_each(|place| groups[place] = group);
        }
        let incidents = sources.incidents.iter().zip(groups);
        let incidents =
            incidents.map(|(incident, group)| Incident::new(incident, group, sources.site));
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
            incidents: incidents.collect(),
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
                .map(|change| Change::new(change, &summary.pools)),
            not_understood: NotUnderstood::new(summary, sources.leaders),
            read,
        }
    }
}

/// The likeliest cause.
fn likely(class: Class) -> Option<String> {
    Some(class.explanation()?.causes.first()?.what.clone())
}

impl Pool {
    /// One of those that had so many failures together.
    fn new(pool: &rollup::Pool, failures: u64, site: &Site) -> Self {
        let class = pool.worst.0;
        let (bucket, events) = pool.busiest;
        Self {
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
            likely: likely(class),
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
}

impl Incident {
    fn new(incident: &rollup::Incident, group: usize, site: &Site) -> Self {
        let class = incident.class();
        let first = |names: &'_ [(String, u64)]| names.first().map(|(name, _)| name.clone());
        Self {
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
            likely: likely(class),
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

/// The pools that failed.
pub(super) fn failed(pools: &[rollup::Pool]) -> impl Iterator<Item = &rollup::Pool> {
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
