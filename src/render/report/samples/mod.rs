//! Reports made by hand, for the tests of all formats.

mod hostile;

use chrono_tz::Tz;

use crate::record::{Moment, Zone};
use crate::render::Time;
use crate::taxonomy::Class;

use super::document::*;

pub(super) use hostile::{HOSTILE, hostile};

/// 2026-11-24 00:00 UTC.
const START: i64 = 1_795_478_400;

pub(super) fn at(minutes: i64) -> Time {
    Time(Moment((START + minutes * 60) * 1_000_000))
}

/// No event at all.
pub(super) fn empty() -> Document {
    Document {
        schema: SCHEMA,
        version: "0.1.0",
        made: at(3000),
        timezone: Timezone(Zone::Named(Tz::Europe__Berlin)),
        period: Period {
            since: None,
            until: None,
            first_seen: None,
            last_seen: None,
            bucket_seconds: 3600,
        },
        totals: Totals {
            failures: 0,
            degraded: 0,
            client: 0,
            pools: 0,
            failed_pools: 0,
            clients: 0,
            statuses: Statuses::default(),
        },
        pools: Vec::new(),
        incidents: Vec::new(),
        classes: Vec::new(),
        timeline_seconds: 3600,
        timeline: Vec::new(),
        servers: Vec::new(),
        requests: None,
        clients: None,
        change: None,
        not_understood: NotUnderstood::default(),
        read: Read::Logs {
            paths: vec!["error.log".to_owned()],
            inputs: 1,
            bytes: 0,
            lines: 0,
            records: 0,
            events: 0,
            outside: 0,
            other_lines: 0,
            troubles: Vec::new(),
        },
    }
}

/// Pools by name and failures in each of `hours`, of one class; the rest follows.
pub(super) fn failed(names: &[&str], class: Class, hours: &[u64]) -> Document {
    let sum: u64 = hours.iter().sum();
    let total = sum * names.len() as u64;
    let counted = |events| ClassCount {
        class,
        kind: class.kind().letter(),
        events,
    };
    let bucket = |at_hour: usize| at(at_hour as i64 * 60);
    let last = at(hours.len() as i64 * 60 - 1);
    let worst = (0..hours.len()).rev().max_by_key(|&hour| hours[hour]);
    let pool = |name: &&str| Pool {
        pool: (*name).to_owned(),
        failures: sum,
        share: sum as f64 / total as f64,
        degraded: 1,
        client: 2,
        clients: 3,
        statuses: Statuses {
            bad_gateway: sum,
            ..Statuses::default()
        },
        classes: vec![counted(sum)],
        worst_class: class,
        meaning: class.meaning(),
        likely: class
            .explanation()
            .map(|explanation| explanation.causes[0].what.clone()),
        first_step: Some("systemctl status php8.2-fpm".to_owned()),
        worst_bucket: BucketCount {
            bucket: bucket(worst.unwrap()),
            failures: hours[worst.unwrap()],
        },
        peer_count: 1,
        peers: vec![named(name, sum)],
        server_count: 1,
        servers: vec![named("shop.example", sum)],
        first_seen: at(0),
        last_seen: last,
        by_bucket: hours.to_vec(),
    };
    let timeline = hours.iter().enumerate().map(|(hour, &failures)| Bucket {
        bucket: bucket(hour),
        failures: failures * names.len() as u64,
        classes: vec![counted(failures * names.len() as u64)],
    });
    Document {
        period: Period {
            first_seen: Some(at(0)),
            last_seen: Some(last),
            ..empty().period
        },
        totals: Totals {
            failures: total,
            pools: names.len() as u64,
            failed_pools: names.len() as u64,
            clients: 3,
            statuses: Statuses {
                bad_gateway: total,
                ..Statuses::default()
            },
            ..empty().totals
        },
        pools: names.iter().map(pool).collect(),
        classes: vec![counted(total)],
        timeline: timeline.collect(),
        ..empty()
    }
}

pub(super) fn one_event() -> Document {
    let mut document = failed(&["127.0.0.1:8080"], Class::ConnectRefused, &[1]);
    document.pools[0].last_seen = at(0);
    document.period.last_seen = Some(at(0));
    document
}

pub(super) fn named(name: &str, failures: u64) -> Named {
    Named {
        name: name.to_owned(),
        failures,
    }
}

pub(super) fn incident(pool: &str, group: usize, minutes: std::ops::Range<i64>) -> Incident {
    let class = Class::SocketMissing;
    Incident {
        group,
        pool: pool.to_owned(),
        started: at(minutes.start),
        ended: at(minutes.end),
        seconds: (minutes.end - minutes.start) * 60,
        is_from_before: false,
        is_going_on: false,
        failures: 900,
        peak_per_minute: 71,
        peak: at(minutes.start + 1),
        class,
        meaning: class.meaning(),
        likely: Some("PHP-FPM was stopped.".to_owned()),
        first_step: Some("systemctl status php8.2-fpm".to_owned()),
        classes: vec![ClassCount {
            class,
            kind: "F",
            events: 900,
        }],
        peers: vec![named("unix:/run/php/shop.sock", 900), named(pool, 1)],
        servers: vec![named("shop.example", 900)],
        clients: 12,
        example: Some("2026/11/24 02:13:07 [crit] 7#7: *1 connect() to unix:…".to_owned()),
    }
}

/// A night with everything in it: two pools that failed together, one that fails all along, one that failed before.
pub(super) fn night() -> Document {
    let mut hours = [2; 24];
    hours[1] = 700;
    hours[2] = 200;
    hours[13] = 0;
    let delta = |failures, before, usual| Delta {
        failures,
        before,
        usual,
    };
    let pool_delta = |pool: &str, delta| PoolDelta {
        pool: pool.to_owned(),
        delta,
    };
    let mut document = failed(
        &["shop", "blog", "10.0.0.7:8080"],
        Class::SocketMissing,
        &hours,
    );
    let steady = Incident {
        is_from_before: true,
        is_going_on: true,
        ..incident("10.0.0.7:8080", 2, 0..1440)
    };
    document.incidents = vec![
        steady,
        incident("shop", 0, 73..120),
        incident("blog", 0, 74..124),
        incident("blog", 1, 600..620),
    ];
    document.servers = vec![named("shop.example", 1200), named("", 3)];
    document.requests = Some(vec![Request {
        pool: "shop".to_owned(),
        request: "GET /cart".to_owned(),
        failures: 812,
    }]);
    document.clients = Some(vec![named("192.0.2.1", 44)]);
    document.change = Some(Change {
        seconds: 86_400,
        periods: 3,
        total: delta(2826, 900, 850.5),
        pools: vec![
            pool_delta("shop", delta(942, 10, 12.0)),
            pool_delta("blog", delta(942, 1000, 10.0)),
        ],
        new: vec![PoolClass {
            pool: "shop".to_owned(),
            class: Class::HeaderTooBig,
            events: 12,
        }],
    });
    document.totals.degraded = 3;
    document.totals.client = 6;
    document.period.since = Some(at(0));
    document.period.until = Some(at(1440));
    document.not_understood = NotUnderstood {
        stray_lines: 1,
        impossible_times: 2,
        undated: 3,
        unclassified: 4,
        uncounted: 5,
        other_names: 6,
        examples: vec![Example {
            source: "/var/log/nginx/error.log".to_owned(),
            offset: 4096,
            what: "before the first record".to_owned(),
            text: "half a line".to_owned(),
        }],
    };
    document
}

pub(super) fn from_dataset() -> Document {
    Document {
        requests: None,
        clients: None,
        read: Read::Dataset {
            path: "/var/lib/badgateway".to_owned(),
            rows: 12,
            events: 2826,
            last_run: Some(at(3000)),
        },
        ..night()
    }
}

pub(super) fn all() -> Vec<Document> {
    let many: Vec<String> = (0..300).map(|at| format!("pool-{at:03}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let quarters: Vec<u64> = (0..1000).map(|hour| hour % 7).collect();
    let mut clean = empty();
    clean.totals.client = 2;
    let mut huge = failed(&["shop"], Class::TlsCertificateRejected, &[u64::MAX / 2, 1]);
    huge.pools[0].statuses.gateway_timeout = u64::MAX;
    huge.pools[0].degraded = u64::MAX / 4;
    vec![
        empty(),
        clean,
        one_event(),
        night(),
        from_dataset(),
        huge,
        failed(&many, Class::ResponseTimeout, &quarters),
        failed(
            &["商店".repeat(40).as_str(), "e\u{301}"],
            Class::AppWarning,
            &[3; 40],
        ),
        hostile(HOSTILE),
        hostile(&"x".repeat(10_000)),
        hostile(&"\u{301}".repeat(10_000)),
        hostile(&"`".repeat(500)),
        hostile("\u{1b}[31m\r\n\u{9b}\u{202e}x"),
        hostile(""),
        hostile("  "),
    ]
}
