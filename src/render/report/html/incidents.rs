use std::collections::HashMap;

use askama::Template;

use crate::render::{count, plural};

use super::super::clock::{Clock, duration};
use super::super::headline::is_all_along;
use super::super::{Document, Incident};
use super::axis::Axis;
use super::names::{Names, more, names};
use super::ticks::percent;
use super::timeline::{Shown, Timeline, status};
use super::when::When;
use crate::taxonomy::Class;

/// Of more groups than this only those with the most failures are shown.
const GROUPS: usize = 60;

/// Those with fewer failures than this part of the worst one's are shown folded.
const MAJOR: u64 = 20;

/// When pools failed much more than usual.
#[derive(Template)]
#[template(path = "incidents.html")]
pub(super) struct Incidents<'a> {
    /// Nothing where there is no group.
    timeline: Option<Timeline<'a>>,
    groups: Vec<Group<'a>>,
    /// How many groups are not shown.
    more: Option<String>,
    steady: Vec<Steady<'a>>,
}

/// Incidents that started together.
struct Group<'a> {
    /// Its number on the page.
    id: usize,
    status: &'static str,
    pools: Vec<&'a str>,
    started: When,
    ended: When,
    length: String,
    is_from_before: bool,
    is_going_on: bool,
    class: Class,
    sent: String,
    failures: String,
    noun: &'static str,
    /// As the width of a bar; the widest is that of the worst.
    width: String,
    /// Whether it is shown unfolded.
    is_major: bool,
    members: Vec<Member<'a>>,
}

/// What happened to one pool.
struct Member<'a> {
    incident: &'a Incident,
    status: &'static str,
    /// The status that clients were sent, most often.
    sent: String,
    /// How many of its failures are of the class.
    of_class: String,
    /// How often, at the worst, and when.
    peak: String,
    peak_time: When,
    clients: String,
    /// When it happened, where that is not said of the whole group.
    span: Option<(When, When)>,
    /// Whether its class is explained with the pool before it.
    is_explained: bool,
    /// What to type, unless it stands with the pool before it.
    step: Option<&'a str>,
    peers: Names<'a>,
    servers: Names<'a>,
    others: Names<'a>,
}

/// A pool that failed at a steady rate, from where the data begins to where it ends.
struct Steady<'a> {
    incident: &'a Incident,
    failures: String,
    per_hour: String,
    step: Option<&'a str>,
}

impl<'a> Incidents<'a> {
    pub(super) fn of(document: &'a Document, axis: &'a Axis, clock: Clock) -> Self {
        let (steady, bursts): (Vec<_>, Vec<_>) = document
            .incidents
            .iter()
            .partition(|incident| is_all_along(incident));
        let mut groups: Vec<Vec<&Incident>> = Vec::new();
        let mut places = HashMap::new();
        for incident in bursts {
            let place = *places.entry(incident.group).or_insert(groups.len());
            match groups.get_mut(place) {
                Some(group) => group.push(incident),
                None => groups.push(vec![incident]),
            }
        }
        let left = groups.len().saturating_sub(GROUPS) as u64;
        keep_worst(&mut groups);
        let most = groups.iter().map(|group| sum(group)).max().unwrap_or(0);
        let numbered = groups.iter().zip(1..);
        let shown = |(group, id): (&Vec<&'a Incident>, usize)| {
            let is_major = is_major(sum(group), most);
            let shown = move |&incident: &&'a Incident| Shown {
                id,
                is_major,
                incident,
            };
            group.iter().map(shown).collect::<Vec<_>>()
        };
        let bars: Vec<Shown<'a>> = numbered.clone().flat_map(shown).collect();
        Self {
            timeline: (!bars.is_empty()).then(|| Timeline::of(&bars, axis, clock)),
            groups: numbered
                .map(|(group, id)| Group::of(group, id, most, clock))
                .collect(),
            more: more(left, "smaller incident"),
            steady: steady.into_iter().map(Steady::of).collect(),
        }
    }

    /// The group with the most failures and its number.
    pub(super) fn worst(&self) -> Option<(usize, Vec<&'a Incident>)> {
        let its = |group: &Group<'a>| -> Vec<&'a Incident> {
            group.members.iter().map(|member| member.incident).collect()
        };
        let worst = self
            .groups
            .iter()
            .rev()
            .max_by_key(|group| sum(&its(group)))?;
        Some((worst.id, its(worst)))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.groups.is_empty() && self.steady.is_empty()
    }
}

fn sum(group: &[&Incident]) -> u64 {
    group.iter().map(|incident| incident.failures).sum()
}

fn is_major(failures: u64, most: u64) -> bool {
    failures.saturating_mul(MAJOR) >= most
}

/// The status that clients were sent, most often.
fn sent(incident: &Incident) -> String {
    let status = incident.class.status();
    status.map(|status| status.to_string()).unwrap_or_default()
}

/// Leaves the groups with the most failures, in their order.
fn keep_worst(groups: &mut Vec<Vec<&Incident>>) {
    let mut sums: Vec<u64> = groups.iter().map(|group| sum(group)).collect();
    sums.sort_unstable_by(|one, other| other.cmp(one));
    let least = sums.get(GROUPS - 1).copied().unwrap_or(0);
    groups.retain(|group| sum(group) >= least);
    groups.truncate(GROUPS);
}

impl<'a> Group<'a> {
    fn of(incidents: &[&'a Incident], id: usize, most: u64, clock: Clock) -> Self {
        let first = incidents[0];
        let last = incidents
            .iter()
            .max_by_key(|incident| incident.ended.0)
            .unwrap_or(&first);
        let seconds = (last.ended.0.0 - first.started.0.0) / 1_000_000;
        let worst = incidents
            .iter()
            .max_by_key(|incident| incident.failures)
            .unwrap_or(&first);
        let failures = sum(incidents);
        let mut members: Vec<Member<'a>> = Vec::new();
        for incident in incidents {
            let mut member = Member::of(incident, clock);
            let is_whole = incident.started == first.started && incident.ended == last.ended;
            if !is_whole {
                let ended = When::end(clock, incident.started, incident.ended);
                member.span = Some((When::minute(clock, incident.started), ended));
            }
            let before = members.iter().map(|member| member.incident);
            member.is_explained = before.clone().any(|other| other.class == incident.class);
            if before
                .clone()
                .any(|other| other.first_step == incident.first_step)
            {
                member.step = None;
            }
            members.push(member);
        }
        Self {
            id,
            status: status(worst),
            pools: incidents
                .iter()
                .map(|incident| incident.pool.as_str())
                .collect(),
            started: When::minute(clock, first.started),
            ended: When::end(clock, first.started, last.ended),
            length: duration(seconds),
            is_from_before: incidents.iter().any(|incident| incident.is_from_before),
            is_going_on: incidents.iter().any(|incident| incident.is_going_on),
            class: worst.class,
            sent: sent(worst),
            failures: count(failures),
            noun: if failures == 1 { "failure" } else { "failures" },
            width: percent(failures as f64 / most.max(1) as f64),
            is_major: is_major(failures, most),
            members,
        }
    }
}

impl<'a> Member<'a> {
    fn of(incident: &'a Incident, clock: Clock) -> Self {
        let its = incident
            .classes
            .iter()
            .find(|count| count.class == incident.class);
        let others = incident
            .classes
            .iter()
            .filter(|count| count.class != incident.class);
        Self {
            incident,
            status: status(incident),
            sent: sent(incident),
            of_class: match its {
                Some(count) if count.events == incident.failures => {
                    format!("all {}", plural(incident.failures, "failure"))
                }
                its => {
                    let events = its.map_or(0, |its| its.events);
                    format!(
                        "{} of {}",
                        count(events),
                        plural(incident.failures, "failure")
                    )
                }
            },
            peak: count(incident.peak_per_minute),
            peak_time: When::end(clock, incident.started, incident.peak),
            clients: plural(incident.clients, "client"),
            span: None,
            is_explained: false,
            step: incident.first_step.as_deref(),
            peers: names(&incident.peers),
            servers: names(&incident.servers),
            others: Names::counted(others.map(|count| (count.class.name(), count.events))),
        }
    }
}

impl<'a> Steady<'a> {
    fn of(incident: &'a Incident) -> Self {
        let per_hour = incident.failures as f64 * 3_600.0 / incident.seconds.max(60) as f64;
        Self {
            incident,
            failures: count(incident.failures),
            per_hour: match per_hour {
                few if few < 9.95 => format!("{few:.1}"),
                many => count(many.round() as u64),
            },
            step: incident.first_step.as_deref(),
        }
    }
}
