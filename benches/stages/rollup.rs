//! From events to sorted rows.

use std::collections::HashMap;

use badgateway::pool;
use badgateway::record::{Clock, Deferred, Moment, Record, Zone};
use badgateway::rollup::{Event, Rollup};
use badgateway::taxonomy::classify;
use divan::Bencher;
use divan::counter::ItemsCount;

use crate::logs::{Log, SHARES, log, must_hold};

pub const HOUR: i64 = 3_600_000_000;

#[divan::bench(args = SHARES)]
fn add(bencher: Bencher, share: f64) {
    let records = log(share).candidates();
    let events = events(&records);
    must_hold(&count(&events).into_rows(), &log(share).written);
    bencher
        .counter(ItemsCount::new(events.len()))
        .bench_local(|| count(&events));
}

/// What two threads have counted, the one up to the middle and the other from there.
#[divan::bench(args = SHARES)]
fn merge(bencher: Bencher, share: f64) {
    let records = log(share).candidates();
    let events = events(&records);
    let (first, second) = events.split_at(events.len() / 2);
    let merged = |(mut one, other): (Rollup, Rollup)| {
        one.merge(other);
        one
    };
    let halves = || (count(first), count(second));
    must_hold(&merged(halves()).into_rows(), &log(share).written);
    bencher.with_inputs(halves).bench_local_values(merged);
}

#[divan::bench(args = SHARES)]
fn rows(bencher: Bencher, share: f64) {
    let records = log(share).candidates();
    let events = events(&records);
    let rows = count(&events).into_rows();
    must_hold(&rows, &log(share).written);
    bencher
        .counter(ItemsCount::new(rows.len()))
        .with_inputs(|| count(&events))
        .bench_local_values(Rollup::into_rows);
}

/// A rollup of everything in a log.
pub fn counted(log: &Log) -> Rollup {
    let records = log.candidates();
    count(&events(&records))
}

fn count(events: &[Event<'_>]) -> Rollup {
    let mut rollup = Rollup::new(HOUR);
    for event in events {
        rollup.add(event);
    }
    rollup
}

fn events<'a>(records: &'a [Record<'a>]) -> Vec<Event<'a>> {
    let mut clock = Clock::new(Zone::default());
    let mut latest = Moment(0);
    let mut likes = HashMap::new();
    let mut event = |record: &'a Record<'a>| {
        let verdict = classify(record)?;
        let moments = clock.moments(record.written, Moment(i64::MAX));
        // Some have no time of their own; so they have that of the record before.
        latest = moments.map_or(latest, |(first, _)| first);
        let pool = pool::name(verdict.pool, verdict.peer);
        let (head, tail) = (&record.head, &record.tail);
        let scheme = tail.upstream.and_then(|upstream| upstream.scheme);
        let like = (head.level, record.statement, scheme, verdict.peer);
        let next = likes.len() as u64 + 1;
        Some(Event {
            record: Deferred::read(record),
            raw: record.raw,
            client: tail.client,
            request: tail.request,
            verdict,
            moment: latest,
            is_dated: true,
            likeness: *likes.entry((like, pool, tail.server)).or_insert(next),
            pool,
            host: b"web1",
            source: "error.log",
        })
    };
    records.iter().filter_map(&mut event).collect()
}
