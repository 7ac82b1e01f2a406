use std::io::Write;
use std::sync::LazyLock;

use crate::record::Text;
use crate::render::plain::are_plain;
use crate::render::safe::is_shown_as_escape;
use crate::rollup::Event;

use super::stamp::Stamp;
use super::{COLUMNS, Fields, Gather, Value};

/// Events as JSON, a line each. JSON escapes control characters, so no byte of a log can end a line; those
/// that it leaves as they are, and marks that turn the direction of writing, are escaped as well, so that
/// none acts on a terminal. For whoever reads JSON, the text is the same.
#[derive(Debug, Default)]
pub struct Ndjson {
    lines: Vec<u8>,
    stamp: Stamp,
}

/// What stands before each value.
static BEFORE: LazyLock<[String; COLUMNS.len()]> = LazyLock::new(|| {
    let mut mark = '{';
    COLUMNS.map(|column| {
        let mark = std::mem::replace(&mut mark, ',');
        format!("{mark}\"{}\":", column.name)
    })
});

impl Gather for Ndjson {
    type Piece = Vec<u8>;

    fn add(&mut self, event: &Event<'_>) {
        let lines = &mut self.lines;
        for (before, value) in BEFORE.iter().zip(Fields::new(event).values()) {
            lines.extend_from_slice(before.as_bytes());
            match value {
                Value::Time(Some(time)) => word(lines, self.stamp.text(time)),
                Value::Long(Some(number)) => digits(lines, number),
                Value::Int(Some(number)) => digits(lines, number),
                Value::Word(Some(name)) => word(lines, name),
                Value::Text(Some(bytes)) => text(lines, bytes),
                _ => lines.extend_from_slice(b"null"),
            }
        }
        lines.extend_from_slice(b"}\n");
    }

    fn finish(&mut self) {}

    fn piece(&self) -> &Vec<u8> {
        &self.lines
    }

    fn clear(&mut self) {
        self.lines.clear();
    }
}

fn digits(out: &mut Vec<u8>, number: impl itoa::Integer) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// A word of our own, in which nothing is to be escaped.
fn word(out: &mut Vec<u8>, word: &str) {
    out.push(b'"');
    out.extend_from_slice(word.as_bytes());
    out.push(b'"');
}

fn text(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'"');
    match are_plain(bytes, is_plain) {
        true => out.extend_from_slice(bytes),
        false => escape(out, &Text(bytes).to_str()),
    }
    out.push(b'"');
}

/// Whether a byte stands for itself in JSON, and is a character.
fn is_plain(byte: u8) -> bool {
    (b' '..0x7F).contains(&byte) && byte != b'"' && byte != b'\\'
}

fn escape(out: &mut Vec<u8>, text: &str) {
    let mut done = 0;
    for (at, character) in text.char_indices() {
        let name = match character {
            '"' | '\\' => character,
            '\n' => 'n',
            '\r' => 'r',
            '\t' => 't',
            '\u{8}' => 'b',
            '\u{c}' => 'f',
            ' '..='~' => continue,
            other if is_shown_as_escape(other) => 'u',
            _ => continue,
        };
        out.extend_from_slice(&text.as_bytes()[done..at]);
        out.extend_from_slice(&[b'\\', name as u8]);
        if name == 'u' {
            write!(out, "{:04x}", u32::from(character)).expect("writing to memory does not fail");
        }
        done = at + character.len_utf8();
    }
    out.extend_from_slice(&text.as_bytes()[done..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(bytes: &[u8]) -> String {
        let mut out = Vec::new();
        text(&mut out, bytes);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_acts_on_a_terminal_is_escaped_and_means_the_same() {
        let text = "a\u{7f}é\u{9b}2J\u{a0}\u{202e}b€\u{2066}\u{61c}\u{1b}\\";
        let json = json(text.as_bytes());
        assert_eq!(
            json,
            "\"a\\u007fé\\u009b2J\u{a0}\\u202eb€\\u2066\\u061c\\u001b\\\\\""
        );
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
    }

    #[test]
    fn every_character_comes_through_wherever_it_stands() {
        for character in ('\0'..='\u{ff}').chain(['\u{2028}', '\u{feff}', '\u{1f600}']) {
            for before in ["", "fifteen letters", "sixteen letters."] {
                let text = format!("{before}{character}\"");
                let json = json(text.as_bytes());
                assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
            }
        }
        assert_eq!(json(b"caf\xe9 \xff"), r#""caf\\xE9 \\xFF""#);
    }
}
