//! Addresses as NGINX reads them (`ngx_parse_url`, nginx `src/core/ngx_inet.c`).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

use crate::config::Address;

/// A server, without what stands behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Url<'a> {
    Unix(&'a str),
    /// The host without brackets, and the port that is written.
    Inet {
        host: &'a str,
        port: Option<u16>,
    },
}

impl<'a> Url<'a> {
    /// Reads `unix:/path`, `192.0.2.1:80`, `[2001:db8::1]:80`, `name`; with a URI behind it if it may have
    /// one. `None` is what NGINX does not accept.
    pub(super) fn read(text: &'a str, may_have_uri: bool) -> Option<Self> {
        if let Some(path) = strip_prefix(text, "unix:") {
            let end = path.find(':').filter(|_| may_have_uri);
            let path = end.map_or(path, |end| &path[..end]);
            return (!path.is_empty()).then_some(Self::Unix(path));
        }
        let end = text.find(['/', '?']);
        if end.is_some() && !may_have_uri {
            return None;
        }
        let authority = end.map_or(text, |end| &text[..end]);
        let (host, port) = match authority.strip_prefix('[') {
            Some(rest) => {
                let (host, behind) = rest.split_once(']')?;
                host.parse::<Ipv6Addr>().ok()?;
                match behind {
                    "" => (host, None),
                    _ => (host, Some(behind.strip_prefix(':')?)),
                }
            }
            None => match authority.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (authority, None),
            },
        };
        if host.is_empty() {
            return None;
        }
        let port = match port {
            Some(port) => Some(number(port)?),
            None => None,
        };
        Some(Self::Inet { host, port })
    }

    /// The address; `None` without any port.
    pub(super) fn address(&self, default_port: Option<u16>) -> Option<Address> {
        match self {
            Self::Unix(path) => Some(Address::Unix(PathBuf::from(path))),
            Self::Inet { host, port } => {
                let port = port.or(default_port)?;
                Some(match ip(host) {
                    Some(ip) => Address::Inet(SocketAddr::new(ip, port)),
                    None => Address::Name((*host).to_owned(), port),
                })
            }
        }
    }
}

fn ip(host: &str) -> Option<IpAddr> {
    let v4 = host.parse::<Ipv4Addr>().map(IpAddr::V4);
    v4.or_else(|_| host.parse().map(IpAddr::V6)).ok()
}

/// A port: digits only, not 0.
fn number(port: &str) -> Option<u16> {
    let is_number = port.bytes().all(|byte| byte.is_ascii_digit());
    let port = port.parse().ok().filter(|&port| port > 0);
    port.filter(|_| is_number)
}

/// What stands behind a prefix that may be written in any case.
pub(super) fn strip_prefix<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let start = text.get(..prefix.len())?;
    start
        .eq_ignore_ascii_case(prefix)
        .then(|| &text[prefix.len()..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_nginx_reads_them() {
        for (text, expected) in [
            ("127.0.0.1:9000", Some("127.0.0.1:9000")),
            ("127.0.0.1", Some("127.0.0.1:80")),
            ("[::1]:9000", Some("[::1]:9000")),
            ("[2001:DB8::1]", Some("[2001:db8::1]:80")),
            ("backend.example.com:8080", Some("backend.example.com:8080")),
            ("backend_1", Some("backend_1:80")),
            ("unix:/run/a:b.sock", Some("unix:/run/a:b.sock")),
            ("UNIX:relative", Some("unix:relative")),
            ("unix:", None),
            ("", None),
            (":80", None),
            ("a:0", None),
            ("a:65536", None),
            ("a:+1", None),
            ("a:80x", None),
            ("a:", None),
            ("[::1", None),
            ("[::1]x", None),
            ("[nonsense]:80", None),
            ("a/b", None),
        ] {
            let address = Url::read(text, false).and_then(|url| url.address(Some(80)));
            let address = address.map(|address| address.to_string());
            assert_eq!(address.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn a_uri_ends_an_address() {
        for (text, expected) in [
            ("127.0.0.1:9000/a:b", Some("127.0.0.1:9000")),
            ("name?a=b:c", Some("name:80")),
            ("[::1]/", Some("[::1]:80")),
            ("unix:/run/a.sock:/uri", Some("unix:/run/a.sock")),
            ("unix::/uri", None),
            ("/uri", None),
        ] {
            let address = Url::read(text, true).and_then(|url| url.address(Some(80)));
            let address = address.map(|address| address.to_string());
            assert_eq!(address.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn without_a_port_there_is_no_address() {
        let url = Url::read("name", false).unwrap();
        assert_eq!(url.address(None), None);
    }
}
