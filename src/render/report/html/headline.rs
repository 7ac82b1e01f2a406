use std::collections::BTreeSet;

use askama::Template;

use crate::render::{count, plural};

use super::super::clock::Clock;
use super::super::headline::{changed, is_all_along, other_incident, percent, since, span};
use super::super::{ClassCount, Document, Incident, Pool};
use super::incidents::Incidents;
use super::when::When;
use crate::taxonomy::Class;

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

/// Where to look first: the pool that failed most, or pools that failed together, if that was worse.
struct Worst<'a> {
    pools: Vec<&'a str>,
    /// Where the page tells more.
    href: String,
    kicker: &'static str,
    failures: String,
    /// Of all, unless it is all.
    share: Option<String>,
    since: String,
    class: Class,
    /// How many are of that class, unless all are.
    of_class: Option<String>,
    status: Option<u16>,
    meaning: &'static str,
    likely: Option<&'a str>,
    step: Option<&'a str>,
}

/// A number to be seen at once.
struct Tile {
    name: &'static str,
    number: String,
    note: String,
}

impl<'a> Headline<'a> {
    pub(super) fn of(document: &'a Document, incidents: &Incidents<'a>, clock: Clock) -> Self {
        let incident = Worst::incident(document, incidents, clock);
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
            other: match &incident {
                Some(_) => None,
                None => other_incident(document, clock, &str::to_owned),
            },
            worst: incident.or_else(|| Some(Worst::pool(document, worst?, clock))),
            changed: change.unwrap_or_default(),
            tiles: tiles(document),
        }
    }
}

impl<'a> Worst<'a> {
    /// The pool that failed most.
    fn pool(document: &'a Document, pool: &'a Pool, clock: Clock) -> Self {
        let is_only = document.totals.failed_pools == 1;
        Self {
            pools: vec![&pool.pool],
            href: "#pool-1".to_owned(),
            kicker: if is_only {
                "The pool that failed"
            } else {
                "Look here first"
            },
            failures: plural(pool.failures, "failure"),
            share: (!is_only).then(|| percent(pool.share)),
            since: since(document, pool, clock, &str::to_owned),
            class: pool.worst_class,
            of_class: of_class(&pool.classes, pool.worst_class, pool.failures),
            status: pool.worst_class.status(),
            meaning: pool.meaning,
            likely: pool.likely.as_deref(),
            step: pool.first_step.as_deref(),
        }
    }

    /// The worst incident, where it was worse than all failures of any pool.
    fn incident(document: &'a Document, incidents: &Incidents<'a>, clock: Clock) -> Option<Self> {
        let (id, members) = incidents.worst()?;
        let failures = members
            .iter()
            .map(|incident| incident.failures)
            .sum::<u64>();
        let first = members
            .iter()
            .rev()
            .max_by_key(|incident| incident.failures)?;
        let most = document.pools.first()?.failures;
        let all = document.totals.failures as f64;
        let classes = members
            .iter()
            .flat_map(|incident| incident.classes.iter().copied());
        let classes: Vec<ClassCount> = classes.collect();
        (failures > most).then(|| Self {
            pools: members
                .iter()
                .map(|incident| incident.pool.as_str())
                .collect(),
            href: format!("#incident-{id}"),
            kicker: "Look here first",
            failures: plural(failures, "failure"),
            share: Some(percent(failures as f64 / all)),
            since: span(first, clock),
            class: first.class,
            of_class: of_class(&classes, first.class, failures),
            status: first.class.status(),
            meaning: first.meaning,
            likely: first.likely.as_deref(),
            step: first.first_step.as_deref(),
        })
    }
}

fn of_class(classes: &[ClassCount], class: Class, failures: u64) -> Option<String> {
    let its = classes.iter().filter(|count| count.class == class);
    let events = its.map(|count| count.events).sum::<u64>();
    (events < failures).then(|| format!("{} of them", count(events)))
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
        all if part > 0 => percent(part as f64 / all as f64),
        _ => String::new(),
    };
    // Pools that failed together are one incident.
    let groups = |is_meant: fn(&Incident) -> bool| {
        let bursts = document.incidents.iter();
        let meant = bursts.filter(|incident| !is_all_along(incident) && is_meant(incident));
        let groups: BTreeSet<usize> = meant.map(|incident| incident.group).collect();
        groups.len()
    };
    let rest = statuses.other + statuses.none;
    let others = totals.degraded + totals.client;
    let going_on = match groups(|incident| incident.is_going_on) {
        0 => String::new(),
        still => format!("{still} still going on"),
    };
    vec![
        tile("Failures", totals.failures, String::new()),
        tile("Incidents", groups(|_| true) as u64, going_on),
        tile(
            "Pools that failed",
            totals.failed_pools,
            format!("of {} seen", count(totals.pools)),
        ),
        tile("Clients affected", totals.clients, String::new()),
        tile(
            "… that end in 502",
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
