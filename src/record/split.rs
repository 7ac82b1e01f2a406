use crate::source::{Cut, Start};

use super::forged::{Joiner, WINDOW};
use super::head::{STAMP, is_stamped};
use super::{LONGEST_READ, NGINX_CUT, OPENRESTY_CUT, tail};

/// Where a record stands in a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Where its time stamp begins.
    pub start: usize,
    /// Where it ends, without the line end.
    pub end: usize,
    /// Where the line end stands that NGINX wrote; line feeds before it are the record's own.
    pub(super) line_end: usize,
    /// Where `, client: ` stands for the first time, counted from `start`.
    pub(super) tail: Option<usize>,
    /// Whether `, client: ` stands there a second time.
    pub(super) second_tail: bool,
}

impl Span {
    /// The record's bytes.
    pub fn bytes<'a>(&self, chunk: &'a [u8]) -> &'a [u8] {
        &chunk[self.start..self.end]
    }

    pub(super) fn length(&self) -> usize {
        self.end - self.start
    }

    /// Whether NGINX or OpenResty cut a record that begins at `start` and ends with this one.
    pub(super) fn is_cut_from(&self, start: usize) -> bool {
        let length = self.line_end - start + 1;
        length == NGINX_CUT || length == OPENRESTY_CUT
    }

    /// Marks the record between two places, of which only the first [`LONGEST_READ`] bytes count.
    pub(super) fn mark(chunk: &[u8], start: usize, end: usize) -> Self {
        let line_end = end - usize::from(chunk[start..end].ends_with(b"\n"));
        let end = end.min(start + LONGEST_READ);
        // Line ends, and the NUL bytes that a file has where it was truncated.
        let padding = |byte: &&u8| matches!(byte, b'\n' | b'\r' | 0);
        let end = end - chunk[start..end].iter().rev().take_while(padding).count();
        let record = &chunk[start..end];
        let tail = tail::first(record);
        let second = tail.and_then(|at| tail::next(record, at));
        Self {
            start,
            end,
            line_end,
            tail,
            second_tail: second.is_some(),
        }
    }
}

/// Finds the records of a chunk. It keeps its memory from one chunk to the next.
///
/// A record begins at a line that begins with a time stamp; lines without one belong to the record
/// before them. Lines that a client put into the log, time stamp and all, are recognised by what
/// they leave behind and joined to their record.
#[derive(Debug, Default)]
pub struct Splitter {
    spans: Vec<Span>,
    joiner: Joiner,
    lines: u64,
    stray: u64,
    first_stray: Vec<(usize, usize)>,
    /// The time of the record before: most records have the same.
    time: Option<[u8; STAMP + 2]>,
}

/// How many stray lines are kept to be shown.
const STRAY_SHOWN: usize = 3;

impl Splitter {
    /// Finds the records of `chunk`, which begins at `start`; `last` says that the input ends with it.
    pub fn split(&mut self, chunk: &[u8], start: Start, last: bool) {
        self.spans.clear();
        self.first_stray.clear();
        self.joiner = Joiner::new(chunk);
        self.lines = 0;
        self.stray = 0;
        let mut record = None;
        let mut at = 0;
        while at < chunk.len() {
            let newline = memchr::memchr(b'\n', &chunk[at..]);
            let end = newline.map_or(chunk.len(), |length| at + length);
            self.lines += u64::from(newline.is_some() || last);
            if at == 0 && start == Start::MidLine {
                // The rest of a line whose beginning was worked on already.
            } else if let Some(stamp) = self.stamp_in(&chunk[at..end]) {
                if let Some(begin) = record.replace(at + stamp) {
                    self.add(chunk, begin, at);
                }
            } else if record.is_none() && start == Start::Input {
                self.stray += 1;
                if self.first_stray.len() < STRAY_SHOWN {
                    self.first_stray.push((at, end));
                }
            }
            at = end + 1;
        }
        if let Some(begin) = record {
            self.add(chunk, begin, chunk.len());
        }
    }

    fn stamp_in(&mut self, line: &[u8]) -> Option<usize> {
        let begin = line.first_chunk::<{ STAMP + 2 }>();
        if begin.is_some() && begin == self.time.as_ref() {
            return Some(0);
        }
        let lead = stamp_in(line)?;
        self.time = line[lead..].first_chunk().copied();
        Some(lead)
    }

    fn add(&mut self, chunk: &[u8], start: usize, end: usize) {
        let span = Span::mark(chunk, start, end);
        self.joiner.add(chunk, &mut self.spans, span);
    }

    /// The records found, in order.
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// How many lines end in the chunk; the unterminated last line of an input is one.
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// How many lines stand before the first record of the input.
    pub fn stray(&self) -> u64 {
        self.stray
    }

    /// The first few of them.
    pub fn first_stray<'a>(&self, chunk: &'a [u8]) -> impl Iterator<Item = (usize, &'a [u8])> {
        self.first_stray
            .iter()
            .map(|&(start, end)| (start, &chunk[start..end]))
    }
}

/// Where the time stamp begins in a line that begins with one. A byte order mark, or the NUL bytes
/// that fill the hole before a log whose writer went on behind a truncation, are stepped over.
fn stamp_in(line: &[u8]) -> Option<usize> {
    let lead = match line.first()? {
        0 => line.iter().position(|&byte| byte != 0)?,
        0xEF if line.starts_with(b"\xEF\xBB\xBF") => 3,
        _ => 0,
    };
    is_stamped(&line[lead..]).then_some(lead)
}

/// Cuts between records, and only where a look around shows that no forged line could tie the two
/// sides together. So it does not matter where a log is cut: the records are the same.
#[derive(Debug, Clone, Copy, Default)]
pub struct Boundaries;

/// After this many places that could not be vouched for by a look around, the chunk is worked
/// through from its beginning, which settles it.
const PLACES_TRIED: usize = 16;

impl Cut for Boundaries {
    const LOOK_AHEAD: usize = 16 * WINDOW;

    fn cut(&self, bytes: &[u8], target: usize, at_end: bool) -> Option<usize> {
        let mut splitter = Splitter::default();
        let mut place = next_stamp(bytes, target);
        for _ in 0..PLACES_TRIED {
            let Some(at) = place else { break };
            if at + WINDOW > bytes.len() && !at_end {
                return None;
            }
            let from = line_start(bytes, at.saturating_sub(2 * WINDOW));
            let to = bytes.len().min(at + WINDOW);
            splitter.split(&bytes[from..to], Start::Record, false);
            if !splitter.joiner.doubted() {
                return Some(at);
            }
            place = next_stamp(bytes, at + 1);
        }
        if place.is_some() {
            splitter.split(bytes, Start::Record, false);
            let settled = match at_end {
                true => bytes.len(),
                false => bytes.len() - WINDOW,
            };
            let mut starts = splitter.spans.iter().map(|span| span.start);
            if let Some(at) = starts.find(|&at| at >= target && at > 0 && at <= settled) {
                return Some(line_start(bytes, at));
            }
        }
        at_end.then_some(bytes.len())
    }
}

/// The first line at or behind `from`, but not the very first, that begins with a time stamp.
fn next_stamp(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from.max(1) - 1;
    loop {
        at += memchr::memchr(b'\n', bytes.get(at..)?)? + 1;
        if stamp_in(&bytes[at..bytes.len().min(at + WINDOW)]).is_some() {
            return Some(at);
        }
    }
}

/// Where the line begins in which `at` stands.
fn line_start(bytes: &[u8], at: usize) -> usize {
    memchr::memrchr(b'\n', &bytes[..at]).map_or(0, |newline| newline + 1)
}
