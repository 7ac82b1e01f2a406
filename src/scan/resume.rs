//! Reading what earlier runs have not read.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::UNIX_EPOCH;

use chrono::Utc;
use rayon::ScopeFifo;

use crate::dataset::{Entry, Id, Ledger, Sight};
use crate::record::{Boundaries, Moment};
use crate::rollup::Rollup;
use crate::source::{
    Compression, Fingerprint, Input, Mark, Recognised, Signature, Source, Trouble, open, whole_path,
};

use super::crew::Crew;
use super::reading::Reading;
use super::{Outcome, Scan};

/// What came of reading on.
#[derive(Debug)]
pub struct Resumed {
    /// What was counted.
    pub rollup: Rollup,
    /// What is to be noted about the logs.
    pub notes: Notes,
    /// Whether a file changed under the eyes of the run, other than by growing: what was counted is
    /// worth nothing.
    pub has_changed: bool,
}

/// What a run has found out about its inputs.
#[derive(Debug, Default)]
pub struct Notes {
    /// How far logs were read, or where they are now.
    pub entries: Vec<Entry>,
    /// Whether that is worth a file by itself: something was read, or found out at some cost.
    pub are_new: bool,
    /// What became of each input, in their order.
    pub findings: Vec<Finding>,
    /// The logs of the ledger that were met.
    pub met: HashSet<Id>,
    /// Whether something was read that cannot be read again.
    pub has_pipe: bool,
}

/// What is to be read of an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Its place among the inputs.
    pub input: usize,
    /// What of it is known.
    pub state: State,
    /// How it is compressed.
    pub compression: Option<Compression>,
}

/// How much of a log earlier runs have counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// There is nothing in it.
    Empty,
    /// All of it, and nothing has changed since.
    Unchanged,
    /// It was last written to before the time that the dataset keeps.
    Past,
    /// All of it: it is what another log begins with, or an older copy of one.
    Known,
    /// What stands before `from`; `bytes` are new. Of a stream it is not known how many will come.
    Rest {
        /// Where the new bytes begin.
        from: u64,
        /// How many they are.
        bytes: Option<u64>,
    },
}

/// What the inputs are, before any of them is read.
struct Plan {
    /// Inputs that begin alike may be one log, and are read one after the other.
    groups: Vec<(Option<Mark>, Vec<usize>)>,
    /// Inputs that can be opened only once.
    pipes: Vec<usize>,
    notes: Notes,
    troubles: Vec<(usize, Trouble)>,
}

impl Scan {
    /// Counts, in buckets of `width` microseconds, what the ledger does not know yet of the inputs.
    /// `machine` is the one on which they lie.
    pub fn resume(&self, width: i64, ledger: &Ledger, machine: &str) -> Outcome<Resumed> {
        let mut plan = self.plan(ledger, machine);
        let all = Resuming {
            crew: Crew::new(self, width),
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
                rollup: outcome.value,
                notes,
                has_changed,
            },
            intake: outcome.intake,
            troubles: outcome.troubles,
        }
    }

    /// What [`Scan::resume`] would read.
    pub fn findings(&self, ledger: &Ledger, machine: &str) -> (Vec<Finding>, Vec<Trouble>) {
        let mut plan = self.plan(ledger, machine);
        let mut findings = std::mem::take(&mut plan.notes.findings);
        let mut troubles = plan.troubles;
        let pipes = plan.pipes.into_iter().map(|input| (None, vec![input]));
        for (key, inputs) in plan.groups.into_iter().chain(pipes) {
            let mut known = ledger.candidates(key);
            for input in inputs {
                let begun = open(&self.inputs[input], self.access)
                    .and_then(|source| self.begin(input, source, &known));
                match begun {
                    Ok((finding, source, _)) => {
                        if let Ok(Some((fingerprint, _))) = source.watch(None, &Arc::default()) {
                            let sight = self.sight(input, machine, &source);
                            known.push(Entry::of(fingerprint, sight));
                        }
                        findings.push(finding);
                    }
                    Err(trouble) => troubles.push((input, trouble)),
                }
            }
        }
        findings.sort_by_key(|finding| finding.input);
        (
            findings,
            troubles.into_iter().map(|(_, trouble)| trouble).collect(),
        )
    }

    fn plan(&self, ledger: &Ledger, machine: &str) -> Plan {
        let mut groups: BTreeMap<Option<Mark>, Vec<usize>> = BTreeMap::new();
        let mut plan = Plan {
            groups: Vec::new(),
            pipes: Vec::new(),
            notes: Notes::default(),
            troubles: Vec::new(),
        };
        for input in self.largest_first() {
            match self.look(input, ledger, machine) {
                Ok(Look::Pipe) => plan.pipes.push(input),
                Ok(Look::Group(key)) => groups.entry(key).or_default().push(input),
                Ok(Look::Settled(state)) => plan.notes.find(input, state),
                Ok(Look::Unchanged(id, entry)) => {
                    plan.notes.find(input, State::Unchanged);
                    plan.notes.met.extend(id);
                    plan.notes.leave_alone(entry);
                }
                Err(trouble) => plan.troubles.push((input, trouble)),
            }
        }
        plan.groups = groups.into_iter().collect();
        plan.groups
            .sort_by_cached_key(|(_, inputs)| std::cmp::Reverse(self.length(inputs[0])));
        plan
    }

    fn look(&self, input: usize, ledger: &Ledger, machine: &str) -> Result<Look, Trouble> {
        let Input::File(path) = &self.inputs[input] else {
            return Ok(Look::Pipe);
        };
        let meta = fs::metadata(path);
        if let Ok(meta) = &meta {
            if !meta.is_file() {
                return Ok(Look::Pipe);
            }
            if meta.len() == 0 {
                return Ok(Look::Settled(State::Empty));
            }
            if modified(meta) < ledger.kept_since() {
                return Ok(Look::Settled(State::Past));
            }
            if let Some((id, is_copy)) = ledger.unchanged(machine, Signature::of(meta)) {
                let entry = ledger.entry(id).filter(|_| !is_copy);
                return Ok(Look::Unchanged((!is_copy).then_some(id), entry.cloned()));
            }
        }
        let mut source = open(&self.inputs[input], self.access)?;
        Ok(Look::Group(source.key()?))
    }

    /// Finds out which of the logs that are known an input is, and goes to where its new part begins.
    /// Told is also the entry that it continues.
    fn begin(
        &self,
        input: usize,
        source: Source,
        known: &[Entry],
    ) -> Result<(Finding, Source, Option<Entry>), Trouble> {
        let compression = source.compression;
        let mut known: Vec<&Entry> = known.iter().collect();
        known.sort_by_key(|entry| entry.id());
        let fingerprints: Vec<&Fingerprint> =
            known.iter().map(|entry| &entry.fingerprint).collect();
        let (source, recognised) =
            source.resume(&self.inputs[input], self.access, &fingerprints, &Boundaries)?;
        let (state, old) = match recognised {
            Recognised::Known(at) => (State::Known, Some(known[at].clone())),
            Recognised::Rest(at) => (State::rest(&source), Some(known[at].clone())),
            Recognised::New => (State::rest(&source), None),
            Recognised::Damaged(_) => {
                let path = self.inputs[input].path().to_path_buf();
                return Err(Trouble::DamagedCopy { path });
            }
        };
        let finding = Finding {
            input,
            state,
            compression,
        };
        Ok((finding, source, old))
    }

    fn sight(&self, input: usize, machine: &str, source: &Source) -> Sight {
        let path = match &self.inputs[input] {
            Input::Stdin => PathBuf::from("-"),
            Input::File(path) => whole_path(path),
        };
        let modified = source.modified.duration_since(UNIX_EPOCH);
        let modified = modified.map_or(0, |modified| modified.as_secs() as i64);
        Sight {
            machine: machine.to_owned(),
            signature: source.signature.filter(|_| source.is_whole()),
            modified,
            may_grow: source.new_bytes().is_some(),
            is_copy: false,
            is_left_alone: source.is_whole() && is_left_alone(&path, modified),
            path,
        }
    }
}

fn modified(meta: &fs::Metadata) -> Moment {
    let nanos = meta.mtime_nsec() / 1_000;
    Moment(meta.mtime().saturating_mul(1_000_000).saturating_add(nanos))
}

impl Scan {
    /// Whether what a file was made from by compressing stands beside it.
    fn has_twin(&self, input: usize) -> bool {
        let twin = self.inputs[input].path().with_extension("");
        self.inputs.iter().any(|other| other.path() == twin)
    }
}

impl State {
    fn rest(source: &Source) -> Self {
        Self::Rest {
            from: source.counted_bytes(),
            bytes: source.new_bytes(),
        }
    }
}

/// What is seen of an input before it is read.
enum Look {
    Pipe,
    Group(Option<Mark>),
    /// The log that it is, if it is no copy.
    Unchanged(Option<Id>, Option<Entry>),
    Settled(State),
}

/// Seconds after which a log that was rotated is taken to be at rest.
const AT_REST: i64 = 86_400;

/// Whether nobody writes to a log any more: it was rotated, and long ago.
fn is_left_alone(path: &Path, modified: i64) -> bool {
    let is_rotated = !path.as_os_str().as_encoded_bytes().ends_with(b"log");
    is_rotated && Utc::now().timestamp() - modified > AT_REST
}

/// What all groups share.
struct Resuming<'a> {
    crew: Crew<'a>,
    machine: &'a str,
    notes: Mutex<Notes>,
    has_changed: Arc<AtomicBool>,
}

impl Resuming<'_> {
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
        for input in inputs {
            match open(&scan.inputs[input], scan.access) {
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
        // What is still being compressed is a part of what it is made from. The longest comes first.
        sources.sort_by_cached_key(|(input, source)| {
            let length = std::cmp::Reverse(scan.length(*input));
            (source.compression.is_some(), length)
        });
        for (input, source) in sources {
            match key.is_none() && source.compression.is_some() && scan.has_twin(input) {
                // It is just beginning to be compressed.
                true => self.notes().find(input, State::Known),
                false => self.read(scope, input, source, &mut known),
            }
        }
    }

    fn read_pipe<'scope>(&'scope self, scope: &ScopeFifo<'scope>, input: usize, ledger: &Ledger) {
        let scan = self.crew.scan;
        let keyed = open(&scan.inputs[input], scan.access)
            .and_then(|mut source| Ok((source.key()?, source)));
        match keyed {
            Err(trouble) => self.crew.trouble(input, trouble),
            Ok((key, source)) => {
                let mut known = ledger.candidates(key);
                known.extend(self.notes().entries.iter().cloned());
                known.retain(|entry| entry.key().is_none() || entry.key() == key);
                self.read(scope, input, source, &mut known);
            }
        }
    }

    fn read<'scope>(
        &'scope self,
        scope: &ScopeFifo<'scope>,
        input: usize,
        source: Source,
        known: &mut Vec<Entry>,
    ) {
        match self.try_read(scope, input, source, known) {
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
    ) -> Result<Option<Entry>, Trouble> {
        let scan = self.crew.scan;
        let (finding, source, old) = scan.begin(input, source, known)?;
        let mut sight = scan.sight(input, self.machine, &source);
        // To decompress a file once more would tell nothing else.
        let is_worth = finding.compression.is_some() && sight.signature.is_some();
        let is_known = finding.state == State::Known;
        self.notes().findings.push(finding);
        if is_known {
            let mut notes = self.notes();
            notes.are_new |= is_worth;
            notes.entries.extend(old.map(|old| old.with_copy(sight)));
            return Ok(None);
        }
        self.notes().met.extend(old.as_ref().map(Entry::id));
        let recognised = old.as_ref().map(|old| &old.fingerprint);
        let (promised, watch) = source.watch(recognised, &self.has_changed)?.unzip();
        let watch = watch.map(Arc::new);
        let clock = old.as_ref().and_then(|old| old.clock);
        let mut reading =
            Reading::new(input, source, scan.zone, scan.chunk_size).resumed(clock, watch.clone());
        self.crew.read(scope, &mut reading);
        let fingerprint = match (reading.failed_at(), &watch) {
            (None, Some(_)) => promised,
            (Some(length), Some(watch)) => watch.fingerprint(length),
            (_, None) => reading.passed().cloned(),
        };
        if reading.failed_at().is_some() {
            sight.signature = None;
            if fingerprint.is_none() {
                self.has_changed.store(true, Ordering::Release);
            }
        }
        let Some(fingerprint) = fingerprint.filter(|fingerprint| fingerprint.length > 0) else {
            return Ok(None);
        };
        let mut entry = Entry::of(fingerprint, sight);
        let is_new = old.as_ref().map(Entry::id) != Some(entry.id());
        let was = old
            .as_ref()
            .map(|old| (&old.sight.path, old.sight.is_left_alone));
        let is_moved = was != Some((&entry.sight.path, entry.sight.is_left_alone));
        match old {
            Some(old) if is_new => entry.continues = Some(old.id()),
            // What is noted once more takes no other's place.
            Some(old) => entry.clock = old.clock,
            None => {}
        }
        if is_new {
            entry.clock = reading.clock_at_end();
        }
        let mut notes = self.notes();
        notes.are_new |= is_new || is_worth || (is_moved && entry.sight.may_grow);
        notes.entries.push(entry.clone());
        Ok(Some(entry))
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Notes {
    fn find(&mut self, input: usize, state: State) {
        self.findings.push(Finding {
            input,
            state,
            compression: None,
        });
    }

    /// Notes that nobody writes to a log any more, if that is so by now.
    fn leave_alone(&mut self, entry: Option<Entry>) {
        if let Some(mut entry) = entry.filter(|entry| entry.sight.may_grow) {
            let sight = &mut entry.sight;
            if !sight.is_left_alone && is_left_alone(&sight.path, sight.modified) {
                sight.is_left_alone = true;
                entry.continues = None;
                self.are_new = true;
                self.entries.push(entry);
            }
        }
    }

    /// What holds no record is no error log, and is told again until it is taken away.
    fn forget_no_logs(&mut self, troubles: &[Trouble]) {
        for trouble in troubles {
            if let Trouble::NoRecords { path, .. } = trouble {
                let path = whole_path(path);
                self.entries.retain(|entry| entry.sight.path != path);
            }
        }
    }
}
