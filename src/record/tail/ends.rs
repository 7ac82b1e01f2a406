//! Where a value ends.

use super::place::FARTHEST;
use super::{Field, begins_field, name_and_value, reads_in_order};
use crate::record::path::{normalized, percent_decoded};

/// Addresses and server names: up to the comma before the next field, or the line's end.
pub(super) fn plain_end(value: &[u8]) -> usize {
    let line = memchr::memchr2(b'\n', b'\r', value).unwrap_or(value.len());
    let mut from = 0;
    while let Some(at) = memchr::memchr(b',', &value[from..line]) {
        let comma = from + at;
        if value[comma + 1..]
            .first()
            .is_none_or(u8::is_ascii_whitespace)
        {
            return comma;
        }
        from = comma + 1;
    }
    line
}

/// The closing quote of a value: the first one behind which a field later than `field` begins or
/// the record ends.
pub(super) fn quoted_end(value: &[u8], field: Option<Field>) -> Option<usize> {
    memchr::memchr_iter(b'"', value).find(|&at| closes(&value[at + 1..], field))
}

/// A request line ends in its HTTP version, which no valid URI contains with a space before it.
/// HTTP/0.9 and broken requests have none; then any closing quote will do.
pub(super) fn request_end(value: &[u8]) -> Option<usize> {
    let has_version = |at: usize| {
        let line = &value[..at];
        memchr::memrchr(b' ', line).is_some_and(|space| line[space + 1..].starts_with(b"HTTP/"))
    };
    memchr::memchr_iter(b'"', value)
        .find(|&at| has_version(at) && closes(&value[at + 1..], Some(Field::Request)))
        .or_else(|| quoted_end(value, Some(Field::Request)))
}

/// A subrequest's URI is decoded and may hold quotes and fields. They came with the request, which is
/// logged as it was sent: what stands behind the first quote belongs to the URI as far as the request
/// holds it, too.
pub(super) fn subrequest_end(value: &[u8], request: Option<&[u8]>) -> Option<usize> {
    let field = Some(Field::Subrequest);
    let first = memchr::memchr(b'"', value)?;
    let ends = || {
        memchr::memchr_iter(b'"', value).filter(|&at| {
            let rest = &value[at + 1..];
            closes(rest, field) && reads_in_order(rest, field)
        })
    };
    let decoded = request
        .filter(|request| memchr::memmem::find(request, b"%22").is_some())
        .map(|request| normalized(&percent_decoded(request)));
    let is_held = |&end: &usize| {
        decoded.as_ref().is_some_and(|decoded| {
            memchr::memmem::find(decoded, &normalized(&value[first..end])).is_some()
        })
    };
    // NGINX cut it before it ended.
    if is_held(&value.len()) {
        return None;
    }
    let held = ends()
        .take_while(|&at| at < FARTHEST)
        .filter(is_held)
        .last();
    held.or_else(|| ends().next())
        .or_else(|| quoted_end(value, field))
}

/// A mail login is whatever the client sent. What NGINX writes behind it has no quotes: `upstream: `
/// and an address, and nothing after that.
pub(super) fn login_end(value: &[u8], is_cut: bool) -> Option<usize> {
    const UPSTREAM: &[u8] = b"\", upstream: ";
    // Where NGINX cut, all that is there may be the login.
    if is_cut {
        return None;
    }
    let is_address = |at: &usize| {
        let address = value[at + UPSTREAM.len()..].trim_ascii_end();
        !address
            .iter()
            .any(|byte| matches!(byte, b'"' | b' ' | b','))
    };
    memchr::memmem::rfind(value, UPSTREAM)
        .filter(is_address)
        .or_else(|| {
            let end = value.trim_ascii_end();
            end.ends_with(b"\"").then(|| end.len() - 1)
        })
}

/// The last field runs to the last quote of the line.
pub(super) fn referrer_end(value: &[u8]) -> Option<usize> {
    let line = memchr::memchr(b'\n', value).unwrap_or(value.len());
    let last = |text: &[u8]| {
        let end = text.trim_ascii_end();
        end.ends_with(b"\"").then(|| end.len() - 1)
    };
    last(&value[..line]).or_else(|| last(value)).or_else(|| {
        // Something stands behind it: another module's field, or text of another program.
        quoted_end(value, Some(Field::Referrer))
    })
}

/// Whether a value that ends here leaves something sensible behind: nothing, a line end, or a field
/// later than `field`.
fn closes(rest: &[u8], field: Option<Field>) -> bool {
    let Some(after) = rest.strip_prefix(b",") else {
        let first = rest.first();
        return first.is_none_or(|byte| matches!(byte, b'\n' | b'\r'));
    };
    let Some((name, value)) = name_and_value(rest) else {
        return begins_field(after.trim_ascii_start(), field);
    };
    match Field::from_name(name) {
        // Behind a quoted value only quoted ones follow; the record may be cut before the quote.
        Some(next) => Some(next) > field && (value.starts_with(b"\"") || value.is_empty()),
        None => name.starts_with(b"bytes from/to") || name == b"context",
    }
}
