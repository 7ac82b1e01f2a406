use std::collections::BTreeMap;

use crate::record::{Clock, Moment, Passage, Records, Splitter, Written};
use crate::rollup::{Event, Intake};
use crate::source::Trouble;
use crate::taxonomy::{Class, is_message};

use super::reading::{Part, moments};
use super::recall::{Recall, Understood};
use super::seen::Seen;
use super::{Outcome, Scan};

/// What one thread carries from chunk to chunk.
pub(super) struct Worker<'a> {
    scan: &'a Scan,
    /// Whether events are counted, for which a glance at most of them is enough.
    is_counting: bool,
    splitter: Splitter,
    clock: Clock,
    recall: Recall,
    intake: Intake,
    troubles: Vec<(usize, Trouble)>,
    /// Each input that was met: one without a record is no error log.
    met: BTreeMap<usize, Met>,
}

/// What was met of an input.
#[derive(Default)]
struct Met {
    lines: u64,
    records: u64,
    /// Bytes that were not counted before.
    new: u64,
    /// Where the first record begins whose time is known, and that time.
    first: Option<(u64, Moment)>,
}

impl Met {
    fn begin(&mut self, first: Option<(u64, Moment)>) {
        self.first = self.first.into_iter().chain(first).min();
    }
}

/// How much of what a chunk holds.
#[derive(Default)]
struct Tally {
    lines: u64,
    records: u64,
    stray_lines: u64,
    other_lines: u64,
}

impl Tally {
    fn of(records: &Records<'_>) -> Self {
        Self {
            lines: records.lines,
            records: records.spans().len() as u64,
            stray_lines: records.stray_lines(),
            other_lines: records.other_lines,
        }
    }
}

impl<'a> Worker<'a> {
    /// One that hands events on to be counted.
    pub(super) fn counting(scan: &'a Scan) -> Self {
        Self {
            is_counting: true,
            ..Self::new(scan)
        }
    }

    /// One that hands events on of which all is asked for.
    pub(super) fn new(scan: &'a Scan) -> Self {
        Self {
            scan,
            is_counting: false,
            splitter: Splitter::knowing(is_message).wanting(scan.rules.concern()),
            clock: Clock::new(scan.zone),
            recall: Recall::new(&scan.rules),
            intake: Intake::default(),
            troubles: Vec::new(),
            met: BTreeMap::new(),
        }
    }

    pub(super) fn work(&mut self, part: Part, mut each: impl FnMut(&Event<'_>)) {
        let chunk = match part.chunk {
            Ok(chunk) => chunk,
            Err(trouble) => return self.trouble(part.input, trouble),
        };
        let before = match chunk.counted {
            0 => Tally::default(),
            counted => Tally::of(&self.splitter.split(&chunk[..counted], chunk.start, false)),
        };
        let path = self.scan.inputs[part.input].path();
        let source = path.to_string_lossy();
        let records = self.splitter.split(&chunk, chunk.start, chunk.last);
        let (rules, names) = (&self.scan.rules, &self.scan.names);
        let mut last_stamped = None;
        let mut stamped = records.spans().iter().filter(|span| span.is_stamped());
        let first = stamped.find_map(|span| {
            let moments = self.clock.moments(records.written(span), part.latest)?;
            Some((chunk.offset + span.place() as u64, moments.0))
        });
        // Asked for only where an hour is repeated.
        let mut in_order: Option<Vec<Option<Moment>>> = None;
        for (number, span) in records.spans().iter().enumerate() {
            let before = last_stamped;
            if span.is_stamped() {
                last_stamped = Some(number);
            }
            if span.is_passed() || span.place() < chunk.counted {
                continue;
            }
            let glance = match self.is_counting && self.recall.wants_glance() {
                true => records.glance(span),
                false => None,
            };
            let glance = glance.as_ref();
            let place = glance.and_then(|glance| self.recall.recognise(glance));
            let mut outline;
            let (seen, understood) = match (glance, place) {
                (Some(glance), Some(place)) => (
                    Seen::at(glance, &records, span, chunk.offset),
                    self.recall.recognised(place, glance),
                ),
                _ => {
                    let Some(read) = records.outline(span, chunk.offset) else {
                        continue;
                    };
                    outline = read;
                    let understood = self.recall.understand(&mut outline, glance, rules, names);
                    (Seen::whole(outline.known()), understood)
                }
            };
            let Some(Understood {
                verdict,
                pool,
                likeness,
            }) = understood
            else {
                continue;
            };
            let anonymous;
            let (client, raw) = match self.scan.anonymize {
                None => (seen.client, seen.raw),
                Some(how) => {
                    anonymous = how.of(seen.client, seen.raw);
                    let client = anonymous.client.as_deref().map(str::as_bytes);
                    (client, &*anonymous.raw)
                }
            };
            let clock = &mut self.clock;
            let mut clock_of =
                |written: Written<'_>, number: usize| match clock.moments(written, part.latest)? {
                    (first, last) if first == last => Some(first),
                    _ => in_order.get_or_insert_with(|| {
                        let passage = &mut Passage::behind(part.clock);
                        moments(&records, chunk.counted, passage, clock, part.latest)
                    })[number],
                };
            let is_dated = seen.written != Written::Unknown;
            let moment = match is_dated {
                true => clock_of(seen.written, number),
                // No chunk begins with such a record, unless its input does.
                false => {
                    let written = |number: usize| records.written(&records.spans()[number]);
                    let moment = before.and_then(|number| clock_of(written(number), number));
                    moment.or(Some(part.latest))
                }
            };
            let Some(moment) = moment else {
                self.intake.impossible_times += 1;
                let what = "a time that does not exist";
                self.intake
                    .sample(part.input, &source, seen.offset, what, raw);
                continue;
            };
            if !self.scan.window.contains(&moment) {
                self.intake.outside += 1;
                continue;
            }
            self.intake.events += 1;
            self.intake.undated += u64::from(!is_dated);
            if verdict.class == Class::UpstreamOther {
                let message = seen.record.get().message;
                self.intake
                    .unclassified(part.input, &source, seen.offset, message, raw);
            }
            each(&Event {
                record: seen.record,
                raw,
                client,
                request: seen.request,
                verdict,
                moment,
                is_dated,
                likeness,
                pool,
                host: seen.host.unwrap_or(self.scan.host.as_bytes()),
                source: &source,
            });
        }
        for (at, line) in records.first_stray() {
            if at < chunk.counted {
                continue;
            }
            let offset = chunk.offset + at as u64;
            let what = "before the first record";
            self.intake.sample(part.input, &source, offset, what, line);
        }
        let tally = Tally::of(&records);
        self.intake.bytes += (chunk.len() - chunk.counted) as u64;
        self.intake.lines += tally.lines.saturating_sub(before.lines);
        self.intake.records += tally.records.saturating_sub(before.records);
        self.intake.stray_lines += tally.stray_lines.saturating_sub(before.stray_lines);
        self.intake.other_lines += tally.other_lines.saturating_sub(before.other_lines);
        let met = self.met.entry(part.input).or_default();
        met.begin(first);
        met.lines += tally.lines;
        met.records += tally.records;
        met.new += (chunk.len() - chunk.counted) as u64;
        if let Some(fault) = chunk.fault() {
            let trouble = Trouble::Shrank {
                path: path.to_path_buf(),
                offset: fault,
                length: chunk.offset + chunk.len() as u64,
            };
            self.trouble(part.input, trouble);
        }
    }

    pub(super) fn trouble(&mut self, input: usize, trouble: Trouble) {
        self.troubles.push((input, trouble));
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.intake.merge(other.intake);
        self.troubles.extend(other.troubles);
        for (input, other) in other.met {
            let met = self.met.entry(input).or_default();
            met.begin(other.first);
            met.lines += other.lines;
            met.records += other.records;
            met.new += other.new;
        }
    }

    pub(super) fn finish<T>(mut self, value: T) -> Outcome<T> {
        self.intake.inputs = self.met.values().filter(|met| met.new > 0).count() as u64;
        for (&input, met) in &self.met {
            self.intake.begin(met.first.map(|(_, moment)| moment));
            if met.records == 0 && met.lines > 0 {
                let lines = met.lines;
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
