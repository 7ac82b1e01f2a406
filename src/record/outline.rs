use std::ops::Range;

use super::message::{self, End};
use super::split::Found;
use super::{Errno, Head, Record, Span, Tail, Written, tail};

/// A record of which it is known where its statement ends, and nothing else.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Draft<'a> {
    offset: u64,
    raw: &'a [u8],
    written: Written<'a>,
    host: Option<&'a [u8]>,
    pub(crate) head: Head<'a>,
    pub(crate) statement: &'a [u8],
    end: End,
    is_cut: bool,
    /// The context fields, if they were read already.
    tail: Option<Tail<'a>>,
}

/// A record of which message, errno and action are one text still.
#[derive(Debug, Clone)]
pub(crate) struct Outline<'a> {
    /// With the whole statement as its message.
    record: Record<'a>,
    end: End,
}

/// How the statement of a record is made up. Those of records that say the same are.
#[derive(Debug, Clone)]
pub(crate) struct Parts {
    message: Range<usize>,
    errno: Option<(u32, Range<usize>)>,
    action: Option<Range<usize>>,
}

impl<'a> Draft<'a> {
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
        Self {
            offset,
            raw,
            written,
            host,
            head,
            statement: &head.text[..found.unwrap_or(head.text.len())],
            end: match found {
                Some(_) => End::Tail,
                None if is_cut => End::Cut,
                None => End::Quoted,
            },
            is_cut,
            tail: regular.map(|(_, tail)| tail),
        }
    }

    /// Whether the name of a client follows.
    pub(crate) fn has_client(&self) -> bool {
        let behind = self.head.text[self.statement.len()..].strip_prefix(b", client: ");
        behind.is_some_and(|client| !client.is_empty())
    }

    /// Reads the context fields.
    pub(crate) fn outline(self) -> Outline<'a> {
        let Self {
            offset,
            raw,
            written,
            host,
            head,
            statement,
            end,
            is_cut,
            tail,
        } = self;
        let tail = tail.unwrap_or_else(|| match end {
            End::Tail => Tail::read(&head.text[statement.len()..], is_cut),
            End::Cut | End::Quoted => Tail::default(),
        });
        let record = Record {
            offset,
            raw,
            written,
            host,
            head,
            statement,
            message: statement,
            errno: None,
            action: None,
            tail,
        };
        Outline { record, end }
    }
}

impl<'a> Outline<'a> {
    /// What is known of it: all but message, errno and action.
    pub(crate) fn known(&self) -> &Record<'a> {
        &self.record
    }

    /// Whether the statement ends where the context fields begin, and not where somebody cut it.
    pub(crate) fn is_whole(&self) -> bool {
        self.end == End::Tail
    }

    /// Takes the statement apart.
    pub(crate) fn read(self) -> Record<'a> {
        let (message, errno, action) = message::split(self.record.statement, self.end);
        Record {
            message,
            errno,
            action,
            ..self.record
        }
    }

    /// Takes the statement apart like another one that said the same.
    pub(crate) fn read_like(self, parts: &Parts) -> Record<'a> {
        let statement = self.record.statement;
        let part = |part: &Range<usize>| &statement[part.clone()];
        let errno = |(number, text): &(u32, Range<usize>)| Errno {
            number: *number,
            text: part(text),
        };
        Record {
            message: part(&parts.message),
            errno: parts.errno.as_ref().map(errno),
            action: parts.action.as_ref().map(part),
            ..self.record
        }
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
