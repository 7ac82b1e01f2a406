use crate::source::Start;

use super::clock::{MINUTE, STAMP};
use super::envelope;
use super::forged::{Joiner, is_harmless};
use super::head::stamp_in;
use super::layout::Layouts;
use super::mended::Mended;
use super::quotation::{IsMessage, Quotations};
use super::unwrap::{Stray, Unwrapped};
use super::wanted::Wanted;
use super::{IsWanted, Records, Span};

/// Finds the records of a chunk. It keeps its memory from one chunk to the next.
///
/// A record begins at a line that begins with a time stamp, behind whatever envelope; lines without
/// one belong to the record before them. Lines that a client put into the log, time stamp and all,
/// are recognised by what they leave behind and joined to their record.
#[derive(Debug, Default)]
pub struct Splitter {
    spans: Vec<Span>,
    joiner: Joiner,
    layouts: Layouts,
    unwrapped: Unwrapped,
    mended: Mended,
    is_message: Option<IsMessage>,
    is_wanted: Option<IsWanted>,
    wanted: Wanted,
    lines: u64,
    stray: Stray,
    /// The time of a record before: most records are of the same minute.
    time: Option<Stamped>,
}

/// A time stamp, and the bracket of the level.
type Stamped = [u8; STAMP + 2];

/// Whether a text begins like a time stamp of the same minute. Compares as numbers, which is quicker than as texts.
fn is_of_minute(text: &Stamped, known: &Stamped) -> bool {
    let number = |text: &Stamped, at: usize| {
        let eight = text[at..].first_chunk().copied();
        u64::from_ne_bytes(eight.unwrap_or_default())
    };
    let differs = |at| number(text, at) ^ number(known, at);
    let [.., ten, one, blank, bracket] = text;
    differs(0) | differs(8) == 0
        && text[MINUTE] == b':'
        && ten.is_ascii_digit()
        && one.is_ascii_digit()
        && [*blank, *bracket] == *b" ["
}

impl Splitter {
    /// A splitter that also takes for records what somebody quoted out of a log, behind words of his own
    /// or without time and level, if an input begins with it and `is_message` knows it.
    pub fn knowing(is_message: IsMessage) -> Self {
        Self {
            is_message: Some(is_message),
            ..Self::default()
        }
    }

    /// Passes over records of whose heads `is_wanted` says no: they are found like others, but not read.
    #[must_use]
    pub fn wanting(mut self, is_wanted: Option<IsWanted>) -> Self {
        self.is_wanted = is_wanted;
        self
    }

    /// Finds the records of `chunk`, which begins at `start`; `last` says that the input ends with it.
    pub fn split<'a>(&'a mut self, chunk: &'a [u8], start: Start, last: bool) -> Records<'a> {
        self.spans.clear();
        self.stray = Stray::default();
        self.joiner = Joiner::default();
        // The rest of a line whose beginning was worked on already.
        let from = match start {
            Start::MidLine => memchr::memchr(b'\n', chunk).map_or(chunk.len(), |at| at + 1),
            Start::Input | Start::Record => 0,
        };
        let is_input = start == Start::Input;
        let is_plain = self.split_plain(chunk, from, is_input);
        let quoted = match is_plain {
            true => 0,
            false => self.split_wrapped(chunk, from, is_input),
        };
        // What an input begins with may be a quotation as well, time and level and all.
        let begins = |span: &Span| memchr::memchr(b'\n', &chunk[..span.place()]).is_none();
        let is_first = is_input && self.spans.first().is_some_and(begins);
        self.lines += u64::from(from > 0 && chunk[from - 1] == b'\n');
        self.lines += u64::from(last && !chunk.is_empty() && !chunk.ends_with(b"\n"));
        let has_breaks = self.lines != self.spans.len() as u64;
        let text = match is_plain {
            true => chunk,
            false => self.unwrapped.text(),
        };
        self.mended
            .fill(text, &mut self.spans, quoted, is_first, has_breaks);
        Records {
            text,
            chunk,
            spans: &self.spans,
            unwrapped: &self.unwrapped,
            mended: &self.mended,
            stray: &self.stray,
            is_wanted: self.is_wanted,
            lines: self.lines,
            other_lines: if is_plain { 0 } else { self.unwrapped.other() },
        }
    }

    /// Finds the records where they stand. `false`: some line has an envelope.
    fn split_plain(&mut self, chunk: &[u8], from: usize, is_input: bool) -> bool {
        self.lines = 0;
        let mut record = None;
        let mut is_line = true;
        let mut at = from;
        while at < chunk.len() {
            let newline = self.joiner.next_line(chunk, at);
            let end = newline.unwrap_or(chunk.len());
            self.lines += u64::from(newline.is_some());
            let line = &chunk[at..end];
            if let Some(stamp) = self.stamp_in(line) {
                if let Some(begin) = record.replace(at + stamp) {
                    self.add(chunk, begin, at, is_line);
                }
                is_line = true;
            } else if envelope::read(line).is_some()
                || envelope::breaks_off(line).is_some()
                || (record.is_none() && is_input && self.begins_otherwise(chunk, at, end))
            {
                return false;
            } else if record.is_none() && is_input {
                self.stray.add(at, end);
            } else {
                is_line = false;
            }
            at = end + 1;
        }
        if let Some(begin) = record {
            self.add(chunk, begin, chunk.len(), is_line);
        }
        true
    }

    /// Whether a line that stands before the first record is something that only unwrapping tells.
    fn begins_otherwise(&self, input: &[u8], at: usize, end: usize) -> bool {
        let line = &input[at..end];
        let quotations = self.quotations(input);
        envelope::is_other(line)
            || quotations.is_some_and(|them| them.begins(line, end, true).is_some())
    }

    fn quotations<'a>(&self, input: &'a [u8]) -> Option<Quotations<'a>> {
        let is_message = self.is_message?;
        Some(Quotations { is_message, input })
    }

    /// Finds the records in the text that is left without the envelopes. Tells how many of them, at the
    /// beginning, somebody quoted.
    fn split_wrapped(&mut self, chunk: &[u8], from: usize, is_input: bool) -> usize {
        let mut unwrapped = std::mem::take(&mut self.unwrapped);
        unwrapped.fill(chunk, from, is_input, self.quotations(chunk));
        self.stray = unwrapped.take_stray();
        let text = unwrapped.text();
        self.lines = memchr::memchr_iter(b'\n', &chunk[from..]).count() as u64;
        self.spans.clear();
        self.joiner = Joiner::of(text);
        let begins = unwrapped.begins();
        let ends = begins.iter().skip(1).map(|begin| begin.start);
        let ends = ends.chain([text.len()]);
        let mut quoted = Vec::new();
        for (number, (begin, end)) in begins.iter().zip(ends).enumerate() {
            let span = Span::mark(text, begin.start, end).unwrapped(number, begin);
            match begin.is_quoted {
                true => quoted.push(span),
                false => self.joiner.add(text, &mut self.spans, span),
            }
        }
        for span in &mut self.spans {
            let number = span.wrapped.map(|number| number as usize);
            let begin = number.and_then(|number| Some((number, begins.get(number)?)));
            // Not forged, for it was not joined with others.
            if let Some((number, begin)) = begin
                && let Some(own_end) = begin.own_end
                && span.place_end == begin.source.end
            {
                *span = Span::mark(text, span.start, own_end).unwrapped(number, begin);
            }
        }
        self.unwrapped = unwrapped;
        let count = quoted.len();
        // Before the log itself begins; nothing in it belongs to them.
        self.spans.splice(0..0, quoted);
        count
    }

    /// Whether anything was seen in the last chunk that can tie its lines together.
    pub(super) fn has_doubts(&self) -> bool {
        self.joiner.doubted()
    }

    /// The record of the last chunk that may go on behind it.
    pub(super) fn unfinished(&self) -> Option<&Span> {
        self.joiner.unfinished(&self.spans)
    }

    fn stamp_in(&mut self, line: &[u8]) -> Option<usize> {
        if let (Some(begin), Some(time)) = (line.first_chunk(), &self.time)
            && is_of_minute(begin, time)
        {
            return Some(0);
        }
        let lead = stamp_in(line)?;
        self.time = line[lead..].first_chunk().copied();
        Some(lead)
    }

    fn add(&mut self, chunk: &[u8], start: usize, end: usize, is_line: bool) {
        let mut span = Span::stamped(chunk, start, end, is_line, &mut self.layouts);
        if let (Some(is_wanted), Some(head)) = (self.is_wanted, span.known_head(chunk)) {
            span.is_wanted = Some(self.wanted.has(&head, is_wanted));
            // What an input begins with may have to be mended.
            let may_pass = span.is_passed() && !self.spans.is_empty();
            if may_pass && self.joiner.is_calm(end) && is_harmless(&span, &head) {
                return self.spans.push(span);
            }
        }
        span.find_tail(chunk);
        self.joiner.add(chunk, &mut self.spans, span);
    }
}
