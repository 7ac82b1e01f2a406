//! Records that a person quoted out of a log: behind words of his own, without time and level, with
//! broken lines, lost commas and other quotes.
//!
//! Only what an input begins with is read so generously; in a log there are no quotations, but clients
//! that would like to be read.

mod fields;
mod lines;
mod mend;
mod message;
mod typed;

use std::borrow::Cow;

use super::{Head, Told, envelope, head};
pub(super) use mend::{mended, with_message_mended};

/// Tells whether a head is followed by what NGINX says of an upstream, and, where the flag is set,
/// whether an upstream's action says so.
pub(super) type IsMessage = fn(&Head<'_>, bool) -> bool;

/// Where quotations are looked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quotations<'a> {
    pub(super) is_message: IsMessage,
    /// The input so far as it was read.
    pub(super) input: &'a [u8],
}

/// A record that somebody quoted.
pub(super) struct Quotation<'a> {
    pub(super) text: Cow<'a, [u8]>,
    /// When it was written, if more than the text tells.
    pub(super) told: Option<Told>,
    /// On which machine.
    pub(super) host: Option<Vec<u8>>,
    /// Whether it stands in JSON.
    pub(super) is_json: bool,
}

impl Quotations<'_> {
    /// The record that somebody quoted in the line that ends at `end`: behind words of his own, or without
    /// its time and level, perhaps behind a program's name. An upstream's action is enough for a record
    /// that `is_first`.
    pub(super) fn begins<'a>(
        &self,
        line: &'a [u8],
        end: usize,
        is_first: bool,
    ) -> Option<Quotation<'a>> {
        if let Some(message) = envelope::Message::read(line) {
            let at = self.begin_in(&message.text, &[], is_first)?;
            return Some(Quotation {
                text: Cow::Owned(message.text[at..].to_vec()),
                told: message.told,
                host: message.host,
                is_json: true,
            });
        }
        let text = if let Some(at) = head::find(line) {
            is_own_words(&line[..at]).then(|| Cow::Borrowed(&line[at..]))
        } else if let Cow::Owned(line) = typed::typed(line)
            && let Some(at) = head::find(&line)
            && is_own_words(&line[..at])
        {
            Some(Cow::Owned(line[at..].to_vec()))
        } else {
            let behind = self.input.get(end + 1..).filter(|_| end < FARTHEST);
            let at = self.begin_in(line, behind.unwrap_or_default(), is_first);
            at.map(|at| Cow::Borrowed(&line[at..]))
        };
        Some(Quotation {
            text: text?,
            told: None,
            host: None,
            is_json: false,
        })
    }

    /// Where a record without a head begins in a line.
    fn begin_in(&self, line: &[u8], behind: &[u8], is_first: bool) -> Option<usize> {
        let marks = without_marks(line);
        let text = line[marks..].trim_ascii_end();
        // PHP's next message.
        if !is_first && text.starts_with(b"PHP ") {
            return None;
        }
        let paragraph = lines::paragraph(text, behind);
        let is_known = |&at: &usize| {
            let whole = lines::unindented(paragraph.get(at..).unwrap_or_default());
            (self.is_message)(&Head::read(&text[at..]), is_first)
                || (self.is_message)(&Head::read(&whole), false)
        };
        let at = candidates(text).into_iter().flatten().find(is_known)?;
        Some(marks + at)
    }
}

/// Whether a terminal's columns show in a record.
pub(super) fn is_of_columns(record: &[u8]) -> bool {
    matches!(lines::without_columns(record), Cow::Owned(_))
}

/// Only so far into an input are broken lines put together.
const FARTHEST: usize = 16 * 1024;

/// Where a record may begin in a text.
fn candidates(text: &[u8]) -> [Option<usize>; 5] {
    let colon = memchr::memmem::find(&text[..text.len().min(LONGEST_NAME)], b": ");
    let named = colon.filter(|&at| {
        let is_of_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
        text[..at].iter().all(is_of_name)
    });
    // Cut inside `[error] `.
    let close = text
        .iter()
        .take(LONGEST_LEVEL)
        .position(|&byte| byte == b']');
    let is_level = |at: &usize| text[..*at].iter().all(u8::is_ascii_lowercase);
    let behind_level = close.filter(is_level).map(|at| {
        let blanks = text[at + 1..].iter().take_while(|byte| **byte == b' ');
        at + 1 + blanks.count()
    });
    [
        named.map(|at| at + 2),
        // A level says more than a message: behind it, any message is enough.
        head::find_level(text).filter(|&at| is_own_words(&text[..at])),
        Some(numbers(text)),
        Some(0),
        behind_level,
    ]
}

/// How long the marks are with which a line begins that is quoted, commented out or an item of a list.
fn without_marks(line: &[u8]) -> usize {
    let is_mark =
        |byte: &&u8| byte.is_ascii_whitespace() || matches!(byte, b'>' | b'#' | b'/' | b'|' | b'`');
    let mut at = 0;
    loop {
        at += line[at..].iter().take_while(is_mark).count();
        at += match &line[at..] {
            [b'*', b'*' | b' ', ..] => 2,
            // A path stands in quotes of NGINX's.
            [b'"' | b'\'', next, ..] if *next != b'/' => 1,
            _ => return at,
        };
    }
}

/// How long the numbers and times are with which a text begins.
fn numbers(text: &[u8]) -> usize {
    let is_of_number = |byte: &u8| {
        byte.is_ascii_digit()
            || matches!(
                byte,
                b':' | b'-' | b'.' | b'/' | b',' | b'T' | b'Z' | b'+' | b'#'
            )
    };
    let mut at = 0;
    while let Some(blank) = memchr::memchr(b' ', &text[at..]) {
        let word = &text[at..at + blank];
        // `1024 worker_connections are not enough`: the count is the message's.
        let is_count = text[at + blank..].starts_with(b" worker_");
        if is_count || !word.iter().all(is_of_number) {
            break;
        }
        at += blank + 1;
    }
    at
}

/// Whether words in front of a record are not those of an access log, which may hold a client's:
/// `192.0.2.1 - user `, or anything in quotes but the name of a member of JSON.
fn is_own_words(text: &[u8]) -> bool {
    let is_dash = |word: &[u8]| word == b"-";
    let is_address = |word: &[u8]| word.first().is_some_and(u8::is_ascii_hexdigit);
    let text = without_member(text);
    let words: Vec<_> = text.split(u8::is_ascii_whitespace).collect();
    memchr::memchr(b'"', text).is_none()
        && !words.windows(2).any(|pair| {
            is_address(pair[0])
                && is_dash(pair[1])
                && pair[0].len() < 40
                && pair[0]
                    .iter()
                    .all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b'.' | b':'))
        })
}

/// A text without the `"textPayload": "` with which it ends, or the lone quote.
fn without_member(text: &[u8]) -> &[u8] {
    let Some(before) = text.strip_suffix(b"\"") else {
        return text;
    };
    let key = || {
        let key = before.trim_ascii_end().strip_suffix(b":")?.trim_ascii_end();
        let key = key.strip_suffix(b"\"")?;
        let open = memchr::memrchr(b'"', key)?;
        let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        key[open + 1..].iter().all(is_name).then(|| &key[..open])
    };
    key().unwrap_or(if before.trim_ascii().is_empty() {
        &[]
    } else {
        text
    })
}

/// `error]`
const LONGEST_LEVEL: usize = 7;

const LONGEST_NAME: usize = 32;
