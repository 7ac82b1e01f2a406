//! Words, as `ngx_conf_read_token` cuts them (nginx `src/core/ngx_conf_file.c`).

use super::lua;

/// What one look at a file yields: words up to `;`, `{` or `}`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Statement {
    pub(super) words: Vec<String>,
    /// Where the first word begins; without words, where the end stands.
    pub(super) line: usize,
    pub(super) end: End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Semicolon,
    Open,
    Close,
    /// The file is over.
    File,
}

/// As NGINX says it.
const CUT: &str = "unexpected end of file, expecting \";\" or \"}\"";

/// A file on its way through.
pub(super) struct Words<'a> {
    text: &'a str,
    at: usize,
    line: usize,
    /// The first mistake, by its line. What follows from it is not worth telling.
    pub(super) fault: Option<(usize, String)>,
}

impl<'a> Words<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            line: 1,
            fault: None,
        }
    }

    /// Notes a mistake, unless there was one before.
    pub(super) fn blame(&mut self, line: usize, what: impl Into<String>) {
        self.fault.get_or_insert_with(|| (line, what.into()));
    }

    /// Where the reader is.
    pub(super) fn line(&self) -> usize {
        self.line
    }

    /// Skips the Lua code behind an opening brace, which has braces and quotes of its own.
    pub(super) fn skip_lua(&mut self) {
        let from = self.at;
        let end = lua::end_of_block(&self.text.as_bytes()[from..]);
        self.at = end.map_or(self.text.len(), |end| from + end);
        let line = self.line;
        self.line += memchr::memchr_iter(b'\n', &self.text.as_bytes()[from..self.at]).count();
        if end.is_none() {
            self.blame(line, "Lua code without its closing \"}\"");
        }
    }

    /// The next words. What NGINX would not accept is noted, and left out.
    pub(super) fn next(&mut self) -> Statement {
        let mut words = Vec::new();
        let mut line = self.line;
        loop {
            let Some(byte) = self.skip_blank() else {
                if !words.is_empty() {
                    self.blame(self.line, CUT);
                }
                let words = Vec::new();
                let end = End::File;
                return Statement { words, line, end };
            };
            if words.is_empty() {
                line = self.line;
            }
            let end = match byte {
                b';' => End::Semicolon,
                b'{' => End::Open,
                b'}' => End::Close,
                _ => {
                    words.extend(self.word(byte));
                    continue;
                }
            };
            self.at += 1;
            match (end, words.is_empty()) {
                (End::Semicolon, true) => {
                    self.blame(self.line, "unexpected \";\"");
                    continue;
                }
                (End::Open, true) => self.blame(self.line, "unexpected \"{\""),
                (End::Close, false) => {
                    self.blame(self.line, "unexpected \"}\"");
                    words.clear();
                }
                _ => {}
            }
            return Statement { words, line, end };
        }
    }

    /// Goes to where a word or an end begins.
    fn skip_blank(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        loop {
            match *bytes.get(self.at)? {
                b'#' => {
                    let rest = &bytes[self.at..];
                    self.at += memchr::memchr(b'\n', rest).unwrap_or(rest.len());
                }
                byte @ (b' ' | b'\t' | b'\r' | b'\n') => {
                    self.line += usize::from(byte == b'\n');
                    self.at += 1;
                }
                byte => return Some(byte),
            }
        }
    }

    /// The word that begins here; none if the file ends in it.
    fn word(&mut self, first: u8) -> Option<String> {
        let bytes = self.text.as_bytes();
        let line = self.line;
        let quote = Some(first).filter(|byte| matches!(byte, b'"' | b'\''));
        let start = self.at + usize::from(quote.is_some());
        self.at = start;
        // Whether the byte before is a `$`, behind which a brace belongs to the word.
        let mut is_variable = false;
        loop {
            let Some(&byte) = bytes.get(self.at) else {
                match quote {
                    Some(_) => self.blame(line, "a quote without its end"),
                    None => self.blame(self.line, CUT),
                }
                return None;
            };
            match byte {
                b'\\' => {
                    is_variable = false;
                    self.line += usize::from(bytes.get(self.at + 1) == Some(&b'\n'));
                    self.at = (self.at + 2).min(bytes.len());
                    continue;
                }
                b'{' if is_variable => {
                    self.at += 1;
                    continue;
                }
                b' ' | b'\t' | b'\r' | b'\n' | b';' | b'{' if quote.is_none() => break,
                _ if Some(byte) == quote => break,
                b'\n' => self.line += 1,
                _ => {}
            }
            is_variable = byte == b'$';
            self.at += 1;
        }
        let word = unescaped(&self.text[start..self.at]);
        if quote.is_some() {
            self.at += 1;
            // NGINX takes what follows a quote for a word of its own only if it is a bracket.
            let behind = self.text[self.at..].chars().next();
            let is_end = |behind| matches!(behind, ' ' | '\t' | '\r' | '\n' | ';' | '{' | ')');
            if let Some(behind) = behind.filter(|&behind| !is_end(behind)) {
                self.blame(self.line, format!("unexpected \"{behind}\" behind a quote"));
            }
        }
        Some(word)
    }
}

/// A word without the backslashes that NGINX takes away; it leaves those before any other byte.
fn unescaped(raw: &str) -> String {
    let mut word = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('\\') {
        word.push_str(&rest[..at]);
        let (text, length) = match rest.as_bytes().get(at + 1) {
            Some(b'"') => ("\"", 2),
            Some(b'\'') => ("'", 2),
            Some(b'\\') => ("\\", 2),
            Some(b't') => ("\t", 2),
            Some(b'r') => ("\r", 2),
            Some(b'n') => ("\n", 2),
            _ => ("\\", 1),
        };
        word.push_str(text);
        rest = &rest[at + length..];
    }
    word.push_str(rest);
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All words of a text, with `;`, `{` and `}` in between, and the first mistake.
    fn cut(text: &str) -> (Vec<String>, Option<(usize, String)>) {
        let mut reader = Words::new(text);
        let mut all = Vec::new();
        loop {
            let statement = reader.next();
            all.extend(statement.words);
            match statement.end {
                End::Semicolon => all.push(";".to_owned()),
                End::Open => all.push("{".to_owned()),
                End::Close => all.push("}".to_owned()),
                End::File => return (all, reader.fault),
            }
        }
    }

    #[test]
    fn words_are_cut_as_nginx_cuts_them() {
        for (text, expected) in [
            ("a b;", &["a", "b", ";"][..]),
            ("a  \"b c\" 'd;e'\t{", &["a", "b c", "d;e", "{"]),
            ("a b#c;#d\n", &["a", "b#c", ";"]),
            ("a#b\n;", &["a#b", ";"]),
            ("a ${b}c d$e{", &["a", "${b}c", "d$e", "{"]),
            ("a \"${b}\";", &["a", "${b}", ";"]),
            ("a it's b\"c;", &["a", "it's", "b\"c", ";"]),
            ("a b};", &["a", "b}", ";"]),
            ("a b\\;c\\ d;", &["a", "b\\;c\\ d", ";"]),
            ("a \"b\\\"c\\\\d\\te\\.f\";", &["a", "b\"c\\d\te\\.f", ";"]),
            ("a '\\'';", &["a", "'", ";"]),
            ("a \\\"b;", &["a", "\"b", ";"]),
            (
                "if ($a = \"b\") {}",
                &["if", "($a", "=", "b", ")", "{", "}"],
            ),
            ("a '' \"\";", &["a", "", "", ";"]),
            ("a\r\n  b;\r\n", &["a", "b", ";"]),
            ("a ~ \"^b{2}$\" {", &["a", "~", "^b{2}$", "{"]),
            ("a $;b${;}", &["a", "$", ";", "b${", ";", "}"]),
            ("a ü\\ü 'ü';", &["a", "ü\\ü", "ü", ";"]),
        ] {
            let (words, fault) = cut(text);
            assert_eq!(words, expected, "{text}");
            assert_eq!(fault, None, "{text}");
        }
    }

    #[test]
    fn a_mistake_is_told_with_its_line_and_the_rest_is_used() {
        for (text, expected, line, what) in [
            ("a;\n;b;", &["a", ";", "b", ";"][..], 2, "unexpected \";\""),
            (
                "a;\n{ b; }",
                &["a", ";", "{", "b", ";", "}"],
                2,
                "unexpected \"{\"",
            ),
            ("a b\n}\nc;", &["}", "c", ";"], 2, "unexpected \"}\""),
            (
                "a;\nb",
                &["a", ";"],
                2,
                "unexpected end of file, expecting \";\" or \"}\"",
            ),
            ("a;\nb \"c\nd;", &["a", ";"], 2, "a quote without its end"),
            (
                "a;\nb \"c\"d;",
                &["a", ";", "b", "c", "d", ";"],
                2,
                "unexpected \"d\" behind a quote",
            ),
            (
                "a \\",
                &[],
                1,
                "unexpected end of file, expecting \";\" or \"}\"",
            ),
        ] {
            let (words, fault) = cut(text);
            assert_eq!(words, expected, "{text}");
            let (at, said) = fault.unwrap();
            assert_eq!((at, said.as_str()), (line, what), "{text}");
        }
    }

    #[test]
    fn a_directive_stands_where_its_first_word_begins() {
        let mut words = Words::new("# a\n\n a\n  b\n;\nc 'd\ne\\\nf';\n g;");
        let lines: Vec<usize> = (0..3).map(|_| words.next().line).collect();
        assert_eq!(lines, [3, 6, 9]);
    }
}
