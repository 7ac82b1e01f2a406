use std::env;
use std::io;

use anstream::{AutoStream, ColorChoice};
use clap::Args;

use crate::render::report::Style;

use super::output::Out;

/// How what people read looks.
#[derive(Debug, Args)]
pub(super) struct Look {
    /// Draw bars and marks with ASCII characters.
    ///
    /// By default that is so where LC_ALL, LC_CTYPE or LANG does not name UTF-8, and on the Linux console, whose font
    /// lacks the others.
    #[arg(long, help_heading = "Output")]
    ascii: bool,
}

/// As wide as mails and issues show.
const COLUMNS: usize = 80;

impl Look {
    /// The style for an output. Colour is for terminals, unless `NO_COLOR`, `CLICOLOR`, `CLICOLOR_FORCE` or `TERM` say
    /// otherwise.
    pub(super) fn style(&self, out: &Out, everything: bool) -> Style {
        Style {
            colour: out.is_stdout() && AutoStream::choice(&io::stdout()) != ColorChoice::Never,
            unicode: !self.ascii && is_unicode(|name| env::var(name).ok()),
            columns: COLUMNS,
            everything,
        }
    }
}

/// Whether the environment says that characters are UTF-8, and drawn.
fn is_unicode(variable: impl Fn(&str) -> Option<String>) -> bool {
    let named = |name: &&str| variable(name).filter(|value| !value.is_empty());
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(named);
    let locale = locale.unwrap_or_default().to_ascii_lowercase();
    let is_console = variable("TERM").is_some_and(|name| name == "linux");
    (locale.contains("utf-8") || locale.contains("utf8")) && !is_console
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(variables: &[(&str, &str)]) -> bool {
        is_unicode(|name| {
            let found = variables.iter().find(|(other, _)| *other == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_first_locale_that_is_set_decides() {
        assert!(with(&[("LANG", "de_DE.UTF-8")]));
        assert!(with(&[
            ("LC_ALL", ""),
            ("LC_CTYPE", "C.utf8"),
            ("LANG", "C")
        ]));
        assert!(!with(&[("LC_ALL", "C"), ("LANG", "de_DE.UTF-8")]));
        assert!(!with(&[("LANG", "de_DE.ISO-8859-1")]));
        assert!(!with(&[]));
    }

    #[test]
    fn the_console_of_linux_gets_ascii() {
        assert!(!with(&[("LANG", "C.UTF-8"), ("TERM", "linux")]));
        assert!(with(&[("LANG", "C.UTF-8"), ("TERM", "dumb")]));
    }
}
