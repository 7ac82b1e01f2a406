use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use memchr::memmem;

/// What becomes of clients' addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anonymize {
    /// They are cut: the last octet of IPv4 is 0, of IPv6 a /48 is left. What is no address is left out.
    Cut,
    /// They are left out.
    Drop,
}

/// A record in which its client's address is not told.
pub(super) struct Anonymous<'a> {
    pub(super) client: Option<String>,
    pub(super) raw: Cow<'a, [u8]>,
}

/// What stands in a record for an address that is left out.
const NONE: &str = "-";

impl Anonymize {
    /// The record as it may be kept.
    pub(super) fn of<'a>(self, client: Option<&[u8]>, raw: &'a [u8]) -> Anonymous<'a> {
        let Some(client) = client.filter(|client| !client.is_empty()) else {
            return Anonymous {
                client: None,
                raw: raw.into(),
            };
        };
        let told = match self {
            Self::Cut => cut(client),
            Self::Drop => None,
        };
        let stands = told.as_deref().unwrap_or(NONE);
        Anonymous {
            raw: replaced(raw, client, stands.as_bytes()),
            client: told,
        }
    }
}

/// `None`, if it is no address.
fn cut(client: &[u8]) -> Option<String> {
    let address: IpAddr = str::from_utf8(client).ok()?.parse().ok()?;
    let of_four = |address: Ipv4Addr| {
        let [a, b, c, _] = address.octets();
        Ipv4Addr::new(a, b, c, 0)
    };
    Some(match address {
        IpAddr::V4(address) => of_four(address).to_string(),
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(address) => of_four(address).to_ipv6_mapped().to_string(),
            None => {
                let [a, b, c, ..] = address.segments();
                Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0).to_string()
            }
        },
    })
}

/// The text with something else wherever the client's address stands, not as a part of another one.
fn replaced<'a>(text: &'a [u8], client: &[u8], by: &[u8]) -> Cow<'a, [u8]> {
    let mut new = Vec::new();
    let mut done = 0;
    for at in memmem::find_iter(text, client) {
        let (before, behind) = (&text[..at], &text[at + client.len()..]);
        let goes_on = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
        let is_longer = goes_on(before.last())
            || goes_on(behind.first())
            || behind.first() == Some(&b'.') && goes_on(behind.get(1))
            || before.last() == Some(&b'.') && goes_on(before.iter().nth_back(1));
        if !is_longer {
            new.extend_from_slice(&text[done..at]);
            new.extend_from_slice(by);
            done = at + client.len();
        }
    }
    if done == 0 {
        return text.into();
    }
    new.extend_from_slice(&text[done..]);
    new.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(how: Anonymize, client: &str, raw: &str) -> (Option<String>, String) {
        let anonymous = how.of(Some(client.as_bytes()), raw.as_bytes());
        let raw = String::from_utf8(anonymous.raw.into_owned()).unwrap();
        (anonymous.client, raw)
    }

    #[test]
    fn an_address_is_cut() {
        for (client, told) in [
            ("192.0.2.17", "192.0.2.0"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1::"),
            ("2001:db8::17", "2001:db8::"),
            ("::ffff:192.0.2.17", "::ffff:192.0.2.0"),
        ] {
            let raw = format!("*1 failed, client: {client}, server: a");
            let expected = format!("*1 failed, client: {told}, server: a");
            assert_eq!(
                of(Anonymize::Cut, client, &raw),
                (Some(told.to_owned()), expected)
            );
            let expected = "*1 failed, client: -, server: a".to_owned();
            assert_eq!(of(Anonymize::Drop, client, &raw), (None, expected));
        }
    }

    #[test]
    fn what_is_no_address_is_left_out() {
        for client in ["unix:", "jane.example", "192.0.2", "1\u{1b}[31m"] {
            let raw = format!("client: {client}, server: a");
            let expected = "client: -, server: a".to_owned();
            assert_eq!(of(Anonymize::Cut, client, &raw), (None, expected));
        }
        let nobody = Anonymize::Cut.of(None, b"client: , server: a");
        assert_eq!(
            (nobody.client, &*nobody.raw),
            (None, &b"client: , server: a"[..])
        );
    }

    #[test]
    fn it_is_not_told_anywhere_else_and_others_are_left_alone() {
        let raw = "[lua] 1.2.3.4 from 1.2.3.4: 11.2.3.4 1.2.3.45 1.2.3.4.5 5.1.2.3.4, client: 1.2.3.4, \
                   upstream: \"http://1.2.3.4:80/?ip=1.2.3.4\"";
        let expected = "[lua] 1.2.3.0 from 1.2.3.0: 11.2.3.4 1.2.3.45 1.2.3.4.5 5.1.2.3.4, client: 1.2.3.0, \
                        upstream: \"http://1.2.3.0:80/?ip=1.2.3.0\"";
        assert_eq!(
            of(Anonymize::Cut, "1.2.3.4", raw),
            (Some("1.2.3.0".to_owned()), expected.to_owned())
        );
    }
}
