use std::fmt::Display;
use std::io::Write;

use crate::record::Text;

use super::plain::are_plain;

/// A line of CSV (RFC 4180, but with a line feed alone at its end, as Unix programs write it).
///
/// What is absent is an empty field; an empty text is `""`. No text can act as a formula in a spreadsheet:
/// one that begins with `=`, `+`, `-`, `@`, a tab or a carriage return gets a `'` in front. So does one that
/// begins with `'`, and whoever takes one leading `'` away from every text has what stood there.
#[derive(Debug)]
pub struct CsvLine<'a> {
    out: &'a mut Vec<u8>,
    is_empty: bool,
}

impl<'a> CsvLine<'a> {
    /// A line that is appended to `out`.
    pub fn new(out: &'a mut Vec<u8>) -> Self {
        Self {
            out,
            is_empty: true,
        }
    }

    /// A text that came from outside.
    pub fn text(&mut self, text: Option<&str>) {
        self.bytes(text.map(|text| Text(text.as_bytes())));
    }

    /// A text that came from outside, UTF-8 or not.
    pub fn bytes(&mut self, text: Option<Text<'_>>) {
        self.separate();
        let Some(text) = text else { return };
        let apostrophe = match text.0.first() {
            Some(b'=' | b'+' | b'-' | b'@' | b'\t' | b'\r' | b'\'') => b"'".as_slice(),
            _ => b"",
        };
        if !text.0.is_empty() && are_plain(text.0, is_plain) {
            self.out.extend_from_slice(apostrophe);
            self.out.extend_from_slice(text.0);
            return;
        }
        let text = text.to_str();
        let needs_quotes = text.is_empty() || text.contains(['"', ',', '\n', '\r']);
        let quote = if needs_quotes { b"\"".as_slice() } else { b"" };
        self.out.extend_from_slice(quote);
        self.out.extend_from_slice(apostrophe);
        for part in text.as_bytes().split_inclusive(|&byte| byte == b'"') {
            self.out.extend_from_slice(part);
            if part.ends_with(b"\"") {
                self.out.push(b'"');
            }
        }
        self.out.extend_from_slice(quote);
    }

    /// A number, a time, a name of our own: nothing that needs quotes.
    pub fn plain(&mut self, value: Option<impl Display>) {
        self.separate();
        if let Some(value) = value {
            write!(self.out, "{value}").expect("writing to memory does not fail");
        }
    }

    /// The same, where the text of it is there already.
    pub fn word(&mut self, word: Option<&str>) {
        self.separate();
        self.out
            .extend_from_slice(word.unwrap_or_default().as_bytes());
    }

    /// The end of the line.
    pub fn end(self) {
        self.out.push(b'\n');
    }

    fn separate(&mut self) {
        if !self.is_empty {
            self.out.push(b',');
        }
        self.is_empty = false;
    }
}

/// Whether a byte is a character that needs no quotes.
fn is_plain(byte: u8) -> bool {
    (b' '..0x7F).contains(&byte) && byte != b'"' && byte != b','
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(texts: &[Option<&str>]) -> String {
        let mut out = Vec::new();
        let mut line = CsvLine::new(&mut out);
        texts.iter().for_each(|&text| line.text(text));
        line.end();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn absent_and_empty_differ_and_quotes_stand_where_they_must() {
        assert_eq!(
            line(&[Some("a"), None, Some(""), Some("b c")]),
            "a,,\"\",b c\n"
        );
        assert_eq!(
            line(&[Some("a,b"), Some("say \"hi\""), Some("two\r\nlines")]),
            "\"a,b\",\"say \"\"hi\"\"\",\"two\r\nlines\"\n"
        );
        let mut out = Vec::new();
        let mut numbers = CsvLine::new(&mut out);
        numbers.plain(Some(-1));
        numbers.plain(None::<u8>);
        numbers.word(Some("2"));
        numbers.word(None);
        numbers.end();
        assert_eq!(out, b"-1,,2,\n");
    }

    #[test]
    fn no_text_is_a_formula_and_all_can_be_had_back() {
        for begin in ["=", "+", "-", "@", "\t", "\r", "'", "''=", "a", " "] {
            let text = format!("{begin}cmd|' /C calc'!A0");
            let line = line(&[Some(&text)]);
            let field = line.trim_end_matches('\n').trim_matches('"');
            assert!(
                !field.starts_with(['=', '+', '-', '@', '\t', '\r']),
                "{line}"
            );
            assert_eq!(field.strip_prefix('\'').unwrap_or(field), text);
        }
    }
}
