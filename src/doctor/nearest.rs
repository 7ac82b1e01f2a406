use std::borrow::Cow;
use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;

use crate::config::Address;

/// How alike two names have to be to be taken for one that was mistyped: `shpo.sock` and `shop.sock` are,
/// `shop.sock` and `blog.sock` are not.
const ALIKE: f64 = 0.85;

/// A version, as in `php8.2-fpm.sock`. Other numbers tell sites apart: `web1.sock` is not `web2.sock`.
static VERSION: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\d+\.\d+").expect("the pattern is one"));

/// Of several addresses the one that was most likely meant. One that others use already is not, unless it is
/// a slip or another version of it.
pub(super) fn nearest<'c, T>(
    meant: &Address,
    candidates: impl IntoIterator<Item = (&'c Comparable<'c>, bool, T)>,
) -> Option<T> {
    let meant = Comparable::new(meant);
    let scored = candidates
        .into_iter()
        .filter_map(|(candidate, is_used, of)| {
            let score = meant.likeness(candidate, is_used);
            (score >= ALIKE).then_some((score, of))
        });
    let best = scored.max_by(|(one, _), (other, _)| one.total_cmp(other));
    best.map(|(_, of)| of)
}

/// An address that is compared with many: of sites and pools there can be thousands.
#[derive(Debug)]
pub(super) struct Comparable<'a> {
    pub address: &'a Address,
    name: Cow<'a, str>,
    letters: Letters,
    has_version: bool,
}

impl<'a> Comparable<'a> {
    pub fn new(address: &'a Address) -> Self {
        let name = match address {
            Address::Unix(path) => name(path),
            _ => Cow::default(),
        };
        Self {
            address,
            letters: Letters::of(&name),
            has_version: VERSION.is_match(&name),
            name,
        }
    }

    fn likeness(&self, other: &Self, is_used: bool) -> f64 {
        match (self.address, other.address) {
            (Address::Unix(_), Address::Unix(_)) => self.path(other, is_used),
            (Address::Inet(meant), Address::Inet(other)) => {
                // The same port elsewhere on this machine, or a slip in the port.
                let (port, other_port) = (meant.port().to_string(), other.port().to_string());
                if port == other_port {
                    1.0
                } else if !is_used
                    && meant.ip() == other.ip()
                    && strsim::osa_distance(&port, &other_port) == 1
                {
                    0.9
                } else {
                    0.0
                }
            }
            (Address::Inet(meant), Address::Port(port)) if meant.port() == *port => 1.0,
            _ => 0.0,
        }
    }

    fn path(&self, other: &Self, is_used: bool) -> f64 {
        if self.name == other.name {
            // Two sites may have a php.sock each, in folders of their own.
            return if is_used { 0.0 } else { 1.0 };
        }
        let is_letter = |letter: &char| !letter.is_ascii_digit();
        let letters = self.name.chars().filter(is_letter);
        if letters.eq(other.name.chars().filter(is_letter)) {
            let unversioned = |name| VERSION.replace_all(name, "*");
            let is_version =
                self.has_version && unversioned(&self.name) == unversioned(&other.name);
            return if is_version { 0.95 } else { 0.0 };
        }
        // The costly comparison only where it can come out.
        if self.letters.most_alike(&other.letters) < ALIKE {
            return 0.0;
        }
        let alike = |one: &str, other: &str| strsim::normalized_damerau_levenshtein(one, other);
        let names = alike(&self.name, &other.name);
        if names < ALIKE {
            return 0.0;
        }
        names.min(alike(&self.address.to_string(), &other.address.to_string()))
    }
}

fn name(path: &Path) -> Cow<'_, str> {
    path.file_name()
        .map_or(Cow::default(), |name| name.to_string_lossy())
}

/// How often a name has which letters, several letters being of one kind.
#[derive(Debug)]
struct Letters([u8; 32]);

impl Letters {
    fn of(name: &str) -> Self {
        let mut letters = [0u8; 32];
        for letter in name.chars() {
            let count = &mut letters[letter as usize % 32];
            *count = count.saturating_add(1);
        }
        Self(letters)
    }

    /// No distance of edits is smaller than what one name has too many.
    fn most_alike(&self, other: &Self) -> f64 {
        let (mut more, mut less, mut length, mut other_length) = (0, 0, 0, 0);
        for (&one, &other) in self.0.iter().zip(&other.0) {
            more += u32::from(one.saturating_sub(other));
            less += u32::from(other.saturating_sub(one));
            length += u32::from(one);
            other_length += u32::from(other);
        }
        let distance = more.max(less);
        1.0 - f64::from(distance) / f64::from(length.max(other_length).max(1))
    }
}

/// The name of a host that was most likely meant.
pub(super) fn nearest_name<'c>(
    meant: &str,
    names: impl IntoIterator<Item = &'c str>,
) -> Option<&'c str> {
    let scored = names
        .into_iter()
        .map(|name| (strsim::normalized_damerau_levenshtein(meant, name), name));
    let best = scored
        .filter(|(score, _)| *score >= 0.8)
        .max_by(|(one, _), (other, _)| one.total_cmp(other));
    best.map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alike(one: &Address, other: &Address, is_used: bool) -> bool {
        let candidate = Comparable::new(other);
        nearest(one, [(&candidate, is_used, ())]).is_some()
    }

    fn unix(path: &str) -> Address {
        Address::Unix(path.into())
    }

    #[test]
    fn slips_and_versions_are_near_and_other_names_are_not() {
        let pools = [
            unix("/run/php/php8.2-fpm.sock"),
            unix("/run/php/shop.sock"),
            unix("/run/php/blog.sock"),
        ];
        for (meant, expected) in [
            ("/run/php/php7.4-fpm.sock", Some(0)),
            ("/var/run/php/php8.2-fpm.sock", Some(0)),
            ("/run/php/php-fpm.sock", None),
            ("/run/php/shpo.sock", Some(1)),
            ("/run/shop.sock", Some(1)),
            ("/run/php/forum.sock", None),
        ] {
            let pools: Vec<_> = pools.iter().map(Comparable::new).collect();
            let candidates = pools.iter().enumerate().map(|(at, pool)| (pool, false, at));
            let found = nearest(&unix(meant), candidates);
            assert_eq!(found, expected, "{meant}");
        }
        let tcp = |text: &str| Address::Inet(text.parse().unwrap());
        let near = |one: &str, other: &str| alike(&tcp(one), &tcp(other), false);
        assert!(near("127.0.0.1:9000", "127.0.0.1:9001"));
        assert!(near("127.0.0.1:9000", "[::1]:9000"));
        assert!(!near("127.0.0.1:9000", "127.0.0.1:8080"));
    }

    #[test]
    fn another_sites_pool_is_not_near() {
        let other = unix("/srv/a/run/php.sock");
        let near = |meant: &str, other: &Address, is_used| alike(&unix(meant), other, is_used);
        assert!(near("/srv/b/run/php.sock", &other, false));
        assert!(!near("/srv/b/run/php.sock", &other, true));
        assert!(!near(
            "/run/php/site2.sock",
            &unix("/run/php/site1.sock"),
            false
        ));
        // Who mistypes one of two passes to a pool uses it with the other.
        assert!(near(
            "/run/php/shpo.sock",
            &unix("/run/php/shop.sock"),
            true
        ));
    }

    #[test]
    fn a_name_is_near_within_a_slip() {
        let names = ["localhost", "backend.test", "db"];
        assert_eq!(nearest_name("localhots", names), Some("localhost"));
        assert_eq!(nearest_name("bakend.test", names), Some("backend.test"));
        assert_eq!(nearest_name("cache.test", names), None);
    }
}
