use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use super::Class;

/// What an operator has to know about a class: what happened, why, how to find out, what to do.
///
/// Commands name what they are about in capitals; see [`PLACEHOLDERS`].
///
/// ```
/// use badgateway::taxonomy::Class;
/// let explanation = Class::ConnectRefused.explanation().unwrap();
/// assert_eq!(explanation.causes[0].confirm, "systemctl status SERVICE");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Explanation {
    /// What went on between NGINX and the upstream.
    pub happened: String,
    /// How the message in the error log begins, as a rule.
    pub logged: String,
    /// The first thing to type.
    pub first: String,
    /// The likeliest first.
    #[serde(rename(deserialize = "cause"))]
    pub causes: Vec<Cause>,
    /// What in the configurations matters.
    #[serde(rename(deserialize = "directive"))]
    pub directives: Vec<Mention>,
    /// The other end.
    pub visitor: Visitor,
    /// Where the facts are from.
    #[serde(rename(deserialize = "source"))]
    pub sources: Vec<Source>,
}

/// Why events of a class happen.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Cause {
    /// The cause.
    pub what: String,
    /// The command that tells whether it is this one.
    pub confirm: String,
    /// What the command shows then.
    pub shows: String,
    /// What to do about it.
    pub fix: String,
}

/// A setting, and what it has to do with a class.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Mention {
    /// Its name in the table of settings.
    pub name: String,
    /// What it has to do with the class.
    pub why: String,
}

/// What it looks like from outside.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Visitor {
    /// What the browser shows.
    pub sees: String,
    /// What helps on the visitor's side.
    pub can: String,
    /// What a CDN such as Cloudflare makes of it.
    pub cdn: String,
}

/// Documentation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// What is to be found there.
    pub says: String,
    /// The document, and the section.
    pub name: String,
    /// Where it is.
    pub url: String,
}

/// What stands in commands for what the program may know better, and what it means.
pub const PLACEHOLDERS: &[(&str, &str)] = &[
    ("ADDRESS", "the peer, host and port"),
    ("HOST", "the peer's host"),
    ("PORT", "the peer's port"),
    ("SOCKET", "the path of the unix socket"),
    ("SERVICE", "the service's unit, such as php8.2-fpm"),
    ("POOL", "the PHP-FPM pool"),
    ("ERROR_LOG", "NGINX's error log"),
    ("SERVER_NAME", "the site"),
    ("URL", "a page of the site"),
];

impl Class {
    /// What to know about it; `None` for the operator's own classes.
    pub fn explanation(self) -> Option<&'static Explanation> {
        /// In the order of the classes; each is read when it is asked for first.
        static READ: [OnceLock<Explanation>; Class::ALL.len()] =
            [const { OnceLock::new() }; Class::ALL.len()];
        let text = self.explained()?;
        let at = Self::ALL.iter().position(|class| *class == self)?;
        let read = || toml::from_str(text).expect("a test reads all of them");
        Some(READ[at].get_or_init(read))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::process::Command;

    use super::*;

    fn all() -> impl Iterator<Item = (Class, &'static Explanation)> {
        Class::ALL
            .iter()
            .map(|&class| (class, class.explanation().unwrap()))
    }

    #[test]
    fn every_class_is_explained_whole() {
        for (class, explanation) in all() {
            let Explanation {
                happened,
                logged,
                first,
                causes,
                directives,
                visitor,
                sources,
            } = &explanation;
            assert!(happened.len() > 200, "{class}: what happened");
            assert!(
                logged.len() > 10 && first.len() > 5,
                "{class}: logged, first"
            );
            assert!(
                (2..=5).contains(&causes.len()),
                "{class}: {} causes",
                causes.len()
            );
            assert!(
                (2..=8).contains(&directives.len()),
                "{class}: {} directives",
                directives.len()
            );
            assert!(
                (2..=6).contains(&sources.len()),
                "{class}: {} sources",
                sources.len()
            );
            let Visitor { sees, can, cdn } = visitor;
            for (what, text) in [("sees", sees), ("can", can), ("cdn", cdn)] {
                assert!(text.len() > 15, "{class}: visitor.{what}");
            }
            for Cause {
                what,
                confirm,
                shows,
                fix,
            } in causes
            {
                assert!(
                    what.len() > 30 && confirm.len() > 5 && shows.len() > 5 && fix.len() > 25,
                    "{class}: {what}"
                );
                assert!(!confirm.contains('\n'), "{class}: one command: {confirm}");
            }
            let mut seen = HashSet::new();
            for Source { url, .. } in sources {
                assert!(url.starts_with("https://"), "{class}: {url}");
                assert!(seen.insert(url), "{class}: {url} twice");
            }
        }
    }

    #[test]
    fn no_sentence_is_said_twice() {
        let mut seen = HashSet::new();
        for (class, explanation) in all() {
            let causes = explanation
                .causes
                .iter()
                .flat_map(|cause| [&cause.what, &cause.fix]);
            let Visitor { sees, can, cdn } = &explanation.visitor;
            let texts = causes.chain([&explanation.happened, sees, can, cdn]);
            let sentences: HashSet<_> = texts
                .flat_map(|text| text.split(". "))
                .map(str::trim)
                .map(str::to_owned)
                .collect();
            for sentence in sentences.into_iter().filter(|sentence| sentence.len() > 60) {
                assert!(seen.insert(sentence.clone()), "{class}: {sentence}");
            }
        }
    }

    #[test]
    fn commands_are_commands() {
        for (class, explanation) in all() {
            let confirms = explanation.causes.iter().map(|cause| &cause.confirm);
            for command in confirms.chain([&explanation.first]) {
                let status = Command::new("bash")
                    .args(["-n", "-c", command])
                    .status()
                    .unwrap();
                assert!(status.success(), "{class}: {command}");
                let words =
                    command.split(|letter: char| !letter.is_ascii_uppercase() && letter != '_');
                for word in words.filter(|word| word.len() > 3 && !KNOWN_WORDS.contains(word)) {
                    let is_known = PLACEHOLDERS
                        .iter()
                        .any(|(placeholder, _)| *placeholder == word);
                    assert!(is_known, "{class}: {word} in {command}");
                }
            }
        }
    }

    /// Words in capitals that commands have of their own.
    const KNOWN_WORDS: &[&str] = &["NOTICE", "SCRIPT_FILENAME", "SSL_", "PEM_"];
}
