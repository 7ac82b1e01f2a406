//! A glance at a record like most: enough to recognise one, and to count it.

use super::span::Found;
use super::text::near;
use super::{Head, Span, Upstream, Written, place, tail};

/// What stands in a record of one line that has one tail.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Glance<'a> {
    pub(crate) raw: &'a [u8],
    pub(crate) head: Head<'a>,
    pub(crate) statement: &'a [u8],
    /// What it says of a request with an upstream, if there is nothing unusual in it.
    pub(crate) request: Option<Request<'a>>,
}

/// The fields with which the tail of a request, or a session, begins.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request<'a> {
    pub(crate) client: &'a [u8],
    pub(crate) server: &'a [u8],
    /// The request line; a session has none.
    pub(crate) line: Option<&'a [u8]>,
    /// What follows.
    pub(crate) behind: &'a [u8],
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
        let request = tail::begin(fields).filter(|request| request.behind.starts_with(UPSTREAM));
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
        match self.head.stamp {
            Some(stamp) => Written::Stamp(stamp, self.head.micros),
            None => Written::Unknown,
        }
    }
}

impl<'a> Request<'a> {
    /// What tells most upstreams apart: what follows the request, up to where an address ends.
    pub(crate) fn address(&self) -> Option<&'a [u8]> {
        let value = self.behind.strip_prefix(UPSTREAM)?;
        let scheme = near([b':', b'"'], value)?;
        let address = match value[scheme..].starts_with(b"://") {
            true => scheme + b"://".len(),
            false => 0,
        };
        let end = address + near([b'/', b'?', b'"'], &value[address..])?;
        let end = match value[..end].ends_with(b"unix:") {
            true => value.len().min(end + SOME),
            false => end,
        };
        Some(&value[..end])
    }

    /// How much of what follows the request goes as far as an upstream's address, if that is as ordinary.
    pub(crate) fn up_to(&self, upstream: &Upstream<'_>) -> Option<usize> {
        let place = place(upstream.value, upstream.peer?)?;
        let scheme = upstream
            .scheme
            .map_or(0, |scheme| scheme.len() + b"://".len());
        let is_ordinary = place.start == scheme;
        let value = self.behind.strip_prefix(UPSTREAM)?;
        (is_ordinary && value.starts_with(upstream.value)).then(|| UPSTREAM.len() + place.end)
    }

    /// What ends an address that goes as far as this, if it does end there.
    pub(crate) fn end(&self, length: usize, is_socket: bool) -> Option<u8> {
        let (&end, behind) = self.behind.get(length..)?.split_first()?;
        let is_end = match (end, behind) {
            (b'/' | b'?', _) => true,
            (b'"', behind) => {
                behind.is_empty() || LATER.iter().any(|name| behind.starts_with(name))
            }
            (b':', [b'/' | b'"', ..]) => is_socket,
            _ => false,
        };
        is_end.then_some(end)
    }
}

const UPSTREAM: &[u8] = b", upstream: \"";

/// What follows an upstream.
const LATER: [&[u8]; 3] = [b", host: \"", b", referrer: \"", b", bytes from/to client:"];

/// As much of a socket's path as is looked at.
const SOME: usize = 16;
