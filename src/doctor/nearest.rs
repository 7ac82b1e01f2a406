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
    candidates: impl IntoIterator<Item = (&'c Address, bool, T)>,
) -> Option<(&'c Address, T)> {
    let scored = candidates.into_iter().filter_map(|(address, is_used, of)| {
        let score = likeness(meant, address, is_used);
        (score >= ALIKE).then_some((score, address, of))
    });
    let best = scored.max_by(|(one, ..), (other, ..)| one.total_cmp(other));
    best.map(|(_, address, of)| (address, of))
}

fn likeness(meant: &Address, other: &Address, is_used: bool) -> f64 {
    match (meant, other) {
        (Address::Unix(meant), Address::Unix(other)) => paths(meant, other, is_used),
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

fn paths(meant: &Path, other: &Path, is_used: bool) -> f64 {
    let name = |path: &Path| {
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        name.unwrap_or_default()
    };
    let (meant_name, other_name) = (name(meant), name(other));
    if meant_name == other_name {
        // Two sites may have a php.sock each, in folders of their own.
        return if is_used { 0.0 } else { 1.0 };
    }
    let unversioned = |name: &str| VERSION.replace_all(name, "*").into_owned();
    if unversioned(&meant_name) == unversioned(&other_name) {
        return 0.95;
    }
    let letters = |name: &str| {
        name.chars()
            .filter(|letter| !letter.is_ascii_digit())
            .collect::<String>()
    };
    if letters(&meant_name) == letters(&other_name) {
        return 0.0;
    }
    let alike = |one: &str, other: &str| strsim::normalized_damerau_levenshtein(one, other);
    let whole = alike(&meant.to_string_lossy(), &other.to_string_lossy());
    whole.min(alike(&meant_name, &other_name))
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
            let found = nearest(
                &unix(meant),
                pools.iter().enumerate().map(|(at, pool)| (pool, false, at)),
            );
            assert_eq!(found.map(|(_, at)| at), expected, "{meant}");
        }
        let tcp = |text: &str| Address::Inet(text.parse().unwrap());
        let near = |one: &str, other: &str| likeness(&tcp(one), &tcp(other), false) >= ALIKE;
        assert!(near("127.0.0.1:9000", "127.0.0.1:9001"));
        assert!(near("127.0.0.1:9000", "[::1]:9000"));
        assert!(!near("127.0.0.1:9000", "127.0.0.1:8080"));
    }

    #[test]
    fn another_sites_pool_is_not_near() {
        let other = unix("/srv/a/run/php.sock");
        let near =
            |meant: &str, other: &Address, is_used| likeness(&unix(meant), other, is_used) >= ALIKE;
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
