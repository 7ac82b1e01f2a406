use super::{Event, Rollup};

/// What events are counted in: each thread has one of its own, and in the end they merge.
pub trait Count: Send {
    /// Counts an event.
    fn add(&mut self, event: &Event<'_>);

    /// Adds all that another one has counted.
    fn merge(&mut self, other: Self);
}

impl Count for Rollup {
    fn add(&mut self, event: &Event<'_>) {
        Self::add(self, event);
    }

    fn merge(&mut self, mut other: Self) {
        // The smaller one goes into the larger one.
        if other.len() > self.len() {
            std::mem::swap(self, &mut other);
        }
        Self::merge(self, other);
    }
}
