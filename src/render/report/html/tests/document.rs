//! A document of which every text is told by who makes it.

use crate::record::{Moment, Zone};
use crate::render::Time;
use crate::render::report::*;
use crate::taxonomy::Class;

/// 2026-11-16 00:00 UTC, a Monday.
pub(super) const MONDAY: i64 = 1_794_787_200;

pub(super) fn time(seconds: i64) -> Time {
    Time(Moment((MONDAY + seconds) * 1_000_000))
}

fn count(class: Class, events: u64) -> ClassCount {
    ClassCount {
        class,
        kind: class.kind().letter(),
        events,
    }
}

/// Some pools over some hours; pool `n` fails `n + 1` times in each hour that, counted from 1, is no multiple of `n + 2`. `text` makes
/// what a log may say out of a plain name.
pub(super) fn document(pools: usize, hours: usize, text: &dyn Fn(&str) -> String) -> Document {
    let pools: Vec<Pool> = (0..pools).rev().map(|at| pool(at, hours, text)).collect();
    let failures = pools.iter().map(|pool| pool.failures).sum::<u64>();
    let bucket = |hour: usize| {
        let failed = |class: Class| {
            let its = pools.iter().filter(|pool| pool.worst_class == class);
            its.map(|pool| pool.by_bucket[hour]).sum::<u64>()
        };
        let classes = [Class::SocketMissing, Class::ResponseTimeout];
        let classes: Vec<ClassCount> = classes
            .into_iter()
            .map(|class| count(class, failed(class)))
            .collect();
        Bucket {
            bucket: time(hour as i64 * 3_600),
            failures: classes.iter().map(|class| class.events).sum(),
            classes,
        }
    };
    let timeline: Vec<Bucket> = (0..hours).map(bucket).collect();
    let sum = |class: Class| {
        let its = timeline.iter().flat_map(|bucket| &bucket.classes);
        its.filter(|count| count.class == class)
            .map(|count| count.events)
            .sum()
    };
    let last = time((hours as i64 * 3_600 - 1).max(0));
    let named = |names: &[&str]| -> Vec<Named> {
        let named = names.iter().zip((1..=9).rev());
        named
            .map(|(name, failures)| Named {
                name: text(name),
                failures,
            })
            .collect()
    };
    Document {
        schema: SCHEMA,
        version: "0.1.0",
        made: time(700_000),
        timezone: Timezone(Zone::Named(chrono_tz::Tz::UTC)),
        period: Period {
            since: Some(time(0)),
            until: Some(last),
            first_seen: (hours > 0).then(|| time(5)),
            last_seen: (hours > 0).then_some(last),
            bucket_seconds: 3_600,
        },
        totals: Totals {
            failures,
            degraded: 1_234,
            client: 5,
            pools: pools.len() as u64,
            failed_pools: pools.iter().filter(|pool| pool.failures > 0).count() as u64,
            clients: 77,
            statuses: Statuses::default(),
        },
        incidents: match hours {
            0..3 => Vec::new(),
            _ => incidents(&pools, hours, text),
        },
        classes: vec![
            count(Class::SocketMissing, sum(Class::SocketMissing)),
            count(Class::ResponseTimeout, sum(Class::ResponseTimeout)),
            count(Class::AppWarning, 1_234),
            count(Class::ClientAborted, 5),
        ],
        timeline_seconds: 3_600,
        timeline,
        servers: named(&["m.shop.example", "shop.example"]),
        requests: Some(vec![Request {
            pool: text("pool-1"),
            request: text("GET /cart"),
            failures: 9,
        }]),
        clients: Some(named(&["192.0.2.1", "2001:db8::1"])),
        change: Some(change(&pools)),
        not_understood: NotUnderstood {
            stray_lines: 2,
            impossible_times: 3,
            undated: 4,
            unclassified: 5,
            uncounted: 6,
            other_names: 11,
            examples: vec![Example {
                source: text("/var/log/nginx/error.log"),
                offset: 4_711,
                what: text("not understood"),
                text: text("a record that nobody understands"),
            }],
        },
        read: Read::Logs {
            paths: vec![
                text("/var/log/nginx/error.log"),
                text("/var/log/nginx/error.log.1"),
            ],
            inputs: 2,
            bytes: 123_456,
            lines: 1_000,
            records: 900,
            events: 800,
            outside: 7,
            other_lines: 8,
            troubles: vec![text("/var/log/nginx/error.log.2.gz: cut at byte 99")],
        },
        pools,
    }
}

fn pool(at: usize, hours: usize, text: &dyn Fn(&str) -> String) -> Pool {
    let by_bucket: Vec<u64> = (0..hours)
        .map(|hour| {
            if (hour + 1) % (at + 2) == 0 {
                0
            } else {
                at as u64 + 1
            }
        })
        .collect();
    let failures = by_bucket.iter().sum();
    let class = if at.is_multiple_of(2) {
        Class::SocketMissing
    } else {
        Class::ResponseTimeout
    };
    Pool {
        pool: text(&format!("pool-{at}")),
        failures,
        share: 0.25,
        degraded: 10,
        client: 1,
        clients: 12,
        statuses: Statuses::default(),
        classes: vec![count(class, failures), count(Class::AppWarning, 10)],
        worst_class: class,
        meaning: class.meaning(),
        likely: Some(text("the service is stopped")),
        first_step: Some(text(&format!("systemctl status pool-{at}"))),
        worst_bucket: BucketCount {
            bucket: time(3_600),
            failures: at as u64 + 1,
        },
        peer_count: 1,
        peers: vec![Named {
            name: text(&format!("unix:/run/pool-{at}.sock")),
            failures,
        }],
        server_count: 1,
        servers: vec![Named {
            name: text("shop.example"),
            failures,
        }],
        first_seen: time(5),
        last_seen: time(hours as i64 * 3_600 - 1),
        by_bucket,
    }
}

/// The worst pool alone, then the first two together, then one that fails all along.
fn incidents(pools: &[Pool], hours: usize, text: &dyn Fn(&str) -> String) -> Vec<Incident> {
    let incident = |group: usize, pool: &Pool, from: i64, seconds: i64| Incident {
        group,
        pool: pool.pool.clone(),
        started: time(from),
        ended: time(from + seconds),
        seconds,
        is_from_before: from == 0,
        is_going_on: from + seconds >= hours as i64 * 3_600,
        failures: 1_000,
        peak_per_minute: 99,
        peak: time(from + 60),
        class: pool.worst_class,
        meaning: pool.meaning,
        likely: pool.likely.clone(),
        first_step: pool.first_step.clone(),
        classes: vec![count(pool.worst_class, 900), count(Class::AppFatal, 100)],
        peers: pool.peers.clone(),
        servers: pool.servers.clone(),
        clients: 8,
        example: Some(text("2026/11/16 01:02:03 [crit] connect() failed")),
    };
    let whole = hours as i64 * 3_600;
    let all = [
        (0, 0, 600, 600),
        (1, 0, 3_600, 900),
        (1, 1, 3_660, 840),
        (2, 2, 0, whole),
    ];
    let there = all.into_iter().filter(|&(_, pool, ..)| pool < pools.len());
    there
        .map(|(group, pool, from, seconds)| incident(group, &pools[pool], from, seconds))
        .collect()
}

fn change(pools: &[Pool]) -> Change {
    let delta = |failures: u64| Delta {
        failures,
        before: 3,
        usual: 3.5,
    };
    Change {
        seconds: 86_400,
        periods: 7,
        total: delta(100),
        pools: pools
            .iter()
            .map(|pool| PoolDelta {
                pool: pool.pool.clone(),
                delta: delta(pool.failures),
            })
            .collect(),
        new: pools
            .iter()
            .take(2)
            .map(|pool| PoolClass {
                pool: pool.pool.clone(),
                class: pool.worst_class,
                events: 4,
            })
            .collect(),
    }
}
