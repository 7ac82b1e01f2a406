use askama::Template;

use crate::render::{count, plural};

use super::super::Document;
use super::super::clock::Clock;
use super::super::headline::{changed, is_all_along, other_incident, percent, since};
use super::when::When;

/// What has to be known first.
#[derive(Template)]
#[template(path = "headline.html")]
pub(super) struct Headline<'a> {
    failures: u64,
    /// `14,321 failures in 12 pools`
    sum: String,
    /// Whether there is anything else.
    others: u64,
    span: Option<(When, When)>,
    zone: String,
    worst: Option<Worst<'a>>,
    /// The worst incident, if it is another pool's.
    other: Option<String>,
    changed: Vec<String>,
    tiles: Vec<Tile>,
}

/// The pool that failed most.
struct Worst<'a> {
    pool: &'a super::super::Pool,
    is_only: bool,
    share: String,
    failures: String,
    /// How many of them are of its class.
    of_class: String,
    since: String,
    status: Option<u16>,
}

/// A number to be seen at once.
struct Tile {
    name: &'static str,
    number: String,
    note: String,
}

impl<'a> Headline<'a> {
    pub(super) fn of(document: &'a Document, clock: Clock) -> Self {
        let totals = &document.totals;
        let period = &document.period;
        let span = period.first_seen.zip(period.last_seen);
        let change = document.change.as_ref();
        let change = change.map(|change| changed(document, change, &str::to_owned));
        let worst = document.pools.first().filter(|pool| pool.failures > 0);
        Self {
            failures: totals.failures,
            sum: format!(
                "{} in {}",
                plural(totals.failures, "failure"),
                plural(totals.failed_pools, "pool")
            ),
            others: totals.degraded + totals.client,
            span: span.map(|(first, last)| (When::second(clock, first), When::second(clock, last))),
            zone: document.timezone.0.to_string(),
            worst: worst.map(|pool| Worst::of(document, pool, clock)),
            other: other_incident(document, clock, &str::to_owned),
            changed: change.unwrap_or_default(),
            tiles: tiles(document),
        }
    }
}

impl<'a> Worst<'a> {
    fn of(document: &Document, pool: &'a super::super::Pool, clock: Clock) -> Self {
        let of_class = pool
            .classes
            .iter()
            .find(|count| count.class == pool.worst_class);
        Self {
            pool,
            is_only: document.totals.failed_pools == 1,
            share: percent(pool.share),
            failures: plural(pool.failures, "failure"),
            of_class: match of_class {
                Some(class) if class.events < pool.failures => count(class.events),
                _ => "all".to_owned(),
            },
            since: since(document, pool, clock, &str::to_owned),
            status: pool.worst_class.status(),
        }
    }
}

fn tiles(document: &Document) -> Vec<Tile> {
    let totals = &document.totals;
    let statuses = &totals.statuses;
    let tile = |name, number, note: String| Tile {
        name,
        number: count(number),
        note,
    };
    let share = |part: u64| match totals.failures {
        0 => String::new(),
        all => percent(part as f64 / all as f64),
    };
    let bursts = document
        .incidents
        .iter()
        .filter(|incident| !is_all_along(incident));
    let mut groups: Vec<usize> = bursts.map(|incident| incident.group).collect();
    groups.sort_unstable();
    groups.dedup();
    let rest = statuses.other + statuses.none;
    let others = totals.degraded + totals.client;
    let going_on = document
        .incidents
        .iter()
        .filter(|incident| incident.is_going_on && !is_all_along(incident));
    let going_on = match going_on.count() {
        0 => String::new(),
        still => format!("{still} still going on"),
    };
    vec![
        tile("Failures", totals.failures, String::new()),
        tile("Incidents", groups.len() as u64, going_on),
        tile(
            "Pools that failed",
            totals.failed_pools,
            format!("of {} seen", count(totals.pools)),
        ),
        tile("Clients affected", totals.clients, String::new()),
        tile(
            "… answered with 502",
            statuses.bad_gateway,
            share(statuses.bad_gateway),
        ),
        tile(
            "… with 504",
            statuses.gateway_timeout,
            share(statuses.gateway_timeout),
        ),
        tile("… another way, or not", rest, share(rest)),
        tile("Other events", others, "not failures".to_owned()),
    ]
}
