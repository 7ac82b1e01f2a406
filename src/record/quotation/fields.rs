//! The context fields of a quotation.

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

/// Where the first context field begins, with the comma before it.
pub(super) fn first_field(text: &[u8], is_quoted: bool) -> Option<usize> {
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
pub(super) fn write_fields(text: &[u8], is_quoted: bool, out: &mut Vec<u8>) {
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
    places(text).find(|&at| begins_field(&text[at..]))
}

/// Where a field can begin: at a comma, or at the last blank before its name.
fn places(text: &[u8]) -> impl Iterator<Item = usize> {
    let is_blank = |at: usize| text.get(at).is_some_and(u8::is_ascii_whitespace);
    (0..text.len()).filter(move |&at| text[at] == b',' || (is_blank(at) && !is_blank(at + 1)))
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
            .rsplit(u8::is_ascii_whitespace)
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
    let next = places(value).find(|&at| begins_field(&value[at..]));
    let is_word = |end: &usize| {
        let mut lines = value[..*end].split(|&byte| byte == b'\n');
        !lines.any(|line| line.trim_ascii().contains(&b' '))
    };
    match next {
        Some(end) if end <= line || is_word(&end) => end,
        _ => line,
    }
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
