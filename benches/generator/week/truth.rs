//! What was planted and what became of it, to compare with what is found.

use super::super::Written;
use super::outage::Outage;
use super::site::POOLS;
use chrono::{DateTime, NaiveDate, SecondsFormat};
use serde::Serialize;
use std::collections::BTreeMap;

/// What a week's log holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Truth {
    /// Counts of the whole log; pools have the names that the configuration gives them.
    #[serde(flatten)]
    pub written: Written,
    /// As they were given.
    pub outages: Vec<Planted>,
}

/// An outage in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Planted {
    /// Names.
    pub pools: Vec<&'static str>,
    /// Of most of its failures.
    pub class: &'static str,
    /// When it was begun; RFC 3339, UTC, as all times here.
    pub start: String,
    /// When it was over.
    pub end: String,
    /// Records of all classes; what the noise adds is not in it.
    pub events: u64,
    /// By class.
    pub events_by_class: BTreeMap<&'static str, u64>,
    /// One for each of `pools`.
    pub parts: Vec<Part>,
}

/// What one pool has of an outage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    /// Name.
    pub pool: &'static str,
    /// As the log tells it; absent if it has none.
    pub first_event: Option<String>,
    /// As the log tells it; absent if it has none.
    pub last_event: Option<String>,
    /// Records of all classes.
    pub events: u64,
}

/// What is written down of an outage while the log is written. Seconds after the beginning of the week.
pub(super) struct Account<'o> {
    outage: &'o Outage,
    by_class: BTreeMap<&'static str, u64>,
    /// Events, first and last, for each pool.
    parts: Vec<(u64, Option<(u64, u64)>)>,
}

impl<'o> Account<'o> {
    pub(super) fn new(outage: &'o Outage) -> Self {
        Account {
            outage,
            by_class: BTreeMap::new(),
            parts: vec![(0, None); outage.pools.len()],
        }
    }

    pub(super) fn add(&mut self, pool: usize, class: &'static str, second: u64) {
        *self.by_class.entry(class).or_default() += 1;
        let turn = self.outage.pools.iter().position(|&other| other == pool);
        let (events, seen) = &mut self.parts[turn.expect("one of its pools")];
        *events += 1;
        let (first, last) = seen.unwrap_or((second, second));
        *seen = Some((first.min(second), last.max(second)));
    }
}

impl Truth {
    pub(super) fn new(start: NaiveDate, written: Written, accounts: Vec<Account>) -> Truth {
        let midnight = start.and_hms_opt(0, 0, 0).expect("midnight").and_utc();
        let time = |second: u64| {
            DateTime::from_timestamp(midnight.timestamp() + second as i64, 0)
                .expect("a time within the calendar")
                .to_rfc3339_opts(SecondsFormat::Secs, true)
        };
        let planted = |account: Account| {
            let outage = account.outage;
            let names = outage.pools.iter().map(|&pool| POOLS[pool].name);
            let parts = names.clone().zip(account.parts);
            Planted {
                pools: names.collect(),
                class: outage.class(),
                start: time(outage.start),
                end: time(outage.start + outage.length),
                events: account.by_class.values().sum(),
                events_by_class: account.by_class,
                parts: parts
                    .map(|(pool, (events, seen))| Part {
                        pool,
                        first_event: seen.map(|(first, _)| time(first)),
                        last_event: seen.map(|(_, last)| time(last)),
                        events,
                    })
                    .collect(),
            }
        };
        Truth {
            outages: accounts.into_iter().map(planted).collect(),
            written,
        }
    }
}
