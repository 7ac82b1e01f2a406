use std::fmt::{self, Write};

/// Text for a terminal: control characters, which could move the cursor, change colours or worse,
/// and the marks that turn the direction of writing, are shown as escapes.
#[derive(Debug, Clone, Copy)]
pub struct Safe<T>(pub T);

impl<T: fmt::Display> fmt::Display for Safe<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Escape(out), "{}", self.0)
    }
}

struct Escape<'a, 'b>(&'a mut fmt::Formatter<'b>);

impl Write for Escape<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            if is_shown_as_escape(character) {
                write!(self.0, "{}", character.escape_default())?;
            } else {
                self.0.write_char(character)?;
            }
        }
        Ok(())
    }
}

/// Whether a character could act on a terminal.
pub(super) fn is_shown_as_escape(character: char) -> bool {
    let turns_direction = matches!(character, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    character.is_control() || turns_direction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_acts_on_the_terminal() {
        let hostile = "a\x1b[31mb\r\n\u{9b}2J\u{202e}c\u{7f}é";
        let shown = Safe(hostile).to_string();
        assert_eq!(shown, "a\\u{1b}[31mb\\r\\n\\u{9b}2J\\u{202e}c\\u{7f}é");
    }
}
