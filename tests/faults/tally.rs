//! What was done, and how often.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::program::Ended;

/// Counts faults of each kind, from all threads.
#[derive(Default)]
pub struct Tally {
    kinds: Mutex<BTreeMap<&'static str, Line>>,
    has_failed: AtomicBool,
    rounds: AtomicU64,
    events: AtomicU64,
}

#[derive(Default, Clone, Copy)]
struct Line {
    faults: u64,
    killed: u64,
    signalled: u64,
    failed: u64,
    incomplete: u64,
    checked: u64,
}

impl Tally {
    /// Notes how a run has ended to which something was done, or which ran beside one.
    pub fn note(&self, kind: &'static str, ended: &Ended) {
        self.change(kind, |line| {
            line.faults += 1;
            match (ended.signal, ended.code) {
                (Some(9), _) => line.killed += 1,
                (Some(_), _) => line.signalled += 1,
                (_, Some(0)) => {}
                (_, Some(1)) => line.incomplete += 1,
                _ => line.failed += 1,
            }
        });
    }

    /// Notes that so many events were looked up after a fault of this kind.
    pub fn checked(&self, kind: &'static str, events: usize) {
        self.change(kind, |line| line.checked += events as u64);
    }

    /// Notes that a round has ended, in which so many events were written, counted and found once.
    pub fn end(&self, events: usize) {
        self.rounds.fetch_add(1, Ordering::Relaxed);
        self.events.fetch_add(events as u64, Ordering::Relaxed);
    }

    /// Notes that something was lost, doubled or not said: nobody needs to look further.
    pub fn fail(&self) {
        self.has_failed.store(true, Ordering::Relaxed);
    }

    pub fn has_failed(&self) -> bool {
        self.has_failed.load(Ordering::Relaxed)
    }

    /// How many processes were killed.
    pub fn kills(&self) -> u64 {
        let kinds = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        kinds.values().map(|line| line.killed).sum()
    }

    fn change(&self, kind: &'static str, change: impl FnOnce(&mut Line)) {
        let mut kinds = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        change(kinds.entry(kind).or_default());
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        let mut sum = Line::default();
        writeln!(
            out,
            "{:48} {:>6} {:>7} {:>7} {:>7} {:>11} {:>9}",
            "", "runs", "SIGKILL", "signals", "failed", "incomplete", "look-ups"
        )?;
        let mut line = |name: &str, line: &Line| {
            writeln!(
                out,
                "{name:48} {:>6} {:>7} {:>7} {:>7} {:>11} {:>9}",
                line.faults,
                line.killed,
                line.signalled,
                line.failed,
                line.incomplete,
                line.checked
            )
        };
        for (name, kind) in kinds.iter() {
            line(name, kind)?;
            sum.faults += kind.faults;
            sum.killed += kind.killed;
            sum.signalled += kind.signalled;
            sum.failed += kind.failed;
            sum.incomplete += kind.incomplete;
            sum.checked += kind.checked;
        }
        line("all", &sum)?;
        let (rounds, events) = (&self.rounds, &self.events);
        let [rounds, events] = [rounds, events].map(|number| number.load(Ordering::Relaxed));
        writeln!(
            out,
            "{events} events in {rounds} rounds, none lost, none doubled"
        )
    }
}
