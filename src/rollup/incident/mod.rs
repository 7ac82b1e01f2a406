//! Incidents: when a pool began to fail much more than usual, and when that ended.

mod burst;

use std::collections::BTreeMap;
use std::ops::Range;

use crate::record::Moment;
use crate::taxonomy::{Class, Kind};

use super::summary::{most_first, together};
use super::{Row, choose_example};
use burst::{Burst, Count};

/// A stretch of time in which a pool failed much more than usual.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incident {
    /// The pool.
    pub pool: String,
    /// Where its first minute begins.
    pub started: Moment,
    /// Where its last minute ends.
    pub ended: Moment,
    /// The failures in it. An incident within a longer one has its own, and the longer one the rest.
    pub events: u64,
    /// The failures of its worst minute.
    pub peak_per_minute: u64,
    /// Where that minute begins.
    pub peak: Moment,
    /// The classes of the failures, the commonest first.
    pub classes: Vec<(Class, u64)>,
    /// The peers that failed, the worst first.
    pub peers: Vec<(String, u64)>,
    /// The servers for which it failed, the worst first.
    pub servers: Vec<(String, u64)>,
    /// How many clients saw failures of the pool in the buckets that it touches.
    pub clients: u64,
    /// A record of the commonest class, from the bucket with most of its failures.
    pub example: Option<String>,
    /// Whether it was there already when the data begins: it may have started before.
    pub is_from_before: bool,
    /// Whether it was still there when the data ends.
    pub is_going_on: bool,
}

/// What makes an incident.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Thresholds {
    /// So many failures more than what is let pass.
    pub failures: u64,
    /// What is let pass in a minute: so many times what is usual for the pool, and half a failure at least.
    pub factor: f64,
    /// An incident is over when no minute in so many had more than that.
    pub gap_minutes: i64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            failures: 10,
            factor: 3.0,
            gap_minutes: 10,
        }
    }
}

/// Microseconds.
const MINUTE: i64 = 60_000_000;

/// Minutes of the widest bucket there is.
const WIDEST: i64 = 24 * 60;

impl Incident {
    /// The commonest class of its failures.
    pub fn class(&self) -> Class {
        self.classes
            .first()
            .map_or(Class::UpstreamOther, |class| class.0)
    }

    /// All incidents, by their start. They depend on the rows alone: how logs were cut, and in how many runs
    /// they were read, does not matter.
    pub fn find(rows: &[Row], thresholds: &Thresholds) -> Vec<Self> {
        let mut pools: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
        for row in rows.iter().filter(|row| row.class.kind() == Kind::Failed) {
            pools.entry(&row.pool).or_default().push(row);
        }
        for rows in pools.values_mut() {
            rows.sort_by_key(|row| row.bucket);
        }
        let first = rows.iter().map(|row| row.first_seen).min();
        let last = rows.iter().map(|row| row.last_seen).max();
        let (Some(first), Some(last)) = (first, last) else {
            return Vec::new();
        };
        let minute = |moment: Moment| moment.0.div_euclid(MINUTE);
        let data = minute(first)..minute(last) + 1;
        let mut incidents: Vec<Self> = pools
            .values()
            .flat_map(|rows| of_pool(rows, &data, thresholds))
            .collect();
        incidents.sort_by(|one, other| {
            let key = |incident: &Self| (incident.started, std::cmp::Reverse(incident.ended));
            key(one)
                .cmp(&key(other))
                .then_with(|| one.pool.cmp(&other.pool))
        });
        incidents
    }

    /// Incidents that started together: pools that failed within five minutes of each other, while the first of
    /// them still did. They may have one cause. Told are the places in `incidents`, which are in order.
    pub fn together(incidents: &[Self]) -> Vec<Vec<usize>> {
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for (place, incident) in incidents.iter().enumerate() {
            let is_soon = |group: &&mut Vec<usize>| {
                let first = &incidents[group[0]];
                incident.started.0 - first.started.0 <= 5 * MINUTE
            };
            let joins = |group: &&mut Vec<usize>| {
                let is_other = group.iter().all(|&at| incidents[at].pool != incident.pool);
                is_other && incident.started < incidents[group[0]].ended
            };
            match groups.iter_mut().rev().take_while(is_soon).find(joins) {
                Some(group) => group.push(place),
                None => groups.push(vec![place]),
            }
        }
        groups
    }
}

/// The rows are those of a pool, sorted by bucket.
fn of_pool(rows: &[&Row], data: &Range<i64>, thresholds: &Thresholds) -> Vec<Incident> {
    let counts = per_minute(rows);
    let bursts = burst::bursts(&counts, data, thresholds);
    let incident = |minutes: &Range<i64>, inner: &[Range<i64>]| {
        let rows = near(rows, minutes);
        describe(rows, &counts, minutes, inner, data, thresholds)
    };
    let incidents = |Burst { minutes, inner }: &Burst| {
        let outer = incident(minutes, inner);
        let inner = inner.iter().map(|minutes| incident(minutes, &[]));
        std::iter::once(outer).chain(inner).collect::<Vec<_>>()
    };
    bursts.iter().flat_map(incidents).flatten().collect()
}

/// The rows that may have events in these minutes.
fn near<'a>(rows: &'a [&'a Row], minutes: &Range<i64>) -> &'a [&'a Row] {
    let bucket = |row: &&Row| row.bucket.0.div_euclid(MINUTE);
    let from = rows.partition_point(|row| bucket(row) + WIDEST <= minutes.start);
    let to = rows.partition_point(|row| bucket(row) < minutes.end);
    &rows[from..to]
}

fn per_minute(rows: &[&Row]) -> Vec<Count> {
    let mut counts: BTreeMap<i64, u64> = BTreeMap::new();
    for (minute, events) in rows.iter().flat_map(|row| minutes(row)) {
        *counts.entry(minute).or_default() += events;
    }
    counts.into_iter().collect()
}

/// The minutes of a row that have events.
fn minutes(row: &Row) -> impl Iterator<Item = Count> {
    let bucket = row.bucket.0.div_euclid(MINUTE);
    let counts = row.minutes.counts();
    counts.map(move |(minute, events)| (bucket + i64::from(minute), events.into()))
}

/// What is known of a burst, without those within it; nothing, if they have taken all.
fn describe(
    rows: &[&Row],
    counts: &[Count],
    burst: &Range<i64>,
    inner: &[Range<i64>],
    data: &Range<i64>,
    thresholds: &Thresholds,
) -> Option<Incident> {
    let is_its = |minute: i64| {
        let next = inner.partition_point(|inner| inner.end <= minute);
        let is_inner = inner.get(next).is_some_and(|inner| inner.contains(&minute));
        burst.contains(&minute) && !is_inner
    };
    let its = burst::within(counts, burst)
        .iter()
        .filter(|count| is_its(count.0));
    // Of equals the first.
    let &(peak, peak_per_minute) = its.rev().max_by_key(|count| count.1)?;
    let mut classes = BTreeMap::new();
    let mut peers: BTreeMap<&str, u64> = BTreeMap::new();
    let mut servers: BTreeMap<&str, u64> = BTreeMap::new();
    let mut events = 0;
    let mut touched = Vec::new();
    for &row in rows {
        let its = minutes(row).filter(|count| is_its(count.0));
        let failed: u64 = its.map(|count| count.1).sum();
        if failed == 0 {
            continue;
        }
        events += failed;
        touched.push((row, failed));
        *classes.entry(row.class).or_default() += failed;
        for (counts, name) in [(&mut peers, &row.peer), (&mut servers, &row.server)] {
            if let Some(name) = name.as_deref().filter(|name| !name.is_empty()) {
                *counts.entry(name).or_default() += failed;
            }
        }
    }
    let classes = most_first(classes);
    let class = classes.first()?.0;
    Some(Incident {
        pool: rows.first()?.pool.clone(),
        started: Moment(burst.start * MINUTE),
        ended: Moment(burst.end * MINUTE),
        events,
        peak_per_minute,
        peak: Moment(peak * MINUTE),
        classes,
        peers: owned(peers),
        servers: owned(servers),
        clients: together(touched.iter().map(|touched| touched.0)),
        example: example(class, &touched, rows),
        is_from_before: burst.start <= data.start,
        is_going_on: burst.end + thresholds.gap_minutes >= data.end,
    })
}

fn owned(counts: BTreeMap<&str, u64>) -> Vec<(String, u64)> {
    let counts = most_first(counts).into_iter();
    counts
        .map(|(name, events)| (name.to_owned(), events))
        .collect()
}

/// Of the bucket in which an incident has the most failures of a class. A bucket has one example of a pool's class,
/// which may be in any of its rows: in which one depends on the runs that read them.
fn example(class: Class, touched: &[(&Row, u64)], rows: &[&Row]) -> Option<String> {
    let mut buckets: BTreeMap<Moment, u64> = BTreeMap::new();
    for (row, failures) in touched.iter().filter(|(row, _)| row.class == class) {
        *buckets.entry(row.bucket).or_default() += failures;
    }
    let (most, _) = buckets.into_iter().rev().max_by_key(|bucket| bucket.1)?;
    rows.iter()
        .filter(|row| row.bucket == most && row.class == class)
        .fold(None, |example, row| {
            choose_example(example, row.example.clone())
        })
}

#[cfg(test)]
mod tests;
