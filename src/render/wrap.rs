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

    /// A line that is to be typed or copied, and is not broken.
    pub fn unbroken(self, out: &mut impl Write, label: &str, text: &str) -> fmt::Result {
        writeln!(out, "{label}{}", Safe(text))
    }
}
