use std::path::Path;

use crate::config::Address;

/// How alike two names have to be to be taken for one that was mistyped, or that has another version in
/// it. `php7.4-fpm.sock` and `php8.2-fpm.sock` are, `shop.sock` and `blog.sock` are not.
const ALIKE: f64 = 0.85;

/// Of several addresses the one that was most likely meant.
pub(super) fn nearest<'c, T>(
    meant: &Address,
    candidates: impl IntoIterator<Item = (&'c Address, T)>,
) -> Option<(&'c Address, T)> {
    let scored = candidates.into_iter().filter_map(|(address, of)| {
        let score = likeness(meant, address);
        (score >= ALIKE).then_some((score, address, of))
    });
    let best = scored.max_by(|(one, ..), (other, ..)| one.total_cmp(other));
    best.map(|(_, address, of)| (address, of))
}

fn likeness(one: &Address, other: &Address) -> f64 {
    match (one, other) {
        (Address::Unix(one), Address::Unix(other)) => paths(one, other),
        (Address::Inet(one), Address::Inet(other)) => {
            // The same port elsewhere on this machine, or a slip in the port.
            let (one_port, other_port) = (one.port().to_string(), other.port().to_string());
            if one.port() == other.port() {
                1.0
            } else if one.ip() == other.ip() && strsim::osa_distance(&one_port, &other_port) == 1 {
                0.9
            } else {
                0.0
            }
        }
        (Address::Inet(one), Address::Port(port)) if one.port() == *port => 1.0,
        _ => 0.0,
    }
}

/// Names count, and versions in them do not; a folder may be another.
fn paths(one: &Path, other: &Path) -> f64 {
    let name = |path: &Path| {
        path.file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default()
    };
    let (name, other_name) = (name(one), name(other));
    if name == other_name {
        return 1.0;
    }
    let bare = |name: &str| {
        name.chars()
            .filter(|letter| !letter.is_ascii_digit() && *letter != '.')
            .collect::<String>()
    };
    if bare(&name) == bare(&other_name) && name.contains(|letter: char| letter.is_ascii_digit()) {
        return 0.95;
    }
    let whole =
        strsim::normalized_damerau_levenshtein(&one.to_string_lossy(), &other.to_string_lossy());
    whole.min(strsim::normalized_damerau_levenshtein(&name, &other_name))
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
            ("/run/php/shpo.sock", Some(1)),
            ("/run/shop.sock", Some(1)),
            ("/run/php/forum.sock", None),
        ] {
            let found = nearest(
                &unix(meant),
                pools.iter().enumerate().map(|(at, pool)| (pool, at)),
            );
            assert_eq!(found.map(|(_, at)| at), expected, "{meant}");
        }
        let tcp = |text: &str| Address::Inet(text.parse().unwrap());
        let near = |one: &str, other: &str| likeness(&tcp(one), &tcp(other)) >= ALIKE;
        assert!(near("127.0.0.1:9000", "127.0.0.1:9001"));
        assert!(near("127.0.0.1:9000", "[::1]:9000"));
        assert!(!near("127.0.0.1:9000", "127.0.0.1:8080"));
    }

    #[test]
    fn a_name_is_near_within_a_slip() {
        let names = ["localhost", "backend.test", "db"];
        assert_eq!(nearest_name("localhots", names), Some("localhost"));
        assert_eq!(nearest_name("bakend.test", names), Some("backend.test"));
        assert_eq!(nearest_name("cache.test", names), None);
    }
}
