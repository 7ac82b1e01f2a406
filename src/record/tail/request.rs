//! What a tail begins with, and what follows that.

use crate::record::text::near;
use crate::record::{Upstream, place};

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

impl<'a> Request<'a> {
    /// Whether an upstream is what follows.
    pub(in crate::record) fn names_upstream(&self) -> bool {
        self.behind.starts_with(UPSTREAM)
    }

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

/// What stands before an upstream.
pub(super) const UPSTREAM: &[u8] = b", upstream: \"";

/// What follows an upstream.
const LATER: [&[u8]; 3] = [b", host: \"", b", referrer: \"", b", bytes from/to client:"];

/// As much of a socket's path as is looked at.
const SOME: usize = 16;
