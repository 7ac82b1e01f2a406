use std::collections::HashMap;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::taxonomy::{Class, PLACEHOLDERS};

use super::shell::is_word;

/// What is known of the machine whose log was read, to fill the placeholders of commands.
#[derive(Debug, Default, Clone)]
pub struct Site {
    /// The service behind a peer: `php8.2-fpm` behind `unix:/run/php/shop.sock`.
    pub services: HashMap<String, String>,
    /// The log, if it is only one.
    pub log: Option<String>,
}

/// What a command is to look into.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// What happened.
    pub class: Class,
    /// The peer to which it happened most.
    pub peer: Option<&'a str>,
    /// The site to which it happened most.
    pub server: Option<&'a str>,
}

/// A [placeholder](crate::taxonomy::PLACEHOLDERS), as a word of its own.
static PLACEHOLDER: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\b[A-Z]+(_[A-Z]+)*\b").expect("the pattern is one"));

impl Site {
    /// The first thing to type about a case: of the commands that its class is explained with, the first
    /// in which nothing is left to be filled in.
    pub fn first_step(&self, case: &Case<'_>) -> Option<String> {
        let explanation = case.class.explanation()?;
        let first = self.filled(&explanation.first, case);
        let confirms = explanation
            .causes
            .iter()
            .map(|cause| self.filled(&cause.confirm, case));
        let mut whole = std::iter::once(first.clone())
            .chain(confirms)
            .filter(|(_, is_whole)| *is_whole);
        Some(whole.next().unwrap_or(first).0)
    }

    /// A command with its placeholders filled in, and whether none is left.
    fn filled(&self, command: &str, case: &Case<'_>) -> (String, bool) {
        let mut is_whole = true;
        let filled = PLACEHOLDER.replace_all(command, |word: &Captures<'_>| {
            let word = &word[0];
            if !PLACEHOLDERS.iter().any(|(name, _)| *name == word) {
                return word.to_owned();
            }
            // Names in a log may be a stranger's.
            let value = self.value(word, case).filter(|value| is_word(value));
            value.unwrap_or_else(|| {
                is_whole = false;
                word.to_owned()
            })
        });
        (filled.into_owned(), is_whole)
    }

    fn value(&self, placeholder: &str, case: &Case<'_>) -> Option<String> {
        let peer = case.peer;
        let socket = peer.and_then(|peer| peer.strip_prefix("unix:"));
        let address = peer.filter(|_| socket.is_none());
        let part = |part: fn((&str, &str)) -> String| address?.rsplit_once(':').map(part);
        match placeholder {
            "ADDRESS" => address.map(str::to_owned),
            "HOST" => part(|(host, _)| host.trim_matches(['[', ']']).to_owned()),
            "PORT" => part(|(_, port)| port.to_owned()),
            "SOCKET" => socket.map(str::to_owned),
            "SERVICE" => self
                .services
                .get(peer?)
                .cloned()
                .or_else(|| packaged(socket?)),
            "SERVER_NAME" => case.server.map(str::to_owned),
            "ERROR_LOG" => self.log.clone(),
            _ => None,
        }
    }
}

/// The service whose socket this is by its name, as Debian's packages have it.
fn packaged(socket: &str) -> Option<String> {
    let name = socket.rsplit('/').next()?.strip_suffix(".sock")?;
    let version = name.strip_prefix("php")?.strip_suffix("-fpm")?;
    let is_version = !version.is_empty()
        && version
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.');
    is_version.then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(class: Class, peer: &str, site: &Site) -> String {
        let case = Case {
            class,
            peer: Some(peer),
            server: Some("shop.example"),
        };
        site.first_step(&case).unwrap()
    }

    #[test]
    fn commands_name_what_is_known() {
        let mut site = Site::default();
        let refused = |peer: &str, site: &Site| step(Class::ConnectRefused, peer, site);
        assert_eq!(refused("127.0.0.1:9000", &site), "ss -ltnp");
        assert_eq!(
            refused("unix:/run/php/php8.2-fpm.sock", &site),
            "systemctl status php8.2-fpm"
        );
        site.services
            .insert("127.0.0.1:9000".to_owned(), "php-fpm".to_owned());
        assert_eq!(refused("127.0.0.1:9000", &site), "systemctl status php-fpm");
        site.log = Some("/var/log/nginx/error.log".to_owned());
        let slow = step(Class::ResponseTimeout, "127.0.0.1:9000", &site);
        assert!(slow.contains(" /var/log/nginx/error.log |"), "{slow}");
        let certificate = step(Class::TlsCertificateRejected, "[2001:db8::1]:443", &site);
        assert!(
            certificate.starts_with(
                "openssl s_client -connect [2001:db8::1]:443 -servername shop.example "
            ),
            "{certificate}"
        );
    }

    #[test]
    fn strangers_do_not_write_commands() {
        let site = Site::default();
        for peer in [
            "unix:/run/$(reboot)",
            "unix:/run/a b",
            "unix:/run/a;b",
            "unix:/run/'",
            "unix:-x",
        ] {
            let step = step(Class::ConnectDenied, peer, &site);
            assert!(!step.contains(peer.trim_start_matches("unix:")), "{step}");
        }
    }
}
