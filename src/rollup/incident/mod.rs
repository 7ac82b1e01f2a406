//! Incidents: when a pool began to fail much more than usual, and when that ended.

mod burst;
mod bursts;
mod by_pool;
mod counts;
mod failures;
mod gathered;
mod series;
mod usual;

use crate::record::Moment;
use crate::taxonomy::Class;

use super::minutes::MINUTE;

pub use bursts::Bursts;
pub use failures::Failures;

/// A stretch of time in which a pool failed much more than usual. It depends on the rows alone: how logs were cut, and
/// in how many runs they were read, does not matter.
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

impl Incident {
    /// The commonest class of its failures.
    pub fn class(&self) -> Class {
        self.classes
            .first()
            .map_or(Class::UpstreamOther, |class| class.0)
    }

    /// Data begins and ends with its events, but more may be known: everything from some moment on, or up to one. What
    /// was quiet for long enough after that, or before it, has begun in this time, or is over.
    pub fn settle(&mut self, from: Option<Moment>, until: Option<Moment>, thresholds: &Thresholds) {
        let gap = thresholds.gap_minutes * MINUTE;
        self.is_from_before &= from.is_none_or(|from| self.started.0 <= from.0.saturating_add(gap));
        self.is_going_on &= until.is_none_or(|until| until.0 <= self.ended.0.saturating_add(gap));
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

#[cfg(test)]
mod tests;
