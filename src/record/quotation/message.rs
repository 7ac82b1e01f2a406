//! The message and the action of a quotation.

use super::lines::folded;
use crate::record::Head;

/// What stands before the fields, on one line, as far as an application did not write it, and with the
/// first words that got lost.
pub(super) fn mended_message(text: &[u8]) -> Vec<u8> {
    let is_kept = |byte: &u8| !(byte.is_ascii_whitespace() || matches!(byte, b'.' | b',' | b'|'));
    let end = text.iter().rposition(is_kept).map_or(0, |at| at + 1);
    let text = &text[..end];
    // Of the quotes around all of it.
    let text = match text.ends_with(b" upstream\"") {
        true => &text[..end - 1],
        false => text,
    };
    let mut text = match stderr(text) {
        Some((before, theirs, behind)) => {
            let is_apart = behind.first().is_some_and(u8::is_ascii_whitespace);
            let blank: &[u8] = if is_apart { b" " } else { b"" };
            let behind = folded(behind);
            [&folded(before), theirs, blank, behind.trim_ascii_start()].concat()
        }
        None => folded(text),
    };
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

/// What stands before the text that a FastCGI application wrote, that text with its closing quote, and
/// what stands behind.
fn stderr(text: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    const OPENING: &[u8] = b"sent in stderr: \"";
    let at = memchr::memmem::find(text, OPENING)? + OPENING.len();
    let (before, text) = text.split_at(at);
    let end = memchr::memrchr(b'"', text).map_or(text.len(), |at| at + 1);
    Some((before, &text[..end], &text[end..]))
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
pub(super) fn spaced(text: &[u8]) -> Vec<u8> {
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
