//! What the documentation says of settings: a table, which is part of the program.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

/// A setting of NGINX, PHP-FPM or the system, as its documentation has it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Fact {
    /// Its name; where several have the same, what it belongs to stands behind it: `listen (pool)`.
    pub name: String,
    /// `nginx`, `php-fpm`, `php`, `linux`, `systemd`, `selinux`
    pub of: String,
    /// Where it may stand.
    pub r#where: String,
    /// What is in force without it.
    pub default: String,
    /// The version with which it came, where that matters.
    pub since: Option<String>,
    /// What it does.
    pub means: String,
    /// Its documentation.
    pub url: String,
}

#[derive(Deserialize)]
struct File {
    directive: Vec<Fact>,
}

static FACTS: LazyLock<Vec<Fact>> = LazyLock::new(|| {
    let file: File = toml::from_str(include_str!("directives.toml")).expect("a test reads it");
    file.directive
});

/// All settings that are known.
pub fn facts() -> &'static [Fact] {
    &FACTS
}

/// What is known of a setting.
pub fn fact(name: &str) -> Option<&'static Fact> {
    FACTS.iter().find(|fact| fact.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_in_order_and_have_one_entry_each() {
        let keys: Vec<_> = facts().iter().map(|fact| (&fact.of, &fact.name)).collect();
        assert!(keys.windows(2).all(|pair| pair[0] < pair[1]));
        for fact in facts() {
            let twins = facts()
                .iter()
                .filter(|other| other.name == fact.name)
                .count();
            assert_eq!(twins, 1, "{}", fact.name);
            assert!(
                fact.url.starts_with("https://") && !fact.default.is_empty(),
                "{}",
                fact.name
            );
        }
    }

    #[test]
    fn what_the_doctor_takes_for_granted_stands_in_the_table() {
        for (name, default) in [
            ("fastcgi_read_timeout", "60s"),
            ("proxy_read_timeout", "60s"),
            ("worker_connections", "512"),
            ("keepalive_timeout (upstream)", "60s"),
            ("keepalive_timeout (http)", "75s"),
        ] {
            let found = &fact(name).unwrap().default;
            assert_eq!(found.split(';').next(), Some(default), "{name}");
        }
    }
}
