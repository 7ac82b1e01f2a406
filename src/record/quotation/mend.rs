//! What people do to a record when they quote it, undone.
//!
//! NGINX writes the context fields on one line, so a line feed among them is somebody else's. Whoever
//! can put a line feed into a log can put a blank there as well, and a mended record is read by the
//! same grammar as any other: mending gives no one more than he has.

use super::lines::{folded, unindented, without_columns, without_marks};
use super::typed::typed;
use crate::record::Head;

/// The names of the context fields; a record with a mail login is not mended.
const NAMES: [&[u8]; 8] = [
    b"udp client",
    b"client",
    b"server",
    b"request",
    b"subrequest",
    b"upstream",
    b"host",
    b"referrer",
];

/// A record with its context fields as NGINX writes them, on one line, behind commas, in quotes; `None`
/// if nothing changes. `tail` is where they begin, if that is known. Of a record that was quoted, they
/// may begin anywhere, and its message is mended as well.
pub(in crate::record) fn mended(
    record: &[u8],
    tail: Option<usize>,
    is_quoted: bool,
) -> Option<Vec<u8>> {
    let text = without_marks(record);
    let text = match is_quoted {
        true => spaced(&unindented(&typed(&without_columns(&text)))),
        false => text.into_owned(),
    };
    let at = tail
        .filter(|_| text == record)
        .or_else(|| first_field(&text, is_quoted));
    if at.is_none() && !is_quoted {
        return None;
    }
    let (message, fields) = text.split_at(at.unwrap_or(text.len()));
    let mut text = match is_quoted {
        true => mended_message(message),
        false => message.trim_ascii_end().to_vec(),
    };
    write_fields(fields, is_quoted, &mut text);
    // A quotation is read as one, even if nothing changed.
    (is_quoted || text != record).then_some(text)
}

/// A record whose tail is whole, but not what stands before it.
pub(in crate::record) fn with_message_mended(record: &[u8], tail: usize) -> Option<Vec<u8>> {
    let (message, fields) = record.split_at(tail);
    let mut text = mended_message(&spaced(&unindented(&typed(message))));
    text.extend_from_slice(fields);
    (text != record).then_some(text)
}

/// What stands before the fields, on one line, as far as an application did not write it, and with the
/// first words that got lost.
fn mended_message(text: &[u8]) -> Vec<u8> {
    let is_kept = |byte: &u8| !(byte.is_ascii_whitespace() || matches!(byte, b'.' | b',' | b'|'));
    let end = text.iter().rposition(is_kept).map_or(0, |at| at + 1);
    let text = &text[..end];
    // Of the quotes around all of it.
    let text = match text.ends_with(b" upstream\"") {
        true => &text[..end - 1],
        false => text,
    };
    let quoted = memchr::memmem::find(text, b"sent in stderr: \"");
    let own = quoted.map_or(0, |_| memchr::memrchr(b'"', text).map_or(0, |at| at + 1));
    let (theirs, own) = text.split_at(own);
    let mut text = theirs.to_vec();
    if !text.is_empty() && own.first().is_some_and(u8::is_ascii_whitespace) {
        text.push(b' ');
    }
    text.extend_from_slice(folded(own).trim_ascii_start());
    let head = text.len() - Head::read(&text).text.len();
    if text[head..].starts_with(b"... ") {
        text.drain(head..head + b"... ".len());
    }
    let says = |part: &[u8]| memchr::memmem::find(&text[head..], part).is_some();
    let lost: &[u8] = match &text[head..] {
        [b'u', b'n', b'i', b'x', b':', ..] if says(b" failed (") => b"connect() to ",
        [b'"', b'/', ..] if says(b"\" failed (") => b"open() ",
        _ => b"",
    };
    text.splice(head..head, lost.iter().copied());
    let kept = without_rest_of_action(&text).len();
    text.truncate(kept);
    text
}

/// A message without the last words of an action of which the first ones got lost: `failed (111: Connection
/// refused) upstream`.
fn without_rest_of_action(text: &[u8]) -> &[u8] {
    let rest = [
        b") upstream".as_slice(),
        b") header from",
        b") response header from",
    ];
    let rest = rest.into_iter().find(|rest| text.ends_with(rest));
    &text[..text.len() - rest.map_or(0, |rest| rest.len() - 1)]
}

/// A text with blanks and quotes as NGINX sets them.
fn spaced(text: &[u8]) -> Vec<u8> {
    let is_quoted = memchr::memmem::find(text, b"upstream '").is_some();
    let text = match is_quoted {
        true => replaced(text, b"'", b"\""),
        false => text.to_vec(),
    };
    SPACED.into_iter().fold(text, |text, (written, meant)| {
        replaced(&text, written, meant)
    })
}

const SPACED: [(&[u8], &[u8]); 5] = [
    (b" () ", b"() "),
    (b"()failed", b"() failed"),
    (b"failed(", b"failed ("),
    // The peer right behind the action.
    (b"ing to upstream \"", b"ing to upstream, upstream: \""),
    (b" from upstream \"", b" from upstream, upstream: \""),
];

fn replaced(text: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut begin = 0;
    for at in memchr::memmem::find_iter(text, from) {
        out.extend_from_slice(&text[begin..at]);
        out.extend_from_slice(to);
        begin = at + from.len();
    }
    out.extend_from_slice(&text[begin..]);
    out
}

/// Where the first context field begins, with the comma before it.
fn first_field(text: &[u8], is_quoted: bool) -> Option<usize> {
    let begins = |&at: &usize| {
        let before = &text[..at];
        let is_apart = before
            .last()
            .is_none_or(|byte| !byte.is_ascii_alphanumeric());
        let has_comma = before.trim_ascii_end().ends_with(b",");
        match is_quoted {
            true => is_apart && !is_in_quotes(before),
            // Without a comma, anything may have been written there.
            false => is_apart && has_comma && text[at..].starts_with(b"client"),
        }
    };
    let found = memchr::memchr_iter(b':', &text[..text.len().min(FARTHEST)])
        .filter_map(|colon| name_before(&text[..colon]))
        .find(begins);
    let other = [b", client ".as_slice(), b" upstream, \""]
        .into_iter()
        .filter(|_| is_quoted)
        .filter_map(|part| Some(memchr::memmem::find(text, part)? + memchr::memchr(b',', part)?))
        .min();
    let found = [found, other].into_iter().flatten().min()?;
    let before = text[..found].trim_ascii_end();
    Some(before.strip_suffix(b",").unwrap_or(before).len())
}

/// Nobody quotes more before the first field.
const FARTHEST: usize = 8192;

/// Where the name of a context field begins with which a text ends.
fn name_before(text: &[u8]) -> Option<usize> {
    let text = text.trim_ascii_end();
    let is_end = |at: &usize| !text[..*at].last().is_some_and(u8::is_ascii_alphanumeric);
    NAMES
        .into_iter()
        .filter_map(|name| Some(text.strip_suffix(name)?.len()))
        .find(is_end)
}

fn is_in_quotes(before: &[u8]) -> bool {
    memchr::memchr_iter(b'"', before).count() % 2 == 1
}

/// Writes the fields with which a text begins the way NGINX does; what stands between those of a
/// quotation is left out, and what is left of other records stays as it is.
fn write_fields(text: &[u8], is_quoted: bool, out: &mut Vec<u8>) {
    let mut rest = text;
    loop {
        let Some((name, value)) = name_and_value(rest, is_quoted) else {
            match next_field(rest).filter(|_| is_quoted) {
                Some(at) => rest = &rest[at..],
                None => break,
            }
            continue;
        };
        let end = match value.first() {
            Some(b'"') => quoted_end(value, name),
            _ => plain_end(value),
        };
        out.extend_from_slice(b", ");
        out.extend_from_slice(name);
        out.extend_from_slice(b": ");
        write_value(&value[..end], name, is_quoted, out);
        rest = &value[end..];
    }
    if !is_quoted {
        out.extend_from_slice(rest);
    }
}

/// Where a field begins behind words that are none.
fn next_field(text: &[u8]) -> Option<usize> {
    let is_between = |byte: &u8| byte.is_ascii_whitespace() || *byte == b',';
    let places = text.iter().enumerate().filter(|(_, byte)| is_between(byte));
    places.map(|(at, _)| at).find(|&at| {
        name_and_value(&text[at..], false)
            .is_some_and(|(_, value)| value.starts_with(b"\"") || value.first() != Some(&b'/'))
            && begins_field(&text[at..])
    })
}

/// `, name: value…`, with or without the comma and the blank: the name, and everything behind it.
fn name_and_value(text: &[u8], is_quoted: bool) -> Option<(&'static [u8], &[u8])> {
    let trimmed = text.trim_ascii_start();
    let behind_comma = trimmed.strip_prefix(b",").map(<[u8]>::trim_ascii_start);
    let text = behind_comma.unwrap_or(trimmed);
    NAMES.into_iter().find_map(|name| {
        let value = text.strip_prefix(name)?;
        match value.trim_ascii_start().strip_prefix(b":") {
            Some(value) => Some((name, value.trim_ascii_start())),
            None => {
                let is_named = is_quoted && behind_comma.is_some() && value.starts_with(b" ");
                is_named.then(|| (name, value.trim_ascii_start()))
            }
        }
    })
}

/// Whether another field begins here; `bytes from/to client:0/0` is none.
fn begins_field(text: &[u8]) -> bool {
    name_and_value(text, false).is_some_and(|(_, value)| {
        !value.first().is_some_and(u8::is_ascii_digit) || text.trim_ascii_start().starts_with(b",")
    })
}

/// Where a quoted value ends, quotes and all: at the first quote behind which the record ends or the
/// next field begins, a request line behind its version if it has one; else at the last quote of the
/// line.
fn quoted_end(value: &[u8], name: &[u8]) -> usize {
    let closes = |at: &usize| {
        let rest = value[at + 1..].trim_ascii_start();
        rest.is_empty() || begins_field(rest) || rest.starts_with(b"...")
    };
    let line = memchr::memchr(b'\n', value).unwrap_or(value.len());
    let last = || memchr::memrchr(b'"', &value[..line]).filter(|&at| at > 0);
    let quotes = || memchr::memchr_iter(b'"', value).skip(1);
    let has_version = |at: &usize| {
        let version = value[..*at]
            .trim_ascii_end()
            .rsplit(|byte| byte.is_ascii_whitespace())
            .next();
        version.is_some_and(|word| word.starts_with(b"HTTP/"))
    };
    let request = || {
        quotes()
            .find(|at| has_version(at) && closes(at))
            .filter(|_| name == b"request")
    };
    request()
        .or_else(|| quotes().find(closes))
        .or_else(last)
        .map_or(value.len(), |at| at + 1)
}

/// Where a value ends that has no blanks: before the next field, perhaps on a later line.
fn plain_end(value: &[u8]) -> usize {
    let line = memchr::memchr(b'\n', value).unwrap_or(value.len());
    let is_between = |byte: &u8| byte.is_ascii_whitespace() || *byte == b',';
    let places = value
        .iter()
        .enumerate()
        .filter(|(_, byte)| is_between(byte));
    let next = places
        .map(|(at, _)| at)
        .find(|&at| begins_field(&value[at..]));
    let is_word = |end: &usize| {
        let mut lines = value[..*end].split(|&byte| byte == b'\n');
        !lines.any(|line| line.trim_ascii().contains(&b' '))
    };
    let end = match next {
        Some(end) if end <= line || is_word(&end) => end,
        _ => line,
    };
    end
}

/// A value without the dots that stand apart behind it.
fn without_ellipsis(value: &[u8]) -> &[u8] {
    let before = value.strip_suffix(b"...");
    before
        .filter(|before| before.ends_with(b" "))
        .unwrap_or(value)
}

/// `<http://127.0.0.1:8080/>` without its brackets; a mask, `<ip>:80`, keeps them.
fn without_brackets(value: &[u8]) -> &[u8] {
    let inner = value
        .strip_prefix(b"<")
        .filter(|inner| inner.starts_with(b"http"));
    let inner = inner.and_then(|inner| Some(&inner[..memchr::memrchr(b'>', inner)?]));
    inner.unwrap_or(value)
}

/// Whether this is the beginning of `http://`.
fn is_scheme(text: &[u8]) -> bool {
    let behind = text.iter().position(|byte| !byte.is_ascii_alphanumeric());
    behind.is_some_and(|at| b":/".starts_with(&text[at..]))
}

/// Writes an address without the blanks around its colons and slashes.
fn write_address(address: &[u8], out: &mut Vec<u8>) {
    let is_mark = |byte: Option<&u8>| matches!(byte, None | Some(b':' | b'/' | b'"'));
    for (at, &byte) in address.iter().enumerate() {
        if byte != b' ' || !(is_mark(out.last()) || is_mark(address.get(at + 1))) {
            out.push(byte);
        }
    }
}

/// Writes a value on one line, and in quotes where NGINX does. Only request lines have blanks, around
/// their URI.
fn write_value(value: &[u8], name: &[u8], is_quoted: bool, out: &mut Vec<u8>) {
    let in_quotes =
        value.starts_with(b"\"") || !matches!(name, b"udp client" | b"client" | b"server");
    let has_brackets = value.contains(&b'<');
    let is_edge = |byte: &u8| {
        byte.is_ascii_whitespace()
            || matches!(byte, b'|' | b'"')
            || (*byte == b'>' && !has_brackets)
    };
    let value = match is_quoted {
        true => {
            let value = value.strip_prefix(b"\"").unwrap_or(value);
            let value = without_brackets(value);
            let value = without_ellipsis(value);
            let end = value
                .iter()
                .rposition(|byte| !is_edge(byte))
                .map_or(0, |at| at + 1);
            if in_quotes {
                out.push(b'"');
            }
            &value[..end]
        }
        false => value,
    };
    for line in value.split(|&byte| byte == b'\n') {
        let line = line.trim_ascii();
        let method = out
            .iter()
            .rev()
            .take_while(|byte| byte.is_ascii_uppercase());
        let method = method.count();
        let is_behind_method = method > 0 && out[..out.len() - method].ends_with(b"\"");
        if name == b"request" && (is_behind_method || line.starts_with(b"HTTP/")) {
            out.push(b' ');
        }
        match name {
            b"upstream" if is_quoted => write_address(line, out),
            _ => out.extend_from_slice(line),
        }
    }
    // Cut inside the scheme, it has no peer.
    let is_cut = name == b"upstream" && is_scheme(value);
    if is_quoted && in_quotes && !is_cut {
        out.push(b'"');
    }
}
