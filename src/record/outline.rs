use std::ops::Range;

use super::message::{self, End};
use super::span::Found;
use super::{Errno, Head, Record, Span, Tail, Written, tail};

/// A record that is read in stages: first where its statement ends, then its context fields, then what the statement
/// is made of. Most records need not be read to the end, or are read like one before.
#[derive(Debug, Clone)]
pub(crate) struct Outline<'a> {
    /// What is not read yet is empty; the message is the whole statement.
    record: Record<'a>,
    end: End,
    is_cut: bool,
    has_fields: bool,
}

/// How the statement of a record is made up. Those of records that say the same are.
#[derive(Debug, Clone)]
pub(crate) struct Parts {
    message: Range<usize>,
    errno: Option<(u32, Range<usize>)>,
    action: Option<Range<usize>>,
}

impl<'a> Outline<'a> {
    pub(super) fn new(
        raw: &'a [u8],
        head: Head<'a>,
        span: &Span,
        written: Written<'a>,
        host: Option<&'a [u8]>,
        offset: u64,
    ) -> Self {
        let regular = tail::find_regular(&head, span);
        let found = match (&regular, span.found) {
            (Some((at, _)), _) => Some(*at),
            (_, Found::At(at)) => Some(at as usize),
            (_, Found::Nowhere) => None,
            (_, Found::Unknown) => tail::find(&head, span),
        };
        let found = found.or_else(|| tail::find_without_action(&head, span));
        let is_cut = span.is_cut_from(span);
        let statement = &head.text[..found.unwrap_or(head.text.len())];
        let has_fields = regular.is_some();
        Self {
            record: Record {
                offset,
                raw,
                written,
                host,
                head,
                statement,
                message: statement,
                errno: None,
                action: None,
                tail: regular.map(|(_, tail)| tail).unwrap_or_default(),
            },
            end: match found {
                Some(_) => End::Tail,
                None if is_cut => End::Cut,
                None => End::Quoted,
            },
            is_cut,
            has_fields,
        }
    }

    /// What is known of it so far.
    pub(crate) fn known(&self) -> &Record<'a> {
        &self.record
    }

    /// Whether the statement ends where the context fields begin, and not where somebody cut it.
    pub(crate) fn is_whole(&self) -> bool {
        self.end == End::Tail
    }

    /// Whether the name of a client follows the statement.
    pub(crate) fn has_client(&self) -> bool {
        let behind = &self.record.head.text[self.record.statement.len()..];
        let client = behind.strip_prefix(b", client: ");
        client.is_some_and(|client| !client.is_empty())
    }

    /// Reads the context fields.
    pub(crate) fn read_fields(&mut self) {
        let record = &mut self.record;
        if !self.has_fields && self.end == End::Tail {
            record.tail = Tail::read(&record.head.text[record.statement.len()..], self.is_cut);
        }
        self.has_fields = true;
    }

    /// Takes the statement apart.
    pub(crate) fn read(&mut self) {
        let record = &mut self.record;
        (record.message, record.errno, record.action) = message::split(record.statement, self.end);
    }

    /// Takes the statement apart like another one that said the same.
    pub(crate) fn read_like(&mut self, parts: &Parts) {
        let record = &mut self.record;
        let statement = record.statement;
        let part = |part: &Range<usize>| &statement[part.clone()];
        let errno = |(number, text): &(u32, Range<usize>)| Errno {
            number: *number,
            text: part(text),
        };
        record.message = part(&parts.message);
        record.errno = parts.errno.as_ref().map(errno);
        record.action = parts.action.as_ref().map(part);
    }

    /// The whole record.
    pub(super) fn finish(mut self) -> Record<'a> {
        self.read_fields();
        self.read();
        self.record
    }
}

impl Parts {
    /// How a record's statement is made up.
    pub(crate) fn of(record: &Record<'_>) -> Option<Self> {
        let place = |part| place(record.statement, part);
        let errno = match record.errno {
            Some(errno) => Some((errno.number, place(errno.text)?)),
            None => None,
        };
        let action = match record.action {
            Some(action) => Some(place(action)?),
            None => None,
        };
        Some(Self {
            message: place(record.message)?,
            errno,
            action,
        })
    }
}

/// Where a part of a text stands in it; `None` if it is no part of it.
pub(crate) fn place(text: &[u8], part: &[u8]) -> Option<Range<usize>> {
    if part.is_empty() {
        return Some(0..0);
    }
    let within = text.as_ptr_range();
    let of = part.as_ptr_range();
    (within.start <= of.start && of.end <= within.end).then(|| {
        let start = of.start as usize - within.start as usize;
        start..start + part.len()
    })
}
