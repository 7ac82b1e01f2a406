use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Ends a scan from outside: nothing more is read, and what was read until then is its outcome.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Ends it soon.
    pub fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
