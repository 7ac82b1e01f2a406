//! The name of a pool.
//!
//! A pool is the named group of peers that an operator knows. Its name is what a rule says, the file
//! stem of a unix socket, which PHP-FPM's packages name after the pool, or the peer itself.

/// What stands for the pool where no peer is known.
pub const UNKNOWN: &[u8] = b"(unknown)";

/// The pool to which a peer belongs; `by_rule` is what a rule of the operator says.
///
/// ```
/// use badgateway::pool::name;
/// assert_eq!(name(None, Some(b"unix:/run/php/mypool.sock")), b"mypool");
/// assert_eq!(name(None, Some(b"127.0.0.1:9000")), b"127.0.0.1:9000");
/// assert_eq!(name(Some(b"shop"), Some(b"127.0.0.1:9000")), b"shop");
/// assert_eq!(name(None, None), b"(unknown)");
/// ```
pub fn name<'a>(by_rule: Option<&'a [u8]>, peer: Option<&'a [u8]>) -> &'a [u8] {
    if let Some(name) = by_rule {
        return name;
    }
    let Some(peer) = peer else { return UNKNOWN };
    match peer.strip_prefix(b"unix:") {
        Some(path) => Some(stem(path))
            .filter(|stem| !stem.is_empty())
            .unwrap_or(peer),
        None => peer,
    }
}

/// `php8.2-fpm` of `/run/php/php8.2-fpm.sock`.
fn stem(path: &[u8]) -> &[u8] {
    let file = memchr::memrchr(b'/', path).map_or(path, |slash| &path[slash + 1..]);
    match memchr::memrchr(b'.', file) {
        Some(dot) if dot > 0 => &file[..dot],
        _ => file,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_gives_its_stem() {
        for (peer, expected) in [
            ("unix:/run/php/php8.2-fpm.sock", "php8.2-fpm"),
            ("unix:/run/shop", "shop"),
            ("unix:/run/.sock", ".sock"),
            ("unix:/run/", "unix:/run/"),
            ("unix:", "unix:"),
            ("backend", "backend"),
            ("[2001:db8::1]:80", "[2001:db8::1]:80"),
        ] {
            let found = name(None, Some(peer.as_bytes()));
            assert_eq!(found, expected.as_bytes(), "{peer}");
        }
    }
}
