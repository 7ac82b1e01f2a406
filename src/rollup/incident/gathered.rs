use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};

use crate::record::Moment;
use crate::rollup::summary::most_first;
use crate::rollup::{ClientsTogether, Row};
use crate::taxonomy::Class;

use super::counts::{Count, within};
use super::{Incident, MINUTE};

/// What is gathered of an incident, row by row, in the order of buckets.
#[derive(Debug)]
pub(super) struct Gathered {
    pub(super) minutes: Range<i64>,
    /// What others within it have.
    inner: Vec<Range<i64>>,
    /// The worst minute, and its failures.
    peak: Option<Count>,
    events: u64,
    classes: BTreeMap<Class, u64>,
    peers: HashMap<Arc<str>, u64>,
    servers: HashMap<Arc<str>, u64>,
    clients: ClientsTogether,
    /// The failures of each class in the bucket that is at hand.
    at_hand: BTreeMap<Class, u64>,
    /// Of each class, those in the bucket with the most of them, and the example from there.
    most: BTreeMap<Class, (u64, Option<String>)>,
    /// What clients and examples come to, once it is over: there may be many incidents, and these take much memory.
    told: Option<(u64, Option<String>)>,
}

impl Gathered {
    pub(super) fn new(minutes: Range<i64>, inner: Vec<Range<i64>>, counts: &[Count]) -> Self {
        let mut gathered = Self {
            minutes,
            inner,
            peak: None,
            events: 0,
            classes: BTreeMap::new(),
            peers: HashMap::new(),
            servers: HashMap::new(),
            clients: ClientsTogether::default(),
            at_hand: BTreeMap::new(),
            most: BTreeMap::new(),
            told: None,
        };
        let its = within(counts, &gathered.minutes).iter().copied();
        let its = its.filter(|count| gathered.has(count.0));
        // Of equals the first.
        gathered.peak = its.rev().max_by_key(|count| count.1);
        gathered
    }

    /// Whether a minute is one of it, and of none within it.
    fn has(&self, minute: i64) -> bool {
        let next = self.inner.partition_point(|inner| inner.end <= minute);
        let is_inner = self
            .inner
            .get(next)
            .is_some_and(|inner| inner.contains(&minute));
        self.minutes.contains(&minute) && !is_inner
    }

    /// Adds a row, of whose minutes these have events, and whether any of them is one of it.
    pub(super) fn add(&mut self, row: &Row, minutes: &[Count]) -> bool {
        let its = within(minutes, &self.minutes).iter();
        let its = its.filter(|count| self.has(count.0));
        let failed: u64 = its.map(|count| count.1).sum();
        if failed == 0 {
            return false;
        }
        self.events += failed;
        *self.classes.entry(row.class).or_default() += failed;
        *self.at_hand.entry(row.class).or_default() += failed;
        for (counts, name) in [
            (&mut self.peers, &row.peer),
            (&mut self.servers, &row.server),
        ] {
            let Some(name) = name.as_ref().filter(|name| !name.is_empty()) else {
                continue;
            };
            match counts.get_mut(name) {
                Some(count) => *count += failed,
                None => {
                    counts.insert(Arc::clone(name), failed);
                }
            }
        }
        self.clients.add(&row.clients);
        true
    }

    /// The bucket at hand is at its end; these are the examples of the pool's classes in it.
    pub(super) fn end_bucket(&mut self, examples: &BTreeMap<Class, String>) {
        for (class, failures) in std::mem::take(&mut self.at_hand) {
            let most = self.most.entry(class).or_default();
            if failures > most.0 {
                *most = (failures, examples.get(&class).cloned());
            }
        }
    }

    /// No more rows tell of it.
    pub(super) fn settle(&mut self) {
        if self.told.is_none() {
            let mut most = std::mem::take(&mut self.most);
            let class = self.class().and_then(|class| most.remove(&class));
            let clients = std::mem::take(&mut self.clients);
            let example = class.and_then(|(_, example)| example);
            self.told = Some((clients.estimate(), example));
        }
    }

    /// The commonest class; of equals the first.
    fn class(&self) -> Option<Class> {
        let backwards = self.classes.iter().rev();
        backwards.max_by_key(|class| class.1).map(|class| *class.0)
    }

    /// Nothing, if those within it have taken all.
    pub(super) fn incident(mut self, pool: &str, data: &Range<i64>, gap: i64) -> Option<Incident> {
        self.settle();
        let (peak, peak_per_minute) = self.peak?;
        self.class()?;
        let (clients, example) = self.told?;
        let classes = most_first(self.classes);
        Some(Incident {
            pool: pool.to_owned(),
            started: Moment(self.minutes.start * MINUTE),
            ended: Moment(self.minutes.end * MINUTE),
            events: self.events,
            peak_per_minute,
            peak: Moment(peak * MINUTE),
            classes,
            peers: names(self.peers),
            servers: names(self.servers),
            clients,
            example,
            // The data's first minute is cut as a rule, and then too small to count.
            is_from_before: self.minutes.start <= data.start + 1,
            is_going_on: self.minutes.end + gap >= data.end,
        })
    }
}

/// The worst first.
fn names(counts: HashMap<Arc<str>, u64>) -> Vec<(String, u64)> {
    let names = counts.into_iter();
    most_first(
        names
            .map(|(name, count)| (name.to_string(), count))
            .collect(),
    )
}
