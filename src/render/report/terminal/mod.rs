//! A report on a terminal: what has to be known first stands first, and it ends before it is a wall.

mod change;
mod foot;
mod incidents;
mod pools;
mod strips;
mod style;
mod table;
mod tops;

use std::cell::Cell;
use std::fmt::{self, Write};

use anstyle::Style as Paint;
use textwrap::{Options, WordSplitter, wrap};

use crate::render::{Safe, plural};

use super::clock::Clock;
use super::document::Document;
use super::headline::headline;
use style::{CLEAN, FAILED, PLAIN, QUIET, STRONG};

pub use style::Style;

/// A report on a terminal. Times are those of the logs' zone, and no line is wider than asked for but for commands,
/// which stay as they are typed.
#[derive(Debug, Clone, Copy)]
pub struct Terminal<'a> {
    /// What to show.
    pub document: &'a Document,
    /// How.
    pub style: Style,
}

/// A report and how it is shown, for the sections.
#[derive(Debug)]
struct View<'a> {
    document: &'a Document,
    style: Style,
    clock: Clock,
    /// Whether a section had more to show.
    has_more: Cell<bool>,
}

impl fmt::Display for Terminal<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let view = View {
            document: self.document,
            style: self.style,
            clock: Clock::new(self.document),
            has_more: Cell::new(false),
        };
        view.headline(out)?;
        view.incidents(out)?;
        view.strips(out)?;
        view.pools(out)?;
        view.steps(out)?;
        view.change(out)?;
        view.tops(out)?;
        view.not_understood(out)?;
        view.read(out)
    }
}

impl View<'_> {
    fn headline(&self, out: &mut impl Write) -> fmt::Result {
        let mark = |name: &str| self.style.name(name, 40);
        let mut paint = match self.document.totals.failures {
            0 => CLEAN,
            _ => FAILED.bold(),
        };
        for sentence in headline(self.document, self.clock, &mark) {
            self.paragraph(out, paint, &sentence)?;
            paint = PLAIN;
        }
        Ok(())
    }

    /// The title of a section, behind an empty line.
    fn section(&self, out: &mut impl Write, title: &str, about: &str) -> fmt::Result {
        let about = self.style.cut(about, self.style.width() - title.len());
        let title = self.style.paint(STRONG, title);
        let about = self.style.paint(QUIET, &about);
        let line = format!("{title}{about}");
        writeln!(out, "\n{}", line.trim_end())
    }

    /// What a list leaves out.
    fn more(&self, out: &mut impl Write, left_out: usize, noun: &str) -> fmt::Result {
        match left_out as u64 {
            0 => Ok(()),
            left_out => {
                let words = format!("… and {}", plural(left_out, noun));
                let words = self.style.words(&words);
                writeln!(out, "  {}", self.style.paint(QUIET, &words))
            }
        }
    }

    /// Words of any length, later lines indented as far as `label` is long. A word that is too long is broken.
    fn hanging(&self, out: &mut impl Write, paint: Paint, label: &str, text: &str) -> fmt::Result {
        let indent = " ".repeat(label.len());
        let options = Options::new(self.style.width())
            .initial_indent(label)
            .subsequent_indent(&indent)
            .word_splitter(WordSplitter::NoHyphenation);
        for line in wrap(&Safe(text).to_string(), options) {
            writeln!(out, "{}", self.style.paint(paint, &line))?;
        }
        Ok(())
    }

    fn paragraph(&self, out: &mut impl Write, paint: Paint, text: &str) -> fmt::Result {
        self.hanging(out, paint, "", text)
    }

    /// The first few, or all, where everything was asked for.
    fn first<'b, T>(&self, all: &'b [T], few: usize) -> &'b [T] {
        if self.style.everything || all.len() <= few {
            return all;
        }
        self.has_more.set(true);
        &all[..few]
    }
}

#[cfg(test)]
mod tests;
