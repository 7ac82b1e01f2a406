use std::fmt;

use serde::Serialize;

use crate::taxonomy::Class;

use super::wrap::Wrap;

/// The list of classes.
#[derive(Debug)]
pub struct Classes(pub Vec<Class>);

#[derive(Serialize)]
struct Listed {
    class: &'static str,
    kind: &'static str,
    status: Option<u16>,
    meaning: &'static str,
}

impl Classes {
    /// One array.
    pub fn json(&self) -> String {
        let classes: Vec<_> = self
            .0
            .iter()
            .map(|class| Listed {
                class: class.name(),
                kind: class.kind().letter(),
                status: class.status(),
                meaning: class.meaning(),
            })
            .collect();
        let mut text =
            serde_json::to_string_pretty(&classes).expect("writing to memory does not fail");
        text.push('\n');
        text
    }

    /// A table.
    pub fn markdown(&self) -> String {
        let rows = self.0.iter().map(|class| {
            let status = class
                .status()
                .map_or_else(String::new, |status| status.to_string());
            let letter = class.kind().letter();
            format!(
                "| `{class}` | {letter} | {status} | {} |\n",
                cell(class.meaning())
            )
        });
        format!(
            "| class | kind | status | meaning |\n|---|---|---|---|\n{}",
            rows.collect::<String>()
        )
    }
}

impl fmt::Display for Classes {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wrap = Wrap::columns(80);
        for class in &self.0 {
            let status = class
                .status()
                .map_or_else(|| "-".to_owned(), |status| status.to_string());
            let label = format!(
                "{:24} {} {status:>3}  ",
                class.name(),
                class.kind().letter()
            );
            wrap.hanging(out, &label, class.meaning())?;
        }
        writeln!(out)?;
        wrap.paragraph(
            out,
            "F a failed attempt, W works but degraded, C the client's doing; the number is the status that the client gets if no \
             other server takes over. More: badgateway explain CLASS.",
        )
    }
}

/// Text for a cell of a Markdown table.
pub(super) fn cell(text: &str) -> String {
    text.trim().replace('|', "\\|").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_fits_a_terminal() {
        let list = Classes(Class::ALL.to_vec()).to_string();
        assert!(
            list.lines().all(|line| line.chars().count() <= 80),
            "{list}"
        );
    }
}
