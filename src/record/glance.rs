//! A glance at a record like most: enough to recognise one, and to count it.

use super::span::Found;
use super::tail::{self, Request};
use super::{Head, Span, Written};

/// What stands in a record of one line that has one tail.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Glance<'a> {
    pub(crate) raw: &'a [u8],
    pub(crate) head: Head<'a>,
    pub(crate) statement: &'a [u8],
    /// What it says of a request with an upstream, if there is nothing unusual in it.
    pub(crate) request: Option<Request<'a>>,
}

impl<'a> Glance<'a> {
    /// Looks at a record that stands in a text; `None` for any that has to be read with more care.
    #[inline]
    pub(super) fn at(text: &'a [u8], span: &Span) -> Option<Self> {
        let is_plain = span.is_line && span.wrapped.is_none() && span.mended.is_none();
        if !is_plain || span.is_cut_from(span) {
            return None;
        }
        let head = span.known_head(text)?;
        let raw = span.bytes(text);
        let tail = match (tail::is_foreign(head.text), span.found) {
            (false, _) => span.tail?.checked_sub(raw.len() - head.text.len())?,
            (true, Found::At(at)) => at as usize,
            (true, _) => return None,
        };
        let (statement, fields) = head.text.split_at(tail);
        let request = tail::begin(fields).filter(Request::names_upstream);
        if request.is_none() && statement.ends_with(b"upstream") {
            return None;
        }
        Some(Self {
            raw,
            head,
            statement,
            request,
        })
    }

    /// Whether nothing behind the tail looks like another one. Else it may be a client's.
    pub(crate) fn has_one_tail(&self) -> bool {
        tail::next(self.head.text, self.statement.len()).is_none()
    }

    /// When it was written.
    pub(crate) fn written(&self) -> Written<'a> {
        self.head.written().unwrap_or(Written::Unknown)
    }
}
