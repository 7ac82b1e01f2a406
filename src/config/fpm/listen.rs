use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use crate::config::Address;

/// What a pool listens on (`fpm_sockets_domain_from_address`, `sapi/fpm/fpm/fpm_sockets.c`): with a colon,
/// or of digits only, an address; else a unix socket, relative to the prefix.
pub(super) fn address(text: &str, prefix: &Path) -> Option<Address> {
    if text.is_empty() {
        return None;
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return port(text).map(Address::Port);
    }
    let Some((host, number)) = text.rsplit_once(':') else {
        return Some(Address::Unix(prefix.join(text)));
    };
    let number = port(number)?;
    let host = host
        .strip_prefix('[')
        .map_or(Some(host), |v6| v6.strip_suffix(']'))?;
    Some(match (host, host.parse::<IpAddr>()) {
        ("" | "*", _) => Address::Port(number),
        (_, Ok(ip)) => Address::Inet(SocketAddr::new(ip, number)),
        (_, Err(_)) => Address::Name(host.to_owned(), number),
    })
}

fn port(text: &str) -> Option<u16> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    let port = text.parse().ok().filter(|&port| port > 0);
    port.filter(|_| is_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_say_where_a_pool_listens() {
        for (text, expected) in [
            ("/run/php/www.sock", Some("unix:/run/php/www.sock")),
            ("run/www.sock", Some("unix:/usr/run/www.sock")),
            ("127.0.0.1:9000", Some("127.0.0.1:9000")),
            ("[::1]:9000", Some("[::1]:9000")),
            ("[::]:9000", Some("[::]:9000")),
            ("9000", Some("*:9000")),
            ("*:9000", Some("*:9000")),
            (":9000", Some("*:9000")),
            ("localhost:9000", Some("localhost:9000")),
            ("0.0.0.0:9000", Some("0.0.0.0:9000")),
            ("", None),
            ("0", None),
            ("localhost:", None),
            ("localhost:99999", None),
            ("[::1:9000", None),
        ] {
            let address = address(text, Path::new("/usr"));
            let address = address.map(|address| address.to_string());
            assert_eq!(address.as_deref(), expected, "{text}");
        }
    }
}
