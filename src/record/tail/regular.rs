//! Fields as nearly all records have them.

use super::request::{Request, UPSTREAM};
use super::{Tail, Upstream};
use crate::record::text::near;

/// Reads the first fields of an ordinary request or session, in none of which is anything that could be its end or not.
pub(in crate::record) fn begin(text: &[u8]) -> Option<Request<'_>> {
    let (client, server, fields) = addresses(text)?;
    let (line, behind) = match fields.strip_prefix(b", request: \"") {
        Some(fields) => {
            let (line, behind) = quoted(fields)?;
            if !ends_in_version(line) {
                return None;
            }
            (Some(line), behind)
        }
        None => (None, fields),
    };
    Some(Request {
        client,
        server,
        line,
        behind,
    })
}

/// Client and server, and what follows them.
fn addresses(text: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let client = text.strip_prefix(b", client: ");
    let (client, text) = plain(client.or_else(|| text.strip_prefix(b", udp client: "))?)?;
    if client.is_empty() || client.ends_with(b" using starttls") {
        return None;
    }
    let (server, text) = plain(text.strip_prefix(b", server: ")?)?;
    Some((client, server, text))
}

/// Reads the fields of an ordinary request: client, server, request, mostly an upstream, host, perhaps a referrer, and
/// in none of them anything that could be its end or not. Of all others it says nothing.
pub(super) fn read(text: &[u8]) -> Option<Tail<'_>> {
    let Request {
        client,
        server,
        line,
        behind: text,
    } = begin(text)?;
    let Some(request) = line else {
        return of_stream(client, server, text);
    };
    let (upstream, text) = match text.strip_prefix(UPSTREAM) {
        Some(text) => {
            let (upstream, text) = quoted(text)?;
            (Some(Upstream::read(upstream, true)), text)
        }
        None if text.is_empty() => return None,
        None => (None, text),
    };
    let (host, text) = match text.strip_prefix(b", host: \"") {
        Some(text) => {
            let (host, text) = short(text)?;
            (Some(host), text)
        }
        None => (None, text),
    };
    let referrer = match text.strip_prefix(b", referrer: \"") {
        Some(text) => {
            let last = text.len().checked_sub(1)?;
            let is_whole = memchr::memchr2(b'"', b'\n', text) == Some(last) && text[last] == b'"';
            Some(is_whole.then_some(&text[..last])?)
        }
        None if text.is_empty() => None,
        None => return None,
    };
    Some(Tail {
        client: Some(client),
        server: Some(server),
        request: Some(request),
        subrequest: None,
        upstream,
        host,
        referrer,
    })
}

/// Reads the fields of a session, from its upstream on.
fn of_stream<'a>(client: &'a [u8], server: &'a [u8], text: &'a [u8]) -> Option<Tail<'a>> {
    let (upstream, text) = quoted(text.strip_prefix(UPSTREAM)?)?;
    let counts = text.strip_prefix(b", bytes from/to client:")?;
    // No other field that we know follows.
    if counts.ends_with(b":") || memchr::memmem::find(counts, b": ").is_some() {
        return None;
    }
    Some(Tail {
        client: Some(client),
        server: Some(server),
        upstream: Some(Upstream::read(upstream, true)),
        ..Tail::default()
    })
}

/// A value up to the comma behind which a blank stands, and what follows from there on. Addresses and names are short.
fn plain(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut end = 0;
    loop {
        end += near([b','], &text[end..])?;
        match text[end..] {
            [b',', b' ', ..] => break,
            // As in the expression that is a server's name.
            [b',', next, ..] if !next.is_ascii_whitespace() => end += 1,
            _ => return None,
        }
    }
    let (value, rest) = text.split_at(end);
    let is_of_it = |byte: &u8| !byte.is_ascii_whitespace() && *byte != b'"';
    let is_whole = value.first().is_none_or(is_of_it) && value.last().is_none_or(is_of_it);
    is_whole.then_some((value, rest))
}

/// A value up to the first quote, and what follows that.
fn quoted(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let quote = memchr::memchr(b'"', text)?;
    Some((&text[..quote], &text[quote + 1..]))
}

/// The same, for what is short.
fn short(text: &[u8]) -> Option<(&[u8], &[u8])> {
    match near([b'"'], text) {
        Some(quote) if text[quote] == b'"' => Some((&text[..quote], &text[quote + 1..])),
        _ => quoted(text),
    }
}

/// Whether a request line ends in ` HTTP/1.1` or the like.
fn ends_in_version(request: &[u8]) -> bool {
    let Some(end) = request.last_chunk::<9>() else {
        return false;
    };
    end.starts_with(b" HTTP/") && !end[6..].contains(&b' ')
}

#[cfg(test)]
mod tests {
    use super::super::Fields;

    /// Whatever is read here, is read field by field as well.
    #[test]
    fn ordinary_fields_are_read_as_any() {
        let values = [
            "192.0.2.1",
            "",
            "a b",
            "a,b",
            "\"",
            "x\"y",
            "\"x",
            "GET / HTTP/1.1",
            "GET /\" HTTP/1.1",
            "GET /",
            "a HTTP/1 1",
            "http://10.0.0.1:80/x?y",
            "fastcgi://unix:/run/a.sock:",
            "\n",
            "a\r",
            "x\", host: \"y",
            ", client: 1",
            "\u{e9}",
        ];
        let mut read = 0;
        for seed in 0..60_000_usize {
            let mut random = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
            let mut pick = |usual: &'static str| {
                random = random.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(1);
                match (random >> 59) % 8 {
                    0 => values[(random >> 40) % values.len()],
                    _ => usual,
                }
            };
            let mut text = format!(", client: {}", pick("192.0.2.1"));
            for (name, usual) in [
                ("server: ", "shop.example"),
                ("request: \"", "GET /a HTTP/1.1"),
                ("upstream: \"", "http://10.0.0.1:80/a"),
                ("bytes from/to client:", "5/6"),
                ("bytes from/to upstream:", "7/8"),
                ("host: \"", "shop.example"),
                ("referrer: \"", "https://shop.example/"),
            ] {
                let value = pick(usual);
                let is_counted = name.starts_with("bytes");
                let is_of_requests = !matches!(&name[..4], "serv" | "upst" | "byte");
                let is_usual = if seed % 3 == 0 {
                    !is_of_requests
                } else {
                    !is_counted
                };
                if (pick("x") == "x") == is_usual {
                    let quote = if name.ends_with('"') { "\"" } else { "" };
                    text.push_str(&format!(", {name}{value}{quote}"));
                }
            }
            let text = text.as_bytes();
            if let Some(tail) = super::read(text) {
                let (any, _) = Fields::read(text, None, false);
                assert_eq!(tail, any, "{}", text.escape_ascii());
                read += 1;
            }
        }
        assert!(read > 10_000, "{read}");
    }

    #[test]
    fn ordinary_fields_are_read_here() {
        let text = b", client: 192.0.2.1, server: , request: \"GET / HTTP/2.0\", upstream: \
            \"http://127.0.0.1:80/\", host: \"a\", referrer: \"b\"";
        let session =
            b", client: 192.0.2.1, server: 0.0.0.0:53, upstream: \"10.0.0.1:53\", bytes from/to \
            client:930/140, bytes from/to upstream:0/0";
        let peer = super::read(session).unwrap().upstream.unwrap().peer;
        assert_eq!(peer, Some(b"10.0.0.1:53".as_slice()));
        let tail = super::read(text).unwrap();
        assert_eq!(tail.server, Some(b"".as_slice()));
        assert_eq!(tail.referrer, Some(b"b".as_slice()));
        assert!(super::read(b", client: 192.0.2.1, server: a").is_none());
    }
}
