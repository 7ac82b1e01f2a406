//! What other programs put around a record: syslog, containers, shippers of logs.
//!
//! An envelope is recognised by the head of a record behind it, and then only if all that stands
//! before the head is something that such programs write. Lines that go on with a record have the
//! same envelope without a head.

mod json;
mod prefix;
mod time;

use std::borrow::Cow;

use super::Told;
use super::head;
use json::Json;
use prefix::Prefix;

/// A record that begins in a line, out of its envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Envelope<'a> {
    /// The line from the record's head on.
    pub(super) text: Cow<'a, [u8]>,
    /// When the envelope says it was written.
    pub(super) told: Option<Told>,
    /// On which machine.
    pub(super) host: Option<Cow<'a, [u8]>>,
    /// What lines look like that go on with it.
    pub(super) form: Form<'a>,
    /// Whether the line breaks off and goes on with the next of its form (Docker).
    pub(super) partial: bool,
}

impl Envelope<'_> {
    /// Whether the record has NGINX's own time.
    pub(super) fn is_stamped(&self) -> bool {
        self.text.first().is_some_and(u8::is_ascii_digit)
    }
}

/// How lines are wrapped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Form<'a> {
    /// This text before each line, with other digits.
    Prefix(Cow<'a, [u8]>),
    /// This text before what NGINX says on the console, one line each.
    Console(Cow<'a, [u8]>),
    /// JSON, and what says which stream the line is of.
    Json(String),
    /// A string of JSON that is spread over lines: an element, or a member of an object.
    String,
}

/// What a line is that does not begin a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Follow<'a> {
    /// The record before goes on.
    More(Cow<'a, [u8]>, bool),
    /// Another program's line, in an envelope of the same form.
    Other,
    /// A line without an envelope.
    Bare,
}

/// The record that begins in a line behind an envelope.
pub(super) fn read(line: &[u8]) -> Option<Envelope<'_>> {
    match line.trim_ascii_start().first() {
        Some(b'{') => return in_json(line),
        Some(b'"') => return in_string(line),
        _ => {}
    }
    let at = head::find(line)?;
    let (before, text) = line.split_at(at);
    let prefix = Prefix::read(before)?;
    let is_console = text.starts_with(b"[") && head::names_program(before);
    let form = if is_console {
        Form::Console
    } else {
        Form::Prefix
    };
    Some(Envelope {
        text: Cow::Borrowed(text),
        told: prefix.told,
        host: prefix.host.map(Cow::Borrowed),
        form: form(Cow::Borrowed(before)),
        partial: false,
    })
}

fn in_json(line: &[u8]) -> Option<Envelope<'_>> {
    let json = Json::read(line)?;
    let (text, inner) = json.texts.iter().find_map(|text| {
        let at = head::find(text)?;
        Some((&text[at..], Prefix::read(&text[..at])?))
    })?;
    let host = json.host.map(String::into_bytes);
    let inner_host = inner.host.map(<[u8]>::to_vec);
    Some(Envelope {
        text: Cow::Owned(text.to_vec()),
        told: json.told.or(inner.told),
        host: host.or(inner_host).map(Cow::Owned),
        form: Form::Json(json.stream),
        partial: json.partial,
    })
}

/// A text in a line of JSON, which may be a record without its head.
pub(super) struct Message {
    pub(super) text: Vec<u8>,
    /// When it was written.
    pub(super) told: Option<Told>,
    /// On which machine.
    pub(super) host: Option<Vec<u8>>,
}

impl Message {
    /// Reads a line that is an object of JSON, or a string of one.
    pub(super) fn read(line: &[u8]) -> Option<Self> {
        let (text, told, host) = match line.trim_ascii_start().first()? {
            b'{' => {
                let mut json = Json::read(line)?;
                (json.texts.swap_remove(0), json.told, json.host)
            }
            b'"' => (json::string(line)?, None, None),
            _ => return None,
        };
        let host = host.map(String::into_bytes);
        Some(Self { text, told, host })
    }
}

/// Whether a line is JSON, or a part of it.
pub(super) fn is_json(line: &[u8]) -> bool {
    let first = line.trim_ascii_start().first();
    matches!(first, Some(b'"' | b'{' | b'}' | b'[' | b']'))
}

fn in_string(line: &[u8]) -> Option<Envelope<'_>> {
    let string = json::string(line)?;
    let at = head::find(&string)?;
    let inner = Prefix::read(&string[..at])?;
    Some(Envelope {
        text: Cow::Owned(string[at..].to_vec()),
        told: inner.told,
        host: inner.host.map(|host| Cow::Owned(host.to_vec())),
        form: Form::String,
        partial: false,
    })
}

/// Whether a line that begins no record, and has none before it, is another program's.
pub(super) fn is_other(line: &[u8]) -> bool {
    match line.trim_ascii_start().first() {
        Some(b'{') if Json::read(line).is_some() => true,
        Some(b'{' | b'}' | b'[' | b']' | b'"') => json::is_part(line),
        Some(_) => {
            let start = &line[..line.len().min(LONGEST_START)];
            let behind = start
                .iter()
                .position(|byte| *byte == b'>')
                .filter(|_| start[0] == b'<');
            let start = &start[behind.map_or(0, |at| at + 1)..];
            let start = start.strip_prefix(b"1 ").unwrap_or(start);
            time::read(start).is_some() || bar(start).is_some()
        }
        None => false,
    }
}

/// Where another program's envelope shows itself.
const LONGEST_START: usize = 64;

impl Form<'_> {
    /// What a line is that follows a record of this form.
    pub(super) fn follow<'l>(&self, line: &'l [u8]) -> Follow<'l> {
        match self {
            Self::Json(stream) => match Json::read(line) {
                Some(mut json) if json.stream == *stream => {
                    Follow::More(Cow::Owned(json.texts.swap_remove(0)), json.partial)
                }
                Some(_) => Follow::Other,
                None => Follow::Bare,
            },
            Self::String => match is_json(line) {
                true => Follow::Other,
                false => Follow::Bare,
            },
            Self::Prefix(prefix) => follow_prefix(prefix, line),
            Self::Console(prefix) => match follow_prefix(prefix, line) {
                Follow::More(..) => Follow::Other,
                follow => follow,
            },
        }
    }

    /// The form for keeps.
    pub(super) fn into_owned(self) -> Form<'static> {
        match self {
            Self::Json(stream) => Form::Json(stream),
            Self::String => Form::String,
            Self::Prefix(prefix) => Form::Prefix(Cow::Owned(prefix.into_owned())),
            Self::Console(prefix) => Form::Console(Cow::Owned(prefix.into_owned())),
        }
    }
}

fn follow_prefix<'l>(prefix: &[u8], line: &'l [u8]) -> Follow<'l> {
    let (matched, end) = common(prefix, line);
    if matched < prefix.len() {
        // journald indents what goes on with a message.
        let indent = line.len() - line.trim_ascii_start().len();
        if indent >= prefix.len() && !prefix.is_empty() {
            return Follow::More(Cow::Borrowed(&line[prefix.len()..]), false);
        }
        let colons = prefix[..matched].iter().filter(|&&byte| byte == b':');
        let has_same_bar = || bar(prefix).is_some_and(|at| bar(line) == Some(at));
        return match colons.count() >= 2 || has_same_bar() {
            true => Follow::Other,
            false => Follow::Bare,
        };
    }
    if prefix.trim_ascii().is_empty() {
        return Follow::Bare;
    }
    Follow::More(Cow::Borrowed(&line[end..]), false)
}

/// How long the prefix is of a line that breaks off and goes on with the next of its stream: CRI's tag
/// is `P`, `2026-11-01T09:15:02.123456789Z stderr P `.
pub(super) fn breaks_off(line: &[u8]) -> Option<usize> {
    let (_, length) = time::iso(line)?;
    let (is_partial, text) = prefix::cri(&line[length..])?;
    is_partial.then_some(line.len() - text.len() + usize::from(text.starts_with(b" ")))
}

/// What a line that broke off behind `prefix` goes on with, and whether that breaks off as well.
pub(super) fn goes_on<'l>(prefix: &[u8], line: &'l [u8]) -> Option<(&'l [u8], bool)> {
    match follow_prefix(prefix, line) {
        Follow::More(Cow::Borrowed(text), _) => Some((text, breaks_off(line).is_some())),
        _ => None,
    }
}

/// How much of a prefix a line has, and where that ends in the line: numbers may differ, and so may
/// the widths of blanks and CRI's tag.
fn common(prefix: &[u8], line: &[u8]) -> (usize, usize) {
    let run = |text: &[u8], from: usize, is: fn(&u8) -> bool| {
        from + text[from..].iter().take_while(|byte| is(byte)).count()
    };
    let is_digit = |text: &[u8], at: usize| text.get(at).is_some_and(u8::is_ascii_digit);
    let is_blank: fn(&u8) -> bool = |byte| *byte == b' ';
    let is_number: fn(&u8) -> bool = u8::is_ascii_digit;
    let (mut at, mut to) = (0, 0);
    while at < prefix.len() && to < line.len() {
        match (prefix[at], line[to]) {
            (b'0'..=b'9', b'0'..=b'9') => {
                (at, to) = (run(prefix, at, is_number), run(line, to, is_number));
            }
            (b' ', b' ') if at + 1 < prefix.len() => {
                (at, to) = (run(prefix, at, is_blank), run(line, to, is_blank));
            }
            // Go drops a fraction of zeros.
            (b'.', b'Z' | b'+' | b'-') if is_digit(prefix, at + 1) => {
                at = run(prefix, at + 1, is_number);
            }
            (b'Z' | b'+' | b'-', b'.') if is_digit(line, to + 1) => {
                to = run(line, to + 1, is_number);
            }
            (b'P' | b'F', b'P' | b'F') => (at, to) = (at + 1, to + 1),
            (one, other) if one == other => (at, to) = (at + 1, to + 1),
            _ => break,
        }
    }
    // An empty line may have lost the blank at its end.
    let is_blank_left = to == line.len() && prefix[at..] == *b" ";
    (if is_blank_left { prefix.len() } else { at }, to)
}

/// Where the bar stands behind a name, `nginx-1  | `.
fn bar(text: &[u8]) -> Option<usize> {
    let at = memchr::memchr(b'|', &text[..text.len().min(LONGEST_START)])?;
    let name = text[..at].trim_ascii();
    (!name.is_empty() && !name.contains(&b' ')).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORD: &str = "2026/11/01 09:15:02 [error] 12#12: *23 text";

    fn form(prefix: &str) -> Form<'static> {
        let line = format!("{prefix}{RECORD}");
        let envelope = read(line.as_bytes()).unwrap();
        assert_eq!(*envelope.text, *RECORD.as_bytes());
        envelope.form.into_owned()
    }

    fn more(form: &Form<'_>, line: &str) -> Option<String> {
        match form.follow(line.as_bytes()) {
            Follow::More(text, _) => Some(String::from_utf8(text.into_owned()).unwrap()),
            Follow::Other | Follow::Bare => None,
        }
    }

    #[test]
    fn lines_go_on_in_the_same_envelope() {
        for (prefix, line, expected) in [
            (
                "2026-11-01T09:15:02.123456789Z ",
                "2026-11-01T09:15:02.12Z  at x",
                " at x",
            ),
            ("2026-11-01T09:15:02.1Z ", "2026-11-01T09:15:02Z x", "x"),
            ("2026-11-01T09:15:02Z ", "2026-11-01T09:15:02.5Z ", ""),
            (
                "2026-11-01T09:15:02Z stderr F ",
                "2026-11-01T09:15:03Z stderr F x",
                "x",
            ),
            (
                "2026-11-01T09:15:02Z stderr P ",
                "2026-11-01T09:15:03Z stderr F x",
                "x",
            ),
            ("nginx-1  | ", "nginx-1  |   x", "  x"),
            ("nginx-1  | ", "nginx-1  |", ""),
            (
                "Nov  9 09:15:02 web1 nginx: ",
                "Nov  9 09:15:03 web1 nginx: x",
                "x",
            ),
            (
                "Nov  9 09:15:02 web1 nginx[6]: ",
                "Nov 10 09:15:02 web1 nginx[6]: x",
                "x",
            ),
            (
                "Nov  9 09:15:02 web1 nginx[6]: ",
                "                               x",
                "x",
            ),
        ] {
            assert_eq!(
                more(&form(prefix), line).as_deref(),
                Some(expected),
                "{line}"
            );
        }
    }

    #[test]
    fn other_programs_do_not_go_on() {
        for (prefix, line) in [
            (
                "2026-11-01T09:15:02Z stderr F ",
                "2026-11-01T09:15:03Z stdout F x",
            ),
            ("nginx-1  | ", "php-1    | x"),
            (
                "Nov  9 09:15:02 web1 nginx[6]: ",
                "Nov  9 09:15:02 web1 cron[7]: x",
            ),
            (
                "<187>Nov  9 09:15:02 web1 nginx: ",
                "<30>Nov  9 09:15:02 web1 cron[7]: x",
            ),
        ] {
            assert_eq!(
                form(prefix).follow(line.as_bytes()),
                Follow::Other,
                "{line}"
            );
        }
        let form = form("Nov  9 09:15:02 web1 nginx[6]: ");
        assert_eq!(form.follow(b"No. 9 is a line"), Follow::Bare);
        let console = read(b"nginx: [emerg] text").unwrap().form;
        assert_eq!(console.follow(b"nginx: configuration file"), Follow::Other);
    }

    #[test]
    fn json_goes_on_in_its_stream() {
        let line =
            format!(r#"{{"log":"{RECORD}\n","stream":"stderr","time":"2026-11-01T09:15:02Z"}}"#);
        let envelope = read(line.as_bytes()).unwrap();
        assert_eq!(*envelope.text, *RECORD.as_bytes());
        let next = r#"{"log":"x\n","stream":"stderr","time":"2026-11-01T09:15:03Z"}"#;
        assert_eq!(more(&envelope.form, next).as_deref(), Some("x"));
        let other = next.replace("stderr", "stdout");
        assert_eq!(envelope.form.follow(other.as_bytes()), Follow::Other);
    }
}
