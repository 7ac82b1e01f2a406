use std::fmt::{self, Write};

use askama::filters::{Escaper, Html};

use crate::render::Safe;
use crate::render::safe::is_shown_as_escape;

/// How the templates write text: what HTML gives a meaning is written as a reference to the character, and what
/// could turn the direction of writing or act in a terminal that the text is copied to is shown as an escape.
#[derive(Debug, Clone, Copy, Default)]
pub struct Inert;

impl Escaper for Inert {
    fn write_escaped_str<W: Write>(&self, out: W, text: &str) -> fmt::Result {
        if text.contains(is_shown_as_escape) {
            Html.write_escaped_str(out, &Safe(text).to_string())
        } else {
            Html.write_escaped_str(out, text)
        }
    }
}
