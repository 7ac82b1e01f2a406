use crate::record::Moment;

use super::{Bounded, Count, Event, Leaders, Shelf};

/// What a report of logs counts: the time that it is about, and the time before, with which that is compared.
pub struct Survey<'a> {
    /// The events from `since` on.
    pub rollup: Bounded<'a>,
    /// The requests that failed then, and the clients.
    pub leaders: Leaders,
    /// The events before.
    pub before: Bounded<'a>,
    since: Moment,
}

impl<'a> Survey<'a> {
    /// An empty one with buckets of `width` microseconds. It holds about so many bytes of counts at most, and puts the
    /// rest on the shelf.
    pub fn new(width: i64, since: Moment, most: usize, shelf: &'a dyn Shelf) -> Self {
        let bounded = || Bounded::new(width, most / 2, shelf);
        Self {
            rollup: bounded(),
            leaders: Leaders::default(),
            before: bounded(),
            since,
        }
    }
}

impl Count for Survey<'_> {
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
