//! Whether a tail is as NGINX writes it.

use super::{Fields, NAMES};

/// Whether a text that begins at `, client: ` is a tail as NGINX writes it: fields in order and nothing
/// else, on one line, addresses without blanks.
pub(in crate::record) fn is_whole(text: &[u8]) -> bool {
    let (tail, fields) = Fields::read(text, None, false);
    let is_word = |value: &[u8]| memchr::memchr2(b' ', b'\\', value).is_none();
    let is_address = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'[' | b':' | b'*');
    let has_no_field = |value: &[u8]| {
        let names = [
            b" HTTP/1.1\"".as_slice(),
            b" HTTP/1.0\"",
            b" HTTP/2.0\"",
            b"\" upstream: \"",
            b"\",upstream: \"",
            b"\" host: \"",
        ];
        let mut names = names.into_iter();
        !names.any(|name| memchr::memmem::find(value, name).is_some())
    };
    fields.rest.trim_ascii().is_empty()
        && memchr::memchr(b'\n', text).is_none()
        && tail.request.is_none_or(has_no_field)
        && [tail.client, tail.server]
            .into_iter()
            .flatten()
            .all(is_word)
        && tail.upstream.is_none_or(|upstream| {
            let value = upstream.value;
            // `[words](http://…)`
            let is_link = value.starts_with(b"[") && memchr::memmem::find(value, b"](").is_some();
            value.first().is_none_or(is_address) && !is_link && upstream.peer.is_some_and(is_word)
        })
}

/// Whether a text begins with a whole tail, behind which no other line goes on with it.
pub(in crate::record) fn begins_whole(text: &[u8]) -> bool {
    let Some(line) = memchr::memchr(b'\n', text) else {
        return is_whole(text);
    };
    let (text, behind) = text.split_at(line);
    let text = text.trim_ascii_end();
    let is_closed = text.ends_with(b"\"") && !text.ends_with(b": \"");
    let behind = behind.trim_ascii_start();
    let begun = behind
        .strip_prefix(b",")
        .unwrap_or(behind)
        .trim_ascii_start();
    let goes_on = NAMES.iter().any(|name| {
        let value = begun.strip_prefix(*name);
        value.is_some_and(|value| value.starts_with(b":"))
    });
    is_closed && !goes_on && is_whole(text)
}
