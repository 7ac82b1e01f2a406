use std::fmt;

use anstyle::{AnsiColor, Effects, Style as Paint};
use textwrap::core::display_width;

use crate::render::{Safe, Wrap};
use crate::taxonomy::Kind;

/// How a report looks on a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether severity is told by colour too.
    pub colour: bool,
    /// Whether bars and marks may be drawn with more than ASCII.
    pub unicode: bool,
    /// How wide it may be; at least 60 columns are taken.
    pub columns: usize,
    /// Everything that is known, where otherwise the worst is shown.
    pub everything: bool,
}

/// What stands out, and what stands back.
pub(super) const STRONG: Paint = Paint::new().bold();
pub(super) const QUIET: Paint = Paint::new().effects(Effects::DIMMED);
pub(super) const PLAIN: Paint = Paint::new();
pub(super) const CLEAN: Paint = AnsiColor::Green.on_default();
pub(super) const FAILED: Paint = AnsiColor::Red.on_default();
const DEGRADED: Paint = AnsiColor::Yellow.on_default();

/// The colour of a kind of events.
pub(super) const fn paint_of(kind: Kind) -> Paint {
    match kind {
        Kind::Failed => FAILED,
        Kind::Degraded => DEGRADED,
        Kind::Client => QUIET,
    }
}

impl Style {
    pub(super) fn width(self) -> usize {
        self.columns.max(60)
    }

    pub(super) fn wrap(self) -> Wrap {
        Wrap::columns(self.width())
    }

    /// Text in a colour. It must be [`Safe`] before: afterwards the colour would be shown as an escape.
    pub(super) fn paint(self, paint: Paint, text: &str) -> String {
        if self.colour && paint != PLAIN && !text.is_empty() {
            format!("{paint}{text}{paint:#}")
        } else {
            text.to_owned()
        }
    }

    /// Our own words, with as many characters as the terminal has.
    pub(super) fn words(self, text: &str) -> String {
        if self.unicode {
            text.to_owned()
        } else {
            text.replace('…', "...").replace('–', "-")
        }
    }

    /// A stranger's text of at most `width` columns, its end left out where it is longer.
    pub(super) fn name(self, text: impl fmt::Display, width: usize) -> String {
        match Safe(text).to_string().trim_end() {
            "" => self.cut("(empty)", width),
            text => self.cut(text, width),
        }
    }

    /// The same for what is safe already.
    pub(super) fn cut(self, text: &str, width: usize) -> String {
        // Marks without a width of their own are not to be had without end either.
        let most = width * 4;
        if display_width(text) <= width && text.chars().nth(most).is_none() {
            return text.to_owned();
        }
        let end = if self.unicode { "…" } else { "..." };
        let room = width.saturating_sub(display_width(end));
        let mut cut = String::new();
        let mut used = 0;
        for letter in text.chars().take(most) {
            used += display_width(letter.encode_utf8(&mut [0; 4]));
            if used > room {
                break;
            }
            cut.push(letter);
        }
        cut + end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STYLE: Style = Style {
        colour: true,
        unicode: true,
        columns: 80,
        everything: false,
    };

    #[test]
    fn names_are_cut_by_the_columns_they_take() {
        assert_eq!(STYLE.name("shop", 4), "shop");
        assert_eq!(STYLE.name("shopping", 5), "shop…");
        assert_eq!(STYLE.name("商店商店", 8), "商店商店");
        assert_eq!(STYLE.name("商店商店", 7), "商店商…");
        assert_eq!(STYLE.name("商店商店", 6), "商店…");
        let ascii = Style {
            unicode: false,
            ..STYLE
        };
        assert_eq!(ascii.name("shopping", 6), "sho...");
        assert_eq!(STYLE.name("  ", 10), "(empty)");
        let marks = "e\u{301}".to_owned() + &"\u{301}".repeat(10_000);
        assert!(STYLE.name(marks, 10).chars().count() <= 41);
    }

    #[test]
    fn colours_stand_around_text_only_where_they_are_asked_for() {
        assert_eq!(STYLE.paint(FAILED, "12"), "\u{1b}[31m12\u{1b}[0m");
        let plain = Style {
            colour: false,
            ..STYLE
        };
        assert_eq!(plain.paint(FAILED, "12"), "12");
    }
}
