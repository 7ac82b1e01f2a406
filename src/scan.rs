//! The way of a byte, walked on all cores.
//!
//! This is where the rooms meet: chunks out of `source` go through `record`, `taxonomy` and `pool`,
//! and end in a rollup or, formatted, in a writer. No step takes a lock or allocates per record.

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::time::{SystemTime, UNIX_EPOCH};

use rayon::prelude::*;

use crate::pool;
use crate::record::{Boundaries, Clock, Head, Moment, Splitter, Written, Zone};
use crate::rollup::{Event, Intake, Rollup};
use crate::source::{Access, Chunk, Chunks, Input, Trouble, open};
use crate::taxonomy::{Class, Rules, is_message};

/// What to read, and how.
#[derive(Debug, Clone)]
pub struct Scan {
    /// The inputs, in order.
    pub inputs: Vec<Input>,
    /// Map or read.
    pub access: Access,
    /// The zone in which the logs were written.
    pub zone: Zone,
    /// The machine whose logs they are, where no envelope names one.
    pub host: String,
    /// Events outside of this time are left out.
    pub window: Range<Moment>,
    /// What the operator adds to the classes.
    pub rules: Rules,
    /// About how many bytes are worked on at once.
    pub chunk_size: usize,
}

/// What came out of a scan.
#[derive(Debug)]
pub struct Outcome<T> {
    /// What was asked for.
    pub value: T,
    /// What was read.
    pub intake: Intake,
    /// What could not be read.
    pub troubles: Vec<Trouble>,
}

impl Scan {
    /// All of `inputs`, as written in this machine's zone.
    pub fn new(inputs: Vec<Input>) -> Self {
        Self {
            inputs,
            access: Access::default(),
            zone: Zone::default(),
            host: String::new(),
            window: Moment(i64::MIN)..Moment(i64::MAX),
            rules: Rules::default(),
            chunk_size: 1 << 20,
        }
    }

    /// Counts all events in buckets of `width` microseconds.
    pub fn rollup(&self, width: i64) -> Outcome<Rollup> {
        let (worker, rollup) = self
            .chunks()
            .par_bridge()
            .fold(
                || (Worker::new(self), Rollup::new(width)),
                |(mut worker, mut rollup), part| {
                    worker.work(part, |event| rollup.add(event));
                    (worker, rollup)
                },
            )
            .reduce(
                || (Worker::new(self), Rollup::new(width)),
                |(mut worker, mut rollup), (other_worker, other_rollup)| {
                    worker.merge(other_worker);
                    // The smaller one goes into the larger one.
                    if other_rollup.len() > rollup.len() {
                        let smaller = std::mem::replace(&mut rollup, other_rollup);
                        rollup.merge(smaller);
                    } else {
                        rollup.merge(other_rollup);
                    }
                    (worker, rollup)
                },
            );
        worker.finish(rollup)
    }

    /// Writes all events, in the order of inputs and records, as `format` puts them into bytes. An
    /// error is the writer's, and ends the scan.
    pub fn events(
        &self,
        format: impl Fn(&Event<'_>, &mut Vec<u8>) + Sync,
        mut write: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<Outcome<()>> {
        let mut all = Worker::new(self);
        let mut parts = self.chunks();
        // Enough for every thread to find work, few enough for memory not to matter.
        let at_once = rayon::current_num_threads() * 2;
        loop {
            let batch: Vec<Part> = parts.by_ref().take(at_once).collect();
            if batch.is_empty() {
                return Ok(all.finish(()));
            }
            let done: Vec<(Worker<'_>, Vec<u8>)> = batch
                .into_par_iter()
                .map(|part| {
                    let mut worker = Worker::new(self);
                    let mut bytes = Vec::new();
                    worker.work(part, |event| format(event, &mut bytes));
                    (worker, bytes)
                })
                .collect();
            for (worker, bytes) in done {
                all.merge(worker);
                write(&bytes)?;
            }
        }
    }

    fn chunks(&self) -> Parts<'_> {
        Parts {
            scan: self,
            next_input: 0,
            latest: Moment(0),
            current: None,
        }
    }
}

/// A chunk, and the place of its input among the inputs.
struct Part {
    input: usize,
    /// When the input was last written to: no record in it is newer.
    latest: Moment,
    chunk: Result<Chunk, Trouble>,
}

/// The chunks of all inputs, one input after the other.
struct Parts<'a> {
    scan: &'a Scan,
    next_input: usize,
    latest: Moment,
    current: Option<Chunks<'static, Boundaries>>,
}

impl Iterator for Parts<'_> {
    type Item = Part;

    fn next(&mut self) -> Option<Part> {
        loop {
            if let Some(chunk) = self.current.as_mut().and_then(Iterator::next) {
                return Some(Part {
                    input: self.next_input - 1,
                    latest: self.latest,
                    chunk,
                });
            }
            let input = self.next_input;
            let opened = open(self.scan.inputs.get(input)?, self.scan.access);
            self.next_input += 1;
            match opened {
                Ok(source) => {
                    self.latest = moment(source.modified);
                    self.current = Some(Chunks::new(source, &Boundaries, self.scan.chunk_size));
                }
                Err(trouble) => {
                    self.current = None;
                    return Some(Part {
                        input,
                        latest: self.latest,
                        chunk: Err(trouble),
                    });
                }
            }
        }
    }
}

fn moment(time: SystemTime) -> Moment {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    Moment(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

/// What one thread carries from chunk to chunk.
struct Worker<'a> {
    scan: &'a Scan,
    splitter: Splitter,
    clock: Clock,
    intake: Intake,
    troubles: Vec<(usize, Trouble)>,
    /// Lines and records of each input that was met: an input without a record is no error log.
    met: BTreeMap<usize, (u64, u64)>,
}

impl<'a> Worker<'a> {
    fn new(scan: &'a Scan) -> Self {
        Self {
            scan,
            splitter: Splitter::knowing(is_message),
            clock: Clock::new(scan.zone),
            intake: Intake::default(),
            troubles: Vec::new(),
            met: BTreeMap::new(),
        }
    }

    fn work(&mut self, part: Part, mut each: impl FnMut(&Event<'_>)) {
        let chunk = match part.chunk {
            Ok(chunk) => chunk,
            Err(trouble) => return self.troubles.push((part.input, trouble)),
        };
        let path = self.scan.inputs[part.input].path();
        let source = path.to_string_lossy();
        let records = self.splitter.split(&chunk, chunk.start, chunk.last);
        let mut last_stamped = None;
        for span in records.spans() {
            let before = last_stamped;
            if span.is_stamped() {
                last_stamped = Some(span);
            }
            let rules = &self.scan.rules;
            let is_wanted = |head: &Head<'_>| rules.may_concern(head);
            let Some(record) = records.candidate(span, chunk.offset, is_wanted) else {
                continue;
            };
            let Some(verdict) = rules.classify(&record) else {
                continue;
            };
            let is_dated = record.written != Written::Unknown;
            let moment = match is_dated {
                true => self.clock.moment(record.written, part.latest),
                // No chunk begins with such a record, unless its input does.
                false => before
                    .and_then(|span| self.clock.moment(records.written(span), part.latest))
                    .or(Some(part.latest)),
            };
            let Some(moment) = moment else {
                self.intake.impossible_times += 1;
                let what = "a time that does not exist";
                self.intake
                    .sample(part.input, &source, record.offset, what, record.raw);
                continue;
            };
            if !self.scan.window.contains(&moment) {
                self.intake.outside += 1;
                continue;
            }
            self.intake.events += 1;
            self.intake.undated += u64::from(!is_dated);
            if verdict.class == Class::UpstreamOther {
                let (message, raw) = (record.message, record.raw);
                self.intake
                    .unclassified(part.input, &source, record.offset, message, raw);
            }
            each(&Event {
                record: &record,
                verdict,
                moment,
                is_dated,
                pool: pool::name(verdict.pool, verdict.peer),
                host: record.host.unwrap_or(self.scan.host.as_bytes()),
                source: &source,
            });
        }
        for (at, line) in records.first_stray() {
            let offset = chunk.offset + at as u64;
            let what = "before the first record";
            self.intake.sample(part.input, &source, offset, what, line);
        }
        self.intake.bytes += chunk.len() as u64;
        self.intake.lines += records.lines;
        self.intake.records += records.spans().len() as u64;
        self.intake.stray_lines += records.stray_lines();
        self.intake.other_lines += records.other_lines;
        let met = self.met.entry(part.input).or_default();
        met.0 += records.lines;
        met.1 += records.spans().len() as u64;
        if let Some(fault) = chunk.fault() {
            let trouble = Trouble::Shrank {
                path: path.to_path_buf(),
                offset: fault,
                length: chunk.offset + chunk.len() as u64,
            };
            self.troubles.push((part.input, trouble));
        }
    }

    fn merge(&mut self, other: Self) {
        self.intake.merge(other.intake);
        self.troubles.extend(other.troubles);
        for (input, (lines, records)) in other.met {
            let met = self.met.entry(input).or_default();
            met.0 += lines;
            met.1 += records;
        }
    }

    fn finish<T>(mut self, value: T) -> Outcome<T> {
        self.intake.inputs = self.met.len() as u64;
        for (&input, &(lines, records)) in &self.met {
            if records == 0 && lines > 0 {
                let path = self.scan.inputs[input].path().to_path_buf();
                self.troubles
                    .push((input, Trouble::NoRecords { path, lines }));
            }
        }
        self.troubles.sort_by_key(|&(input, _)| input);
        // One file that shrank may have been noticed by several threads.
        self.troubles.dedup_by(|one, other| {
            let both = |trouble: &Trouble| matches!(trouble, Trouble::Shrank { .. });
            one.0 == other.0 && both(&one.1) && both(&other.1)
        });
        Outcome {
            value,
            intake: self.intake,
            troubles: self
                .troubles
                .into_iter()
                .map(|(_, trouble)| trouble)
                .collect(),
        }
    }
}
