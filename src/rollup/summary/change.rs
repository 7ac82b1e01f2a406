use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::record::Moment;
use crate::taxonomy::{Class, Kind};

use super::Row;

/// A length of time, and the times of the same length before it, with which it is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The time itself.
    pub time: Range<Moment>,
}

impl Span {
    /// With so many times before it is compared: a day with the week before.
    pub const PERIODS: i64 = 7;

    /// How long it is, in microseconds.
    pub fn length(&self) -> i64 {
        self.time.end.0.saturating_sub(self.time.start.0)
    }

    /// From where on data is needed.
    pub fn start(&self) -> Moment {
        let before = self.length().saturating_mul(Self::PERIODS);
        Moment(self.time.start.0.saturating_sub(before))
    }

    /// How many periods ago a moment was; the one right before is 0. `None` for what is later or earlier than all.
    fn period(&self, moment: Moment) -> Option<usize> {
        let before = self.time.start.0.checked_sub(moment.0)?.checked_sub(1)?;
        let period = before.checked_div(self.length())?;
        (before >= 0 && period < Self::PERIODS).then_some(period as usize)
    }
}

/// What failed in one of the earlier times.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Earlier {
    /// The failures of each pool.
    pub pools: BTreeMap<String, u64>,
    /// What failed.
    pub classes: BTreeSet<(String, Class)>,
}

/// A time compared with those before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The time itself.
    pub span: Span,
    /// The earlier times of which everything is known, the latest first.
    pub earlier: Vec<Earlier>,
}

/// Microseconds.
const MINUTE: i64 = 60_000_000;

impl Change {
    /// Sorts rows from before `span` into periods. `known` is from when on there is data.
    pub fn new(span: Span, rows: &[Row], known: Option<Moment>) -> Self {
        let periods = (0..Span::PERIODS).filter(|period| {
            let begin = span.time.start.0 - (period + 1) * span.length();
            known.is_some_and(|known| known.0 <= begin)
        });
        let mut earlier = vec![Earlier::default(); periods.count()];
        for row in rows.iter().filter(|row| row.class.kind() == Kind::Failed) {
            for (minute, events) in row.minutes.counts() {
                let moment = Moment(row.bucket.0 + i64::from(minute) * MINUTE);
                let period = span.period(moment);
                if let Some(earlier) = period.and_then(|period| earlier.get_mut(period)) {
                    *earlier.pools.entry(row.pool.clone()).or_default() += u64::from(events);
                    earlier.classes.insert((row.pool.clone(), row.class));
                }
            }
        }
        Self { span, earlier }
    }
}

impl Earlier {
    /// All failures.
    pub fn failures(&self) -> u64 {
        self.pools.values().sum()
    }
}
