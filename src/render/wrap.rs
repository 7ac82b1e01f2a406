use std::fmt::{self, Write};

use textwrap::{Options, WordSplitter, wrap};

use super::Safe;

/// Paragraphs of a width. What a log or a file says is made safe for a terminal.
#[derive(Debug, Clone, Copy)]
pub struct Wrap {
    columns: usize,
}

impl Wrap {
    /// Lines of at most so many columns, but for words that are longer.
    pub const fn columns(columns: usize) -> Self {
        Self { columns }
    }

    /// A paragraph.
    pub fn paragraph(self, out: &mut impl Write, text: &str) -> fmt::Result {
        self.hanging(out, "", text)
    }

    /// A paragraph behind a label; later lines stand below its first word.
    pub fn hanging(self, out: &mut impl Write, label: &str, text: &str) -> fmt::Result {
        let indent = " ".repeat(label.chars().count());
        let options = Options::new(self.columns)
            .initial_indent(label)
            .subsequent_indent(&indent)
            .word_splitter(WordSplitter::NoHyphenation)
            .break_words(false);
        for line in wrap(&Safe(text).to_string(), options) {
            writeln!(out, "{line}")?;
        }
        Ok(())
    }

    /// A command that can be typed or copied as it stands: where it is too long it goes on behind a backslash,
    /// but what is quoted is not broken.
    pub fn command(self, out: &mut impl Write, label: &str, command: &str) -> fmt::Result {
        let indent = " ".repeat(label.chars().count());
        let command = Safe(command).to_string();
        let mut line = label.to_owned();
        let mut is_empty = true;
        for word in words(&command) {
            // The blank and the backslash that may follow take room as well.
            if !is_empty && line.chars().count() + word.chars().count() + 3 > self.columns {
                writeln!(out, "{line} \\")?;
                line = format!("{indent}  {word}");
            } else {
                if !is_empty {
                    line.push(' ');
                }
                line.push_str(word);
            }
            is_empty = false;
        }
        writeln!(out, "{line}")
    }

    /// A line that is to be copied, and is not broken.
    pub fn unbroken(self, out: &mut impl Write, label: &str, text: &str) -> fmt::Result {
        writeln!(out, "{label}{}", Safe(text))
    }
}

/// The words of a command, quotes and what they hold together.
fn words(command: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut begin = 0;
    let mut quote = None;
    let mut letters = command.char_indices();
    while let Some((at, letter)) = letters.next() {
        match (quote, letter) {
            (None | Some('"'), '\\') => {
                letters.next();
            }
            (None, '\'' | '"') => quote = Some(letter),
            (Some(open), _) if open == letter => quote = None,
            (None, ' ') => {
                words.push(&command[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    words.push(&command[begin..]);
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_command_is_the_same_command() {
        for command in [
            "grep -a 'timed out.*while reading' /var/log/nginx/error.log | grep -ao 'request: \"[^?\"]*' | sort | uniq -c",
            r"chmod o+x '/srv/it'\''s a folder with a long name' \' && ls -l '/srv/it'\''s a b c d e f g h i j'",
        ] {
            for columns in 20..130 {
                let mut text = String::new();
                Wrap::columns(columns)
                    .command(&mut text, "    $ ", command)
                    .unwrap();
                let joined = text
                    .replace("\\\n", "")
                    .split_whitespace()
                    .collect::<Vec<_>>()
                    .join(" ");
                assert_eq!(joined, format!("$ {command}"), "{text}");
                // What is quoted stays on its line.
                let is_whole = |line: &str| {
                    line.replace(r"\'", "")
                        .matches('\'')
                        .count()
                        .is_multiple_of(2)
                };
                assert!(text.lines().all(is_whole), "{text}");
                if columns > 60 {
                    assert!(
                        text.lines().all(|line| line.chars().count() <= columns),
                        "{text}"
                    );
                }
            }
        }
    }
}
