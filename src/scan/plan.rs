//! What the inputs are: which of them are known, unchanged, or may be one log.

use std::collections::BTreeMap;
use std::iter;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use crate::dataset::{Entry, Id, Ledger, Sight};
use crate::record::{Boundaries, Moment};
use crate::source::{
    Fingerprint, Input, Mark, Position, Recognised, Source, Trouble, open, whole_path,
};

use super::Scan;
use super::notes::{Finding, Notes, State, is_left_alone, is_sought};

/// What the inputs are, before any of them is read.
pub(super) struct Plan {
    /// Inputs that begin alike may be one log, and are read one after the other.
    pub(super) groups: Vec<(Option<Mark>, Vec<usize>)>,
    /// Inputs that can be opened only once.
    pub(super) pipes: Vec<usize>,
    pub(super) notes: Notes,
    pub(super) troubles: Vec<(usize, Trouble)>,
}

/// What is seen of an input before it is read.
enum Look {
    Pipe,
    Group(Option<Mark>),
    /// The log that it is, if it is no copy.
    Unchanged(Option<Id>, Option<Entry>),
    Settled(State),
}

impl Scan {
    /// What [`Scan::resume`] would read.
    pub fn findings(&self, ledger: &Ledger, machine: &str) -> (Vec<Finding>, Vec<Trouble>) {
        let mut plan = self.plan(ledger, machine);
        let mut findings = std::mem::take(&mut plan.notes.findings);
        let mut troubles = plan.troubles;
        let pipes = plan.pipes.into_iter().map(|input| (None, vec![input]));
        for (key, inputs) in plan.groups.into_iter().chain(pipes) {
            let mut known = ledger.candidates(key);
            let mut sources = Vec::with_capacity(inputs.len());
            for &input in &inputs {
                match self.open(input) {
                    Ok(source) => sources.push((input, source)),
                    Err(trouble) => troubles.push((input, trouble)),
                }
            }
            self.take_turns(&mut sources);
            for (input, source) in sources {
                let begun = self.begin(input, source, &known, &inputs);
                self.meter.position(input).finish();
                match begun {
                    Ok((finding, source, old)) => {
                        if let Ok(Some((fingerprint, _))) = source.watch(None, &Arc::default()) {
                            let old = old.map(|old| old.id());
                            known.retain(|entry| Some(entry.id()) != old);
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

    /// Puts inputs that begin alike into the order in which they are read. What is still being compressed
    /// is a part of what it is made from. The longest comes first.
    pub(super) fn take_turns(&self, sources: &mut [(usize, Source)]) {
        sources.sort_by_cached_key(|(input, source)| {
            let length = std::cmp::Reverse(self.length(*input));
            (source.compression.is_some(), length)
        });
    }

    pub(super) fn plan(&self, ledger: &Ledger, machine: &str) -> Plan {
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
                Ok(Look::Settled(state)) => {
                    self.meter.position(input).finish();
                    plan.notes.find(input, state);
                }
                Ok(Look::Unchanged(id, entry)) => {
                    self.meter.position(input).finish();
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
        let machine = self.inputs[input].machine(machine);
        // What cannot be looked at is opened, and that gives the reason.
        if let Ok(signature) = self.inputs[input].signature() {
            let Some(signature) = signature else {
                return Ok(Look::Pipe);
            };
            if signature.length == 0 {
                return Ok(Look::Settled(State::Empty));
            }
            if Moment(signature.modified.div_euclid(1_000)) < ledger.kept_since() {
                return Ok(Look::Settled(State::Past));
            }
            if let Some((id, is_copy)) = ledger.unchanged(machine, signature) {
                // Where the log was seen last may be another file, and gone: then it is here.
                let is_elsewhere = |entry: &&Entry| {
                    entry.sight.signature != Some(signature) && is_sought(entry, machine)
                };
                let entry = ledger.entry(id);
                if entry.filter(is_elsewhere).is_none() {
                    let entry = entry.filter(|_| !is_copy);
                    return Ok(Look::Unchanged((!is_copy).then_some(id), entry.cloned()));
                }
            }
        }
        let mut source = self.open(input)?;
        Ok(Look::Group(source.key()?))
    }

    /// Finds out which of the logs that are known an input is, and goes to where its new part begins.
    /// Told is also the entry that it continues. Inputs that are `alike` may help.
    pub(super) fn begin(
        &self,
        input: usize,
        source: Source,
        known: &[Entry],
        alike: &[usize],
    ) -> Result<(Finding, Source, Option<Entry>), Trouble> {
        let compression = source.compression;
        let mut known: Vec<&Entry> = known.iter().collect();
        known.sort_by_key(|entry| entry.id());
        let fingerprints: Vec<&Fingerprint> =
            known.iter().map(|entry| &entry.fingerprint).collect();
        let is_beginning = |at: usize, part: &Fingerprint| self.may_begin(known[at], part, alike);
        let (mut source, recognised) = source.resume(
            &self.inputs[input],
            self.access,
            &fingerprints,
            &is_beginning,
            &Boundaries,
        )?;
        let (state, old) = match recognised {
            Recognised::Known(at) => (State::Known, Some(known[at].clone())),
            // It is just being compressed: all lines are there, the end of the format is not.
            Recognised::Rest(at) if self.has_twin(input) && source.is_cut_here() => {
                (State::Known, Some(known[at].clone()))
            }
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

    /// Whether a log can begin with what an input holds, where samples do not speak against it. They say
    /// nothing of what stands behind the last of them: the log itself is looked at, where it was, or where
    /// it is now among the inputs that are alike, if it is still there.
    fn may_begin(&self, log: &Entry, part: &Fingerprint, alike: &[usize]) -> bool {
        let lengths = [part.length, log.fingerprint.length];
        let beginning = |place: Input| {
            // A pipe of that name would be waited for.
            place.signature().ok()??;
            let source = open(&place, self.access, Position::default()).ok()?;
            let [beginning, whole] = source.beginnings(lengths).ok()?;
            beginning.filter(|_| whole.as_ref() == Some(&log.fingerprint))
        };
        let alike = alike.iter().map(|&input| self.inputs[input].clone());
        let mut places = iter::once(Input::File(log.sight.path.clone())).chain(alike);
        let beginning = places.find_map(beginning);
        beginning.is_none_or(|beginning| beginning == *part)
    }

    pub(super) fn sight(&self, input: usize, machine: &str, source: &Source) -> Sight {
        let input = &self.inputs[input];
        let path = match input {
            Input::Stdin => PathBuf::from("-"),
            Input::File(path) | Input::Object { path, .. } => whole_path(path),
            Input::Memory(memory) => memory.name.clone(),
        };
        let modified = source.modified.duration_since(UNIX_EPOCH);
        let modified = modified.map_or(0, |modified| modified.as_secs() as i64);
        Sight {
            machine: input.machine(machine).to_owned(),
            signature: source.signature.filter(|_| source.is_whole()),
            modified,
            may_grow: source.new_bytes().is_some(),
            is_copy: false,
            is_left_alone: source.is_whole() && is_left_alone(&path, modified),
            path,
        }
    }

    /// Whether what a file was made from by compressing stands beside it.
    pub(super) fn has_twin(&self, input: usize) -> bool {
        let twin = self.inputs[input].path().with_extension("");
        self.inputs.iter().any(|other| other.path() == twin)
    }
}
