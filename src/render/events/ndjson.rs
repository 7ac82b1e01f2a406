use std::str;

use memchr::memchr3_iter;

use crate::render::safe::is_shown_as_escape;
use crate::rollup::Event;

use super::{Fields, Gather};

/// Events as JSON, a line each. JSON escapes control characters, so no byte of a log can end a line; those
/// that it leaves as they are, and marks that turn the direction of writing, are escaped as well, so that
/// none acts on a terminal. For whoever reads JSON, the text is the same.
#[derive(Debug, Default)]
pub struct Ndjson(Vec<u8>);

impl Gather for Ndjson {
    type Piece = Vec<u8>;

    fn add(&mut self, event: &Event<'_>) {
        serde_json::to_writer(&mut self.0, &Fields::new(event))
            .expect("writing to memory does not fail");
        self.0.push(b'\n');
    }

    fn finish(self) -> Vec<u8> {
        inert(self.0)
    }
}

/// JSON whose texts hold nothing that acts on a terminal. Outside of texts there is nothing to be found.
fn inert(json: Vec<u8>) -> Vec<u8> {
    // DEL, and what the other controls and the marks begin with in UTF-8.
    let acting = memchr3_iter(0x7F, 0xC2, 0xE2, &json).filter_map(|at| {
        let length = match json[at] {
            0x7F => 1,
            0xC2 => 2,
            _ => 3,
        };
        let character = str::from_utf8(json.get(at..at + length)?)
            .ok()?
            .chars()
            .next()?;
        is_shown_as_escape(character).then_some((at, at + length, character))
    });
    let mut acting = acting.peekable();
    if acting.peek().is_none() {
        return json;
    }
    let mut escaped = Vec::with_capacity(json.len() + json.len() / 8);
    let mut done = 0;
    for (begin, end, character) in acting {
        escaped.extend_from_slice(&json[done..begin]);
        escaped.extend_from_slice(format!("\\u{:04x}", u32::from(character)).as_bytes());
        done = end;
    }
    escaped.extend_from_slice(&json[done..]);
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_on_a_terminal_is_escaped_and_means_the_same() {
        let text = "a\u{7f}é\u{9b}2J\u{a0}\u{202e}b€\u{2066}\u{1b}\\";
        let json = serde_json::to_string(text).unwrap();
        let inert = String::from_utf8(inert(json.into_bytes())).unwrap();
        assert_eq!(
            inert,
            "\"a\\u007fé\\u009b2J\u{a0}\\u202eb€\\u2066\\u001b\\\\\""
        );
        assert_eq!(serde_json::from_str::<String>(&inert).unwrap(), text);
    }
}
