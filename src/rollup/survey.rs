use crate::record::Moment;

use super::{Count, Event, Leaders, Rollup};

/// What a report of logs counts: the time that it is about, and the time before, with which that is compared.
#[derive(Debug, Clone)]
pub struct Survey {
    /// The events from `since` on.
    pub rollup: Rollup,
    /// The requests that failed then, and the clients.
    pub leaders: Leaders,
    /// The events before.
    pub before: Rollup,
    since: Moment,
}

impl Survey {
    /// An empty one with buckets of `width` microseconds.
    pub fn new(width: i64, since: Moment) -> Self {
        Self {
            rollup: Rollup::new(width),
            leaders: Leaders::default(),
            before: Rollup::new(width),
            since,
        }
    }
}

impl Count for Survey {
    fn add(&mut self, event: &Event<'_>) {
        if event.moment < self.since {
            self.before.add(event);
        } else {
            self.rollup.add(event);
            self.leaders.add(event);
        }
    }

    fn merge(&mut self, other: Self) {
        Count::merge(&mut self.rollup, other.rollup);
        Count::merge(&mut self.before, other.before);
        self.leaders.merge(other.leaders);
    }
}
