use crate::record::Moment;
use crate::rollup::{Bursts, Change, Failures, Row, Summing, Thresholds};

/// What rows come to in a report, whatever they were read from.
pub(super) struct Sums {
    failures: Failures,
    pub(super) change: Option<Change>,
    pub(super) summing: Summing,
}

impl Sums {
    /// Of no row yet.
    pub(super) fn new(change: Option<Change>) -> Self {
        Self {
            failures: Failures::default(),
            change,
            summing: Summing::new(),
        }
    }

    /// Adds rows of the time before the one that was asked for.
    pub(super) fn add_before(&mut self, rows: &[Row]) {
        self.failures.add(rows);
        if let Some(change) = &mut self.change {
            rows.iter().for_each(|row| change.add(row));
        }
    }

    /// Adds rows of the time that was asked for.
    pub(super) fn add(&mut self, rows: &[Row]) {
        self.add_before(rows);
        rows.iter().for_each(|row| self.summing.add(row));
    }

    /// When pools failed much more than usual; the rows of that time are to be gathered.
    pub(super) fn bursts(&mut self, thresholds: &Thresholds, since: Option<Moment>) -> Bursts {
        std::mem::take(&mut self.failures).bursts(thresholds, since)
    }
}
