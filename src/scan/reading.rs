use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::record::{Boundaries, Clock, Moment, Passage, Records, Span, Splitter, Zone};
use crate::source::{Chunk, Chunks, Fingerprint, Position, Source, Start, Trouble, Watch};

use super::Stop;

/// A chunk, and what is known of it before it is read.
pub(super) struct Part {
    /// The place of its input among the inputs.
    pub(super) input: usize,
    /// When the input was last written to: no record in it is newer.
    pub(super) latest: Moment,
    /// How far time had come before the first byte of the chunk that was not counted, where that matters.
    pub(super) clock: Option<Moment>,
    pub(super) chunk: Result<Chunk, Trouble>,
    /// Looks at the file again once the last part of it was worked on.
    pub(super) _watch: Option<Arc<Watch>>,
}

impl Part {
    /// Of an input that cannot be opened.
    pub(super) fn failed(input: usize, trouble: Trouble) -> Self {
        Self {
            input,
            latest: Moment(0),
            clock: None,
            chunk: Err(trouble),
            _watch: None,
        }
    }
}

/// The parts of one input, in order.
///
/// One chunk is held back until the next one is seen: where that begins in an hour which the zone
/// repeats, it has to be known which of the two it was at the end of this one.
pub(super) struct Reading {
    input: usize,
    position: Position,
    latest: Moment,
    zone: Zone,
    chunks: Chunks<'static, Boundaries>,
    held: Option<Chunk>,
    /// How time had come along before the chunk that is held.
    clock: Option<Moment>,
    /// How time had come along at the end, if the input goes on some day.
    clock_at_end: Option<Moment>,
    goes_on: bool,
    trouble: Option<Trouble>,
    has_failed: bool,
    watch: Option<Arc<Watch>>,
    stop: Option<Stop>,
}

impl Reading {
    pub(super) fn new(
        input: usize,
        source: Source,
        position: Position,
        zone: Zone,
        chunk_size: usize,
    ) -> Self {
        Self {
            input,
            position,
            latest: moment(source.modified),
            zone,
            chunks: Chunks::new(source, &Boundaries, chunk_size),
            held: None,
            clock: None,
            clock_at_end: None,
            goes_on: false,
            trouble: None,
            has_failed: false,
            watch: None,
            stop: None,
        }
    }

    /// Goes on where an earlier run has stopped, when clocks had come so far.
    pub(super) fn resumed(self, clock: Option<Moment>, watch: Option<Arc<Watch>>) -> Self {
        Self {
            clock,
            watch,
            goes_on: true,
            ..self
        }
    }

    /// Ends early when told to.
    pub(super) fn until(self, stop: Stop) -> Self {
        let stop = Some(stop);
        Self { stop, ..self }
    }

    /// Whether parts that wait to be worked on take no memory. Asked before the first one is taken.
    pub(super) fn is_mapped(&self) -> bool {
        self.chunks.are_mapped()
    }

    /// How far clocks had come at the end, if that was in an hour that the zone repeats.
    pub(super) fn clock_at_end(&self) -> Option<Moment> {
        self.clock_at_end
    }

    /// The fingerprint of what was handed out of a stream that has come to its end.
    pub(super) fn passed(&self) -> Option<&Fingerprint> {
        self.chunks.passed()
    }

    /// Where reading failed, if it did.
    pub(super) fn failed_at(&self) -> Option<u64> {
        self.has_failed.then(|| self.chunks.offset())
    }

    fn pull(&mut self) -> Option<Chunk> {
        match self.chunks.next() {
            Some(Ok(chunk)) => Some(chunk),
            None => {
                self.position.finish();
                None
            }
            Some(Err(trouble)) => {
                self.position.finish();
                // What is damaged is so for good; what could not be read may be readable some day.
                self.has_failed = !matches!(trouble, Trouble::Damaged { .. });
                self.trouble = Some(trouble);
                None
            }
        }
    }

    fn part(&self, clock: Option<Moment>, chunk: Result<Chunk, Trouble>) -> Part {
        Part {
            input: self.input,
            latest: self.latest,
            clock,
            chunk,
            _watch: self.watch.clone(),
        }
    }
}

impl Iterator for Reading {
    type Item = Part;

    fn next(&mut self) -> Option<Part> {
        if self.stop.as_ref().is_some_and(Stop::is_set) {
            return None;
        }
        if self.held.is_none() {
            self.held = self.pull();
        }
        let Some(chunk) = self.held.take() else {
            let trouble = self.trouble.take()?;
            return Some(self.part(None, Err(trouble)));
        };
        self.held = self.pull();
        let before = self.clock.take();
        let (zone, latest) = (self.zone, self.latest);
        match &self.held {
            // Nothing has happened since then.
            Some(_) if before.is_some() && chunk.counted == chunk.len() => self.clock = before,
            Some(next) if begins_twice(next, zone, latest) => {
                self.clock = clock_behind(&chunk, before, zone, latest);
            }
            None if self.goes_on && ends_twice(&chunk, zone, latest) => {
                self.clock_at_end = clock_behind(&chunk, before, zone, latest);
            }
            _ => {}
        }
        Some(self.part(before, Ok(chunk)))
    }
}

/// Whether a chunk begins in an hour that the zone repeats.
fn begins_twice(chunk: &Chunk, zone: Zone, latest: Moment) -> bool {
    let line = memchr::memchr(b'\n', chunk).map_or(chunk.len(), |at| at + 1);
    let mut splitter = Splitter::default();
    let records = splitter.split(&chunk[..line], Start::Record, false);
    is_twice(&records, records.spans().first(), zone, latest)
}

/// Whether it ends in one.
fn ends_twice(chunk: &Chunk, zone: Zone, latest: Moment) -> bool {
    let from = chunk.len().saturating_sub(ENOUGH);
    let start = match from {
        0 => chunk.start,
        _ => Start::MidLine,
    };
    let mut splitter = Splitter::default();
    let records = splitter.split(&chunk[from..], start, false);
    let mut stamped = records.spans().iter().filter(|span| span.is_stamped());
    is_twice(&records, stamped.next_back(), zone, latest)
}

/// There is a whole record in so many bytes.
const ENOUGH: usize = 64 * 1024;

fn is_twice(records: &Records<'_>, span: Option<&Span>, zone: Zone, latest: Moment) -> bool {
    let written = span.map(|span| records.written(span));
    written
        .and_then(|written| Clock::new(zone).moments(written, latest))
        .is_some_and(|(first, last)| first != last)
}

/// How far time has come at the end of a chunk.
fn clock_behind(
    chunk: &Chunk,
    before: Option<Moment>,
    zone: Zone,
    latest: Moment,
) -> Option<Moment> {
    let mut splitter = Splitter::default();
    let records = splitter.split(chunk, chunk.start, chunk.last);
    let mut passage = Passage::behind(before);
    let clock = &mut Clock::new(zone);
    moments(&records, chunk.counted, &mut passage, clock, latest);
    passage.latest()
}

/// When each of the records was written. If it is known how far time had come before those that were
/// not counted, then nothing else about the others is.
pub(super) fn moments(
    records: &Records<'_>,
    counted: usize,
    passage: &mut Passage,
    clock: &mut Clock,
    latest: Moment,
) -> Vec<Option<Moment>> {
    let from = passage.latest().map_or(0, |_| counted);
    let spans = records.spans().iter();
    spans
        .map(|span| {
            let (first, last) = clock.moments(records.written(span), latest)?;
            (span.place() >= from).then(|| passage.pass(first, last))
        })
        .collect()
}

fn moment(time: SystemTime) -> Moment {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    Moment(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
