use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::text::{NEAR, near};

/// The `upstream:` field: `scheme://peer/uri` for HTTP and its kin, a bare address for stream and
/// mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Upstream<'a> {
    /// The value as logged.
    pub value: &'a [u8],
    /// `http`, `https`, `fastcgi`, `uwsgi`, `scgi`, `grpc`, `memcached`, …
    pub scheme: Option<&'a [u8]>,
    /// The address tried, `127.0.0.1:9000` or `unix:/run/php/www.sock`; where a failure is not tied
    /// to one peer (`no live upstreams`), the name of the upstream block. Missing where the record
    /// was cut inside it.
    pub peer: Option<&'a [u8]>,
}

impl<'a> Upstream<'a> {
    /// Takes the value of the field apart. `whole` says that its closing quote was there.
    pub(super) fn read(value: &'a [u8], whole: bool) -> Self {
        let (scheme, rest) = match SCHEMES.iter().find(|scheme| value.starts_with(scheme)) {
            Some(scheme) => {
                let (scheme, rest) = value.split_at(scheme.len() - b"://".len());
                (Some(scheme), rest[3..].trim_ascii_start())
            }
            None => scheme_and_rest(value),
        };
        // What a client sent begins behind the peer; nothing of it may be read here.
        let end = match rest.strip_prefix(UNIX) {
            Some(path) => {
                let has_uri = scheme.is_some_and(|scheme| matches!(scheme, b"http" | b"https"));
                socket_end(path, has_uri, whole).map(|end| UNIX.len() + end)
            }
            // Cut inside the scheme or the address.
            None if scheme.is_none() && !whole => None,
            None if scheme == Some(b"passenger") && rest.starts_with(b"/") => {
                memchr::memchr(b':', rest).or(whole.then_some(rest.len()))
            }
            None => address_end(rest).or(whole.then_some(rest.len())),
        };
        let peer = end.map(|end| &rest[..end]).map(without_user);
        Self {
            value,
            scheme: scheme.filter(|scheme| !scheme.is_empty()),
            // Whoever quotes a record may put dots for the address.
            peer: peer.filter(|peer| peer.iter().any(|&byte| byte != b'.')),
        }
    }
}

/// Where an address ends before its URI.
fn address_end(rest: &[u8]) -> Option<usize> {
    if let Some(at) = near([b'/', b'?', b'"'], rest)
        && matches!(rest[at], b'/' | b'?')
    {
        return Some(at);
    }
    let is_end = |at: &usize| match rest[*at] {
        // The quote that opens the next value got lost.
        b'"' => rest.get(at + 1) == Some(&b','),
        _ => true,
    };
    memchr::memchr3_iter(b'/', b'?', b'"', rest).find(is_end)
}

/// The commonest, with what stands behind them.
const SCHEMES: [&[u8]; 4] = [b"http://", b"fastcgi://", b"https://", b"grpc://"];

/// Takes the scheme off, if there is one.
fn scheme_and_rest(value: &[u8]) -> (Option<&[u8]>, &[u8]) {
    match memchr::memchr(b':', value) {
        Some(at)
            if value[at..].starts_with(b"://")
                && value[..at].iter().all(u8::is_ascii_alphanumeric) =>
        {
            (Some(&value[..at]), value[at + 3..].trim_ascii_start())
        }
        // Phusion Passenger writes no slashes.
        Some(at) if value[..at] == *b"passenger" => (Some(&value[..at]), &value[at + 1..]),
        _ => (None, value),
    }
}

const UNIX: &[u8] = b"unix:";

/// Customary endings of a socket's path are this, and this with `et` behind it.
static SOCKET: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(".sock"));

/// Where a socket's path ends. NGINX writes `:` behind it, unless the peer was given up before the
/// record was written: a timeout and `no live upstreams` have `http://unix:/run/a.sock/uri`
/// (`ngx_http_upstream_next` clears `peer.sockaddr` first). Then only a customary ending tells the
/// path from the URI. Whichever comes first ends the path, since the URI may hold both.
fn socket_end(path: &[u8], has_uri: bool, whole: bool) -> Option<usize> {
    let is_end = |end: &usize| {
        matches!(path.get(*end), Some(b':' | b'/' | b'?')) || (whole && *end == path.len())
    };
    let by_name = SOCKET
        .find_iter(path)
        .map(|at| at + SOCKET.needle().len())
        .map(|end| end + if path[end..].starts_with(b"et") { 2 } else { 0 })
        .find(is_end);
    let by_colon = memchr::memchr_iter(b':', path)
        .find(|&at| !has_uri || path.get(at + 1).is_none_or(|&next| next == b'/'));
    by_name
        .into_iter()
        .chain(by_colon)
        .min()
        .or((whole && !has_uri).then_some(path.len()))
}

/// `user:password@10.0.0.1:80`, which a variable in `proxy_pass` can bring about.
fn without_user(peer: &[u8]) -> &[u8] {
    if peer.len() <= NEAR && near([b'@'], peer).is_none() {
        return peer;
    }
    match memchr::memrchr(b'@', peer) {
        Some(at) if !peer.starts_with(UNIX) => &peer[at + 1..],
        _ => peer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(value: &str, whole: bool) -> (Option<&str>, Option<&str>) {
        let upstream = Upstream::read(value.as_bytes(), whole);
        let text = |bytes| std::str::from_utf8(bytes).unwrap();
        (upstream.scheme.map(text), upstream.peer.map(text))
    }

    #[test]
    fn scheme_and_peer() {
        for (value, scheme, peer) in [
            (
                "http://127.0.0.1:8080/a?b=c",
                Some("http"),
                Some("127.0.0.1:8080"),
            ),
            (
                "fastcgi://127.0.0.1:9000",
                Some("fastcgi"),
                Some("127.0.0.1:9000"),
            ),
            (
                "fastcgi://unix:/run/php/www.sock:",
                Some("fastcgi"),
                Some("unix:/run/php/www.sock"),
            ),
            (
                "http://unix:/run/a.sock:/x:y/z",
                Some("http"),
                Some("unix:/run/a.sock"),
            ),
            (
                "http://unix:/run/a.sock/x:y/z",
                Some("http"),
                Some("unix:/run/a.sock"),
            ),
            (
                "fastcgi://unix:/run/php/www.sock",
                Some("fastcgi"),
                Some("unix:/run/php/www.sock"),
            ),
            (
                "fastcgi://unix:/run/php-fpm",
                Some("fastcgi"),
                Some("unix:/run/php-fpm"),
            ),
            (
                "http://unix:/run/gunicorn:/x.sock/y",
                Some("http"),
                Some("unix:/run/gunicorn"),
            ),
            (
                "http://unix:/tmp/php.socket:/",
                Some("http"),
                Some("unix:/tmp/php.socket"),
            ),
            (
                "https://[2001:db8::1]:443/",
                Some("https"),
                Some("[2001:db8::1]:443"),
            ),
            ("http://backend?x", Some("http"), Some("backend")),
            ("10.0.0.1:53", None, Some("10.0.0.1:53")),
            ("unix:/run/stream.sock", None, Some("unix:/run/stream.sock")),
            (
                "https://user:secret@10.0.0.2:443/p",
                Some("https"),
                Some("10.0.0.2:443"),
            ),
            ("", None, None),
        ] {
            assert_eq!(parts(value, true), (scheme, peer), "{value}");
        }
    }

    #[test]
    fn a_cut_peer_is_no_peer() {
        assert_eq!(parts("http://127.0.0", false), (Some("http"), None));
        assert_eq!(
            parts("http://127.0.0.1:80/x", false),
            (Some("http"), Some("127.0.0.1:80"))
        );
        assert_eq!(
            parts("fastcgi://unix:/run/ph", false),
            (Some("fastcgi"), None)
        );
        assert_eq!(
            parts("fastcgi://unix:/run/a.sock", false),
            (Some("fastcgi"), None)
        );
        assert_eq!(parts("http://unix:/tmp/a/x", true), (Some("http"), None));
    }
}
