use std::fmt::{self, Write};

use serde::Serialize;

use crate::config::directives::{Fact, fact};
use crate::taxonomy::{Class, Explanation, Mention};

use super::classes::cell;
use super::wrap::Wrap;

/// What an operator has to know about a class, on a terminal, in Markdown or as JSON.
#[derive(Debug)]
pub struct Explained {
    class: Class,
    explanation: Option<&'static Explanation>,
}

/// The same for programs.
#[derive(Serialize)]
struct Json<'a> {
    class: &'static str,
    kind: &'static str,
    status: Option<u16>,
    meaning: &'static str,
    #[serde(flatten)]
    explanation: Option<&'a Explanation>,
    /// What is known of the settings that the explanation names.
    settings: Vec<&'static Fact>,
}

impl Explained {
    /// An operator's own class has a meaning and no more.
    pub fn new(class: Class) -> Self {
        Self {
            class,
            explanation: class.explanation(),
        }
    }

    fn settings(&self) -> impl Iterator<Item = (&Mention, Option<&'static Fact>)> {
        let mentions = self
            .explanation
            .iter()
            .flat_map(|explanation| &explanation.directives);
        mentions.map(|mention| (mention, fact(&mention.name)))
    }

    /// `502 if no other server takes over`
    fn status(&self) -> String {
        match self.class.status() {
            Some(status) => format!("the client gets {status} if no other server takes over"),
            None => "no status of its own".to_owned(),
        }
    }

    /// One object.
    pub fn json(&self) -> String {
        let json = Json {
            class: self.class.name(),
            kind: self.class.kind().letter(),
            status: self.class.status(),
            meaning: self.class.meaning(),
            explanation: self.explanation,
            settings: self.settings().filter_map(|(_, fact)| fact).collect(),
        };
        let mut text =
            serde_json::to_string_pretty(&json).expect("writing to memory does not fail");
        text.push('\n');
        text
    }

    /// A page for a wiki or an issue.
    pub fn markdown(&self) -> String {
        let mut page = String::new();
        self.write_markdown(&mut page)
            .expect("writing to memory does not fail");
        page
    }

    fn write_markdown(&self, out: &mut String) -> fmt::Result {
        let class = self.class;
        writeln!(
            out,
            "# {class}\n\n{}; {}.\n",
            sentence(class.meaning()),
            self.status()
        )?;
        let Some(explanation) = &self.explanation else {
            return Ok(());
        };
        writeln!(out, "{}\n", explanation.happened.trim())?;
        writeln!(out, "In the error log: `{}`\n", explanation.logged)?;
        writeln!(
            out,
            "First: `{}`\n\n## Causes, the likeliest first\n",
            explanation.first
        )?;
        for (at, cause) in explanation.causes.iter().enumerate() {
            writeln!(out, "{}. {}\n", at + 1, cause.what.trim())?;
            writeln!(out, "   ```sh\n   {}\n   ```\n", cause.confirm)?;
            writeln!(out, "   Shows: {}\n", cause.shows.trim())?;
            writeln!(out, "   Fix: {}\n", cause.fix.trim())?;
        }
        writeln!(
            out,
            "## Settings\n\n| setting | default | why |\n|---|---|---|"
        )?;
        for (mention, fact) in self.settings() {
            let name = match fact {
                Some(fact) => format!("[{}]({})", mention.name, fact.url),
                None => mention.name.clone(),
            };
            let default = fact.map_or("", |fact| fact.default.as_str());
            writeln!(
                out,
                "| {name} | {} | {} |",
                cell(default),
                cell(&mention.why)
            )?;
        }
        let visitor = &explanation.visitor;
        writeln!(
            out,
            "\n## Visitors\n\n- What they see: {}",
            visitor.sees.trim()
        )?;
        writeln!(out, "- What they can do: {}", visitor.can.trim())?;
        writeln!(out, "- With a CDN: {}\n\n## Sources\n", visitor.cdn.trim())?;
        for source in &explanation.sources {
            writeln!(out, "- [{}]({}): {}", source.name, source.url, source.says)?;
        }
        Ok(())
    }
}

impl fmt::Display for Explained {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let class = self.class;
        let wrap = Wrap::columns(80);
        writeln!(out, "{class}")?;
        wrap.paragraph(
            out,
            &format!("{}; {}.", sentence(class.meaning()), self.status()),
        )?;
        let Some(explanation) = &self.explanation else {
            return Ok(());
        };
        writeln!(out)?;
        wrap.paragraph(out, explanation.happened.trim())?;
        writeln!(out)?;
        wrap.hanging(out, "Logged  ", &explanation.logged)?;
        wrap.command(out, "First   $ ", &explanation.first)?;
        writeln!(out, "\nCAUSES, the likeliest first")?;
        for (at, cause) in explanation.causes.iter().enumerate() {
            writeln!(out)?;
            wrap.hanging(out, &format!("{}. ", at + 1), cause.what.trim())?;
            wrap.command(out, "   $ ", &cause.confirm)?;
            wrap.hanging(out, "   Shows  ", cause.shows.trim())?;
            wrap.hanging(out, "   Fix    ", cause.fix.trim())?;
        }
        writeln!(out, "\nSETTINGS\n")?;
        for (mention, fact) in self.settings() {
            let default =
                fact.map_or_else(String::new, |fact| format!(" (default: {})", fact.default));
            wrap.hanging(
                out,
                "- ",
                &format!("{}{default}: {}", mention.name, mention.why),
            )?;
        }
        let visitor = &explanation.visitor;
        writeln!(out, "\nVISITORS\n")?;
        wrap.hanging(out, "See      ", visitor.sees.trim())?;
        wrap.hanging(out, "Can do   ", visitor.can.trim())?;
        wrap.hanging(out, "CDN      ", visitor.cdn.trim())?;
        writeln!(out, "\nSOURCES\n")?;
        for source in &explanation.sources {
            wrap.hanging(out, "- ", &format!("{}: {}", source.name, source.says))?;
            writeln!(out, "  {}", source.url)?;
        }
        if self.has_placeholders() {
            writeln!(out)?;
            let words = "Words in capitals stand for what is yours: SERVICE for a unit such as php8.2-fpm, ADDRESS, HOST, PORT and \
                         SOCKET for the peer, ERROR_LOG for NGINX's error log.";
            wrap.paragraph(out, words)?;
        }
        Ok(())
    }
}

impl Explained {
    fn has_placeholders(&self) -> bool {
        let commands = self.explanation.iter().flat_map(|explanation| {
            let confirms = explanation.causes.iter().map(|cause| &cause.confirm);
            confirms.chain([&explanation.first])
        });
        let names = crate::taxonomy::PLACEHOLDERS;
        commands
            .into_iter()
            .any(|command| names.iter().any(|(name, _)| command.contains(name)))
    }
}

/// With a capital letter.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters
        .next()
        .map(|letter| letter.to_uppercase().collect::<String>());
    first.unwrap_or_default() + letters.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_that_is_named_is_known() {
        let missing: Vec<_> = Class::ALL
            .iter()
            .flat_map(|&class| {
                let explained = Explained::new(class);
                let missing = explained.settings().filter(|(_, fact)| fact.is_none());
                missing
                    .map(|(mention, _)| format!("{class}: {}", mention.name))
                    .collect::<Vec<_>>()
            })
            .collect();
        assert_eq!(missing, Vec::<String>::new());
    }

    #[test]
    fn only_commands_and_addresses_are_wider_than_a_terminal() {
        for &class in Class::ALL {
            for line in Explained::new(class).to_string().lines() {
                let text = line.trim_start();
                // What a command has in quotes, or an address, is not broken.
                let is_whole = text.starts_with("http")
                    || !text.trim_start_matches("$ ").contains(' ')
                    || text.contains(['\'', '"']);
                assert!(is_whole || line.chars().count() <= 80, "{class}: {line}");
            }
        }
    }
}
