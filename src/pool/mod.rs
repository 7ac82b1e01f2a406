//! The name of a pool.
//!
//! A pool is the named group of peers that an operator knows. Its name is what a rule says, or else what
//! the configurations call it ([`Names`]): the upstream block that holds the peer, the PHP-FPM pool that
//! listens there, the name to which NGINX was told to pass. Where they know nothing it is the file stem of a
//! unix socket, which PHP-FPM's packages name after the pool, or the peer itself.

mod configurations;
mod draft;
mod fpm;
mod known;
mod names;
mod nginx;
mod servers;
mod table;

#[cfg(test)]
mod tests;

pub use configurations::{Configurations, Pools};
pub use known::Known;
pub use names::{Machine, Names, this_machine};

/// What stands for the pool where no peer is known.
pub const UNKNOWN: &[u8] = b"(unknown)";

/// The pool to which a peer belongs where no configuration is known; `by_rule` is what a rule of the operator
/// says.
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
