//! The lines of an `ini` file, as PHP understands them.

use ini_roundtrip::{Item, Parser};

/// What a line holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    Section(&'a str),
    Setting {
        key: String,
        value: String,
    },
    /// A name without a value.
    Other(&'a str),
}

/// All lines that hold something, with their numbers.
pub(super) fn lines(text: &str) -> impl Iterator<Item = (usize, Line<'_>)> {
    let mut parser = Parser::new(text);
    std::iter::from_fn(move || {
        loop {
            let item = parser.next()?;
            // It counts the lines that are over; the last one may have no end.
            let line = parser.line() as usize;
            let is_last = parser.remainder().is_empty() && !text.ends_with(['\n', '\r']);
            let line = line + usize::from(is_last);
            let found = match item {
                Item::SectionEnd | Item::Blank { .. } | Item::Comment { .. } => None,
                Item::Section { name, .. } => Some(Line::Section(name)),
                Item::Error(raw) | Item::Property { raw, .. } => other(raw.trim()),
            };
            if let Some(found) = found {
                return Some((line, found));
            }
        }
    })
}

/// A line that is no section for those who do not know blanks before it and comments behind it.
fn other(line: &str) -> Option<Line<'_>> {
    if line.starts_with([';', '#']) || line.is_empty() {
        return None;
    }
    if let Some(rest) = line.strip_prefix('[') {
        let end = rest.find(']');
        return Some(end.map_or(Line::Other(line), |end| Line::Section(rest[..end].trim())));
    }
    Some(match line.split_once('=') {
        Some((key, value)) => Line::Setting {
            key: normal(key.trim()),
            value: unquoted(value.trim()),
        },
        None => Line::Other(line),
    })
}

/// PHP-FPM does not care for the case of a key, but for that of what stands in brackets.
fn normal(key: &str) -> String {
    match key.split_once('[') {
        Some((name, index)) => {
            let index = index.trim_end_matches(']').trim().trim_matches(['"', '\'']);
            format!("{}[{index}]", name.trim().to_ascii_lowercase())
        }
        None => key.to_ascii_lowercase(),
    }
}

/// A value without quotes and the comment behind it (`zend_ini_scanner.l`).
fn unquoted(raw: &str) -> String {
    let mut value = String::new();
    let mut rest = raw;
    loop {
        let end = rest.find([';', '"', '\'']).unwrap_or(rest.len());
        let (plain, behind) = rest.split_at(end);
        match behind.chars().next() {
            None | Some(';') => {
                value.push_str(plain.trim_end());
                return value;
            }
            Some('\'') => {
                value.push_str(plain);
                // Without its end, all behind it is lost to PHP as well.
                let Some((quoted, behind)) = behind[1..].split_once('\'') else {
                    return value;
                };
                value.push_str(quoted);
                rest = behind;
            }
            Some(_) => {
                // PHP has no blanks around what is in double quotes.
                value.push_str(plain.trim_end());
                rest = push_escaped(&mut value, &behind[1..]).trim_start();
            }
        }
    }
}

/// Adds what stands before the closing quote (`zend_ini_escape_string`); what is behind it is the rest.
fn push_escaped<'a>(value: &mut String, quoted: &'a str) -> &'a str {
    let mut rest = quoted;
    loop {
        let end = rest.find(['"', '\\']).unwrap_or(rest.len());
        let (plain, behind) = rest.split_at(end);
        value.push_str(plain);
        match behind.as_bytes() {
            [b'\\', byte @ (b'"' | b'\\' | b'\''), ..] => {
                value.push(char::from(*byte));
                rest = &behind[2..];
            }
            [b'\\', ..] => {
                value.push('\\');
                rest = &behind[1..];
            }
            [_, ..] => return &behind[1..],
            [] => return behind,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(key: &str, value: &str) -> Line<'static> {
        Line::Setting {
            key: key.to_owned(),
            value: value.to_owned(),
        }
    }

    #[test]
    fn lines_are_read_as_php_reads_them() {
        let text = "; a\n\n[www]\r\n\tuser = www-data ; who\nPM.Max_children=5\n ; b\n [two] ; c\n\
                    php_admin_value[Memory_limit] = \"32M\"\nenv[A]='x;y'\na = b = c\nnothing\n#d\nlast=";
        let found: Vec<_> = lines(text).collect();
        assert_eq!(
            found,
            [
                (3, Line::Section("www")),
                (4, setting("user", "www-data")),
                (5, setting("pm.max_children", "5")),
                (7, Line::Section("two")),
                (8, setting("php_admin_value[Memory_limit]", "32M")),
                (9, setting("env[A]", "x;y")),
                (10, setting("a", "b = c")),
                (11, Line::Other("nothing")),
                (13, setting("last", "")),
            ]
        );
    }

    #[test]
    fn quotes_and_comments_are_taken_off() {
        for (raw, expected) in [
            ("a;b", "a"),
            ("a b  ; c", "a b"),
            ("\"a;b\" ; c", "a;b"),
            (r#""a\"b\\c\nd""#, r#"a"b\c\nd"#),
            (r"'a\b'", r"a\b"),
            ("\"a", "a"),
            ("'", ""),
            ("\"%R - %u %t \\\"%m %r\\\" %s\"", "%R - %u %t \"%m %r\" %s"),
            ("a'b'c", "abc"),
            ("a 'b' c", "a b c"),
            ("a \"b\" c", "abc"),
            ("it's", "it"),
            ("", ""),
            ("\"\\", "\\"),
            ("ü;ü", "ü"),
        ] {
            assert_eq!(unquoted(raw), expected, "{raw}");
        }
    }
}
