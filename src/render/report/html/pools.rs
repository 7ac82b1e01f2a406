use askama::Template;

use crate::render::{count, plural};

use super::super::clock::{Clock, duration};
use super::super::headline::percent;
use super::super::{ClassCount, Delta, Document, Pool};
use super::axis::Axis;
use super::names::{Names, more, names};
use super::when::When;

/// Of more pools than this only the worst are shown.
const ROWS: usize = 300;

/// More points than this are not seen in a small drawing.
const POINTS: usize = 60;

/// Every pool: a table, and each in detail.
#[derive(Template)]
#[template(path = "pools.html")]
pub(super) struct Pools<'a> {
    rows: Vec<Row<'a>>,
    /// How many are not shown.
    more: Option<String>,
    worst: String,
    /// The period before, if it is known.
    before: Option<String>,
    has_trend: bool,
}

struct Row<'a> {
    id: usize,
    pool: &'a Pool,
    failures: String,
    clients: String,
    share: String,
    /// The same as the width of a bar.
    width: String,
    other: String,
    sent: [String; 3],
    worst: When,
    worst_failures: String,
    first: When,
    last: When,
    trend: Trend,
    change: Option<Changed>,
    of_class: String,
    classes: Vec<(&'a ClassCount, String)>,
    peers: Names<'a>,
    servers: Names<'a>,
}

/// A drawing so small that it needs no axis.
struct Trend {
    points: usize,
    path: String,
}

/// Against the period before.
struct Changed {
    /// To sort by: failures now minus failures before.
    by: i128,
    shown: String,
    says: String,
    style: &'static str,
}

impl<'a> Pools<'a> {
    pub(super) fn of(document: &'a Document, axis: &Axis, clock: Clock) -> Self {
        let change = document.change.as_ref().filter(|change| change.periods > 0);
        let delta = |pool: &Pool| {
            let deltas = &change?.pools;
            deltas
                .iter()
                .find(|delta| delta.pool == pool.pool)
                .map(|found| found.delta)
        };
        let pools = document.pools.iter().zip(1..).take(ROWS);
        let left = document.totals.pools.saturating_sub(ROWS as u64);
        let bucket = document.period.bucket_seconds;
        let has_trend = axis.columns.len() > 2;
        Self {
            rows: pools
                .map(|(pool, id)| Row::of(pool, id, delta(pool), bucket, axis, clock))
                .collect(),
            more: more(left, "more pool"),
            worst: match bucket {
                3_600 => "Worst hour".to_owned(),
                86_400 => "Worst day".to_owned(),
                seconds => format!("Worst {}", duration(seconds)),
            },
            before: change.map(|change| super::super::headline::period(change.seconds)),
            has_trend,
        }
    }
}

impl<'a> Row<'a> {
    fn of(
        pool: &'a Pool,
        id: usize,
        delta: Option<Delta>,
        bucket: i64,
        axis: &Axis,
        clock: Clock,
    ) -> Self {
        let statuses = &pool.statuses;
        let of_class = pool
            .classes
            .iter()
            .find(|count| count.class == pool.worst_class);
        let all = pool.failures + pool.degraded + pool.client;
        Self {
            id,
            pool,
            failures: count(pool.failures),
            clients: count(pool.clients),
            share: percent(pool.share),
            width: super::ticks::percent(pool.share),
            other: count(pool.degraded + pool.client),
            sent: [
                statuses.bad_gateway,
                statuses.gateway_timeout,
                statuses.other + statuses.none,
            ]
            .map(count),
            worst: When::bucket(clock, pool.worst_bucket.bucket, bucket),
            worst_failures: count(pool.worst_bucket.failures),
            first: When::minute(clock, pool.first_seen),
            last: When::minute(clock, pool.last_seen),
            trend: Trend::of(&axis.sums(&pool.by_bucket)),
            change: delta.map(Changed::of),
            of_class: format!(
                "{} of {}",
                count(of_class.map_or(0, |count| count.events)),
                plural(all, "event")
            ),
            classes: pool
                .classes
                .iter()
                .map(|class| (class, count(class.events)))
                .collect(),
            peers: names(&pool.peers),
            servers: names(&pool.servers),
        }
    }
}

impl Trend {
    fn of(sums: &[u64]) -> Self {
        let together = sums.len().div_ceil(POINTS).max(1);
        let points: Vec<u64> = sums
            .chunks(together)
            .map(|sums| sums.iter().sum())
            .collect();
        let max = points.iter().copied().max().unwrap_or(0).max(1);
        let mut path = String::new();
        for (at, &point) in points.iter().enumerate().filter(|(_, point)| **point > 0) {
            let height = (point as f64 / max as f64 * 19.0).round() as u64 + 1;
            path += &format!("M{at} 20v-{height}h1v{height}z");
        }
        Self {
            points: points.len(),
            path,
        }
    }
}

impl Changed {
    fn of(delta: Delta) -> Self {
        let Delta {
            failures,
            before,
            usual,
        } = delta;
        let ratio = failures as f64 / before as f64;
        let shown = match (failures, before) {
            (0, 0) => String::new(),
            (_, 0) => "new".to_owned(),
            _ if failures == before => "=".to_owned(),
            _ if ratio >= 2.0 => format!("× {ratio:.1}"),
            _ => format!("{:+.0} %", (ratio - 1.0) * 100.0).replace('-', "−"),
        };
        Self {
            by: i128::from(failures) - i128::from(before),
            shown,
            says: format!(
                "{} before, usually {}",
                count(before),
                count(usual.round() as u64)
            ),
            style: match failures.cmp(&before) {
                std::cmp::Ordering::Greater => "up",
                std::cmp::Ordering::Less => "down",
                std::cmp::Ordering::Equal => "same",
            },
        }
    }
}
