//! Reading what earlier runs have not read.

use std::io::ErrorKind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rayon::ScopeFifo;

use crate::dataset::{Entry, Ledger};
use crate::rollup::{Bounded, Shelf};
use crate::source::{Mark, Source, Trouble};

use super::crew::Crew;
use super::notes::{Notes, State};
use super::reading::Reading;
use super::{Outcome, Scan};

/// What came of reading on.
pub struct Resumed<'a> {
    /// What was counted.
    pub counted: Bounded<'a>,
    /// What is to be noted about the logs.
    pub notes: Notes,
    /// Whether a file changed under the eyes of the run, other than by growing: what was counted is
    /// worth nothing.
    pub has_changed: bool,
}

impl Scan {
    /// Counts, in buckets of `width` microseconds, what the ledger does not know yet of the inputs.
    /// `machine` is the one on which they lie. What is too much to be held is put on the shelf.
    pub fn resume<'s>(
        &self,
        width: i64,
        ledger: &Ledger,
        machine: &str,
        shelf: &'s dyn Shelf,
    ) -> Outcome<Resumed<'s>> {
        let mut plan = self.plan(ledger, machine);
        let most = self.most_held_by_one();
        let all = Resuming {
            crew: Crew::new(self, || Bounded::new(width, most, shelf)),
            machine,
            notes: Mutex::new(std::mem::take(&mut plan.notes)),
            has_changed: Arc::default(),
        };
        rayon::scope_fifo(|scope| {
            for (input, trouble) in plan.troubles {
                all.crew.trouble(input, trouble);
            }
            for (key, inputs) in plan.groups {
                let (all, known) = (&all, ledger.candidates(key));
                scope.spawn_fifo(move |scope| all.read_group(scope, key, inputs, known));
            }
        });
        all.notes().has_pipe = !plan.pipes.is_empty();
        // They may hold what a file held as well.
        rayon::scope_fifo(|scope| {
            for input in plan.pipes {
                all.read_pipe(scope, input, ledger);
            }
        });
        let has_changed = all.has_changed.load(Ordering::Acquire);
        let outcome = all.crew.finish();
        let is_shorter = |trouble: &Trouble| matches!(trouble, Trouble::Shrank { .. });
        let has_changed = has_changed || outcome.troubles.iter().any(is_shorter);
        let notes = all.notes.into_inner();
        let mut notes = notes.unwrap_or_else(PoisonError::into_inner);
        notes.findings.sort_by_key(|finding| finding.input);
        notes.forget_no_logs(&outcome.troubles);
        Outcome {
            value: Resumed {
                counted: outcome.value,
                notes,
                has_changed,
            },
            intake: outcome.intake,
            troubles: outcome.troubles,
        }
    }
}

/// What all groups share.
struct Resuming<'a, 's> {
    crew: Crew<'a, Bounded<'s>>,
    machine: &'a str,
    notes: Mutex<Notes>,
    has_changed: Arc<AtomicBool>,
}

impl Resuming<'_, '_> {
    /// Reads inputs that begin alike. What was read of one is known when the next one's turn comes.
    fn read_group<'scope>(
        &'scope self,
        scope: &ScopeFifo<'scope>,
        key: Option<Mark>,
        inputs: Vec<usize>,
        mut known: Vec<Entry>,
    ) {
        let scan = self.crew.scan;
        let mut sources = Vec::with_capacity(inputs.len());
        for &input in &inputs {
            match scan.open(input) {
                Ok(mut source) => match source.key() {
                    Ok(now) if now == key => sources.push((input, source)),
                    // Logs were rotated since the plan was made: it is another one now.
                    Ok(_) => self.has_changed.store(true, Ordering::Release),
                    Err(trouble) => self.crew.trouble(input, trouble),
                },
                Err(Trouble::Open { source, .. }) if source.kind() == ErrorKind::NotFound => {
                    self.has_changed.store(true, Ordering::Release);
                }
                Err(trouble) => self.crew.trouble(input, trouble),
            }
        }
        scan.take_turns(&mut sources);
        for (input, source) in sources {
            match key.is_none() && source.compression.is_some() && scan.has_twin(input) {
                // It is just beginning to be compressed.
                true => {
                    scan.meter.position(input).finish();
                    self.notes().find(input, State::Known);
                }
                false => self.read(scope, input, source, &mut known, &inputs),
            }
        }
    }

    fn read_pipe<'scope>(&'scope self, scope: &ScopeFifo<'scope>, input: usize, ledger: &Ledger) {
        let scan = self.crew.scan;
        let keyed = scan
            .open(input)
            .and_then(|mut source| Ok((source.key()?, source)));
        match keyed {
            Err(trouble) => self.crew.trouble(input, trouble),
            Ok((key, source)) => {
                let mut known = ledger.candidates(key);
                known.extend(self.notes().entries.iter().cloned());
                known.retain(|entry| entry.key().is_none() || entry.key() == key);
                self.read(scope, input, source, &mut known, &[]);
            }
        }
    }

    fn read<'scope>(
        &'scope self,
        scope: &ScopeFifo<'scope>,
        input: usize,
        source: Source,
        known: &mut Vec<Entry>,
        alike: &[usize],
    ) {
        let read = self.try_read(scope, input, source, known, alike);
        self.crew.scan.meter.position(input).finish();
        match read {
            Err(trouble) => self.crew.trouble(input, trouble),
            Ok(None) => {}
            Ok(Some(entry)) => {
                known.retain(|old| Some(old.id()) != entry.continues && old.id() != entry.id());
                known.push(entry);
            }
        }
    }

    /// What is known of the input afterwards; nothing, if that was not enough to be noted.
    fn try_read<'scope>(
        &'scope self,
        scope: &ScopeFifo<'scope>,
        input: usize,
        source: Source,
        known: &[Entry],
        alike: &[usize],
    ) -> Result<Option<Entry>, Trouble> {
        let scan = self.crew.scan;
        let (finding, source, old) = scan.begin(input, source, known, alike)?;
        let mut sight = scan.sight(input, self.machine, &source);
        // To decompress a file once more would tell nothing else.
        let is_worth = finding.compression.is_some() && sight.signature.is_some();
        let is_known = finding.state == State::Known;
        self.notes().findings.push(finding);
        if is_known {
            if let Some(old) = old {
                self.notes().add_copy(&old, sight, is_worth);
            }
            return Ok(None);
        }
        self.notes().met.extend(old.as_ref().map(Entry::id));
        let counted = source.counted_bytes();
        let recognised = old.as_ref().map(|old| &old.fingerprint);
        let (promised, watch) = source.watch(recognised, &self.has_changed)?.unzip();
        let watch = watch.map(Arc::new);
        let clock = old.as_ref().and_then(|old| old.clock);
        let position = scan.meter.position(input);
        let mut reading = Reading::new(input, source, position, scan.zone, scan.chunk_size)
            .resumed(clock, watch.clone());
        self.crew.read(scope, &mut reading);
        let fingerprint = match (reading.failed_at(), &watch) {
            (None, Some(_)) => promised,
            (Some(length), Some(watch)) => watch.fingerprint(length),
            (_, None) => reading.passed().cloned(),
        };
        if let Some(length) = reading.failed_at() {
            // It failed among bytes that are only looked at again: what was counted stays counted.
            if length <= counted {
                return Ok(None);
            }
            sight.signature = None;
            if fingerprint.is_none() {
                self.has_changed.store(true, Ordering::Release);
            }
        }
        let Some(fingerprint) = fingerprint.filter(|fingerprint| fingerprint.length > 0) else {
            return Ok(None);
        };
        let mut entry = Entry::of(fingerprint, sight);
        entry.clock = reading.clock_at_end();
        Ok(self.notes().add(entry, old, is_worth))
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
