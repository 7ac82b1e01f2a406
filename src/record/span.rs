use super::head::Sketch;
use super::layout::Layouts;
use super::unwrap::Begin;
use super::{Head, LONGEST_READ, NGINX_CUT, OPENRESTY_CUT, tail};

/// Where a record stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Where it begins in the text of its chunk.
    pub(super) start: usize,
    /// Where it ends there, without the line end.
    pub(super) end: usize,
    /// Where the line end stands that NGINX wrote; line feeds before it are the record's own.
    pub(super) line_end: usize,
    /// Where `, client: ` stands for the first time, counted from `start`.
    pub(super) tail: Option<usize>,
    /// Where that of a message that quotes an upstream was found: it takes a longer look.
    pub(super) found: Found,
    /// Whether it is known to be one line.
    pub(super) is_line: bool,
    /// What was found out about its head.
    pub(super) head: Option<Sketch>,
    /// Whether it says itself when it was written.
    is_stamped: bool,
    /// Whether somebody quoted it, and may have left out fields.
    pub(super) is_quoted: bool,
    /// Whether anybody asks for a record with this head, if that was asked.
    pub(super) is_wanted: Option<bool>,
    /// Which of the unwrapped records it is.
    pub(super) wrapped: Option<u32>,
    /// Which of the mended records is read instead.
    pub(super) mended: Option<u32>,
    /// Where its first line begins in the chunk, envelope and all.
    place: usize,
    /// Where its last line ends there.
    pub(super) place_end: usize,
}

/// Where a tail was found in the text behind the head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// Nobody has looked.
    Unknown,
    /// Nowhere.
    Nowhere,
    /// Here.
    At(u32),
}

impl Span {
    /// Whether the record or its envelope says when it was written.
    pub fn is_stamped(&self) -> bool {
        self.is_stamped
    }

    /// Where its first line begins in the chunk.
    pub fn place(&self) -> usize {
        self.place
    }

    pub(super) fn bytes<'a>(&self, text: &'a [u8]) -> &'a [u8] {
        &text[self.start..self.end]
    }

    /// Looks where the tail is behind a message that quotes an upstream.
    fn look_for_tail(&self, record: &[u8]) -> Found {
        let head = self.head.filter(|head| tail::is_foreign(head.text(record)));
        let Some(head) = head else {
            return Found::Unknown;
        };
        match tail::find(&Head::from_sketch(record, head), self) {
            Some(at) => u32::try_from(at).map_or(Found::Unknown, Found::At),
            None => Found::Nowhere,
        }
    }

    /// Whether `, client: ` stands there a second time.
    pub(super) fn has_second_tail(&self, text: &[u8]) -> bool {
        let record = self.bytes(text);
        self.tail.is_some_and(|at| tail::next(record, at).is_some())
    }

    /// Marks a record that stands at the end of a text, which is read instead of this one.
    pub(super) fn instead(&self, text: &[u8], start: usize, is_quoted: bool) -> Self {
        Self {
            is_stamped: self.is_stamped,
            is_quoted,
            wrapped: self.wrapped,
            ..Self::mark(text, start, text.len())
        }
    }

    /// The head of the record that stands here; `None` if there is no such level.
    pub(super) fn head<'a>(&self, text: &'a [u8]) -> Option<Head<'a>> {
        let known = self.known_head(text);
        if known.is_some() {
            return known;
        }
        if self.wrapped.is_none() {
            return Head::read_stamped(self.bytes(text));
        }
        Some(self.any_head(text)).filter(|head| head.level.is_some() || head.stamp.is_none())
    }

    /// The head of the record that stands here, if it was read before.
    pub(super) fn known_head<'a>(&self, text: &'a [u8]) -> Option<Head<'a>> {
        let known = self.head?;
        Some(Head::from_sketch(self.bytes(text), known))
    }

    /// The head of what stands here, whatever its level.
    pub(super) fn any_head<'a>(&self, text: &'a [u8]) -> Head<'a> {
        let known = self.known_head(text);
        known.unwrap_or_else(|| Head::read(self.bytes(text)))
    }

    pub(super) fn length(&self) -> usize {
        self.end - self.start
    }

    /// Whether NGINX or OpenResty cut a record that begins with `first` and ends with this one.
    pub(super) fn is_cut_from(&self, first: &Self) -> bool {
        let is_cut = |length: usize| length == NGINX_CUT || length == OPENRESTY_CUT;
        // What looks like an envelope may be the client's.
        is_cut(self.line_end - first.start + 1) || is_cut(self.place_end - first.place + 1)
    }

    /// Marks the record between two places, of which only the first [`LONGEST_READ`] bytes count.
    pub(super) fn mark(text: &[u8], start: usize, end: usize) -> Self {
        let bounds = Self::bound(text, start, end);
        Self {
            tail: tail::first(bounds.bytes(text), 0),
            ..bounds
        }
    }

    /// Marks the record between two places that begins with a time stamp, and may be known to be one line; but not its
    /// tail.
    pub(super) fn stamped(
        text: &[u8],
        start: usize,
        end: usize,
        is_line: bool,
        layouts: &mut Layouts,
    ) -> Self {
        let mut span = Self::bound(text, start, end);
        span.is_line = is_line;
        span.head = layouts.sketch(span.bytes(text));
        span
    }

    /// Marks where its tail is.
    pub(super) fn find_tail(&mut self, text: &[u8]) {
        let record = self.bytes(text);
        // There is no tail in a head.
        let behind = self
            .head
            .map_or(0, |head| record.len() - head.text(record).len());
        self.tail = tail::first(record, behind);
        self.found = self.look_for_tail(record);
    }

    /// Whether it is known that nobody asks for it.
    pub(crate) fn is_passed(&self) -> bool {
        self.is_wanted == Some(false)
    }

    /// Marks where the record between two places begins and ends, and nothing else.
    fn bound(text: &[u8], start: usize, end: usize) -> Self {
        let line_end = end - usize::from(text[start..end].ends_with(b"\n"));
        let end = end.min(start + LONGEST_READ);
        // Line ends, and the NUL bytes that a file has where it was truncated.
        let padding = |byte: &&u8| matches!(byte, b'\n' | b'\r' | 0);
        let end = end - text[start..end].iter().rev().take_while(padding).count();
        Self {
            start,
            end,
            line_end,
            tail: None,
            found: Found::Unknown,
            is_line: false,
            head: None,
            is_stamped: true,
            is_quoted: false,
            is_wanted: None,
            wrapped: None,
            mended: None,
            place: start,
            place_end: line_end,
        }
    }

    pub(super) fn unwrapped(self, number: usize, begin: &Begin) -> Self {
        Self {
            is_stamped: begin.is_stamped,
            wrapped: u32::try_from(number).ok(),
            place: begin.source.start,
            place_end: begin.source.end,
            ..self
        }
    }

    /// The record from the beginning of `first` to the end of `last`, which a client tore apart.
    pub(super) fn joined(text: &[u8], first: &Self, last: &Self) -> Self {
        let end = text.len().min(last.line_end + 1);
        Self {
            is_stamped: first.is_stamped,
            wrapped: first.wrapped,
            place: first.place,
            place_end: last.place_end,
            ..Self::mark(text, first.start, end)
        }
    }
}
