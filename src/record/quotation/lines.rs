//! The lines of a quotation.

use std::borrow::Cow;

use crate::record::{envelope, head};

/// What stands in front of lines that somebody quotes or comments out.
const MARKS: [&[u8]; 5] = [b"//", b">", b"#", b"|", b"*"];

/// The record without the marks that stand before each of its lines but the first, and without the
/// backslashes that end each but the last.
pub(super) fn without_marks(record: &[u8]) -> Cow<'_, [u8]> {
    let lines: Vec<_> = record
        .split(|&byte| byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .collect();
    let [before @ .., _] = &lines[..] else {
        return Cow::Borrowed(record);
    };
    let mark = MARKS
        .into_iter()
        .find(|mark| lines[1..].iter().all(|line| is_marked(line, mark)));
    let is_continued = before.iter().all(|line| line.ends_with(b"\\"));
    if before.is_empty() || (mark.is_none() && !is_continued) {
        return Cow::Borrowed(record);
    }
    let unmarked = lines.iter().enumerate().map(|(number, line)| {
        let mark = mark.filter(|_| number > 0).unwrap_or_default();
        let line = line.strip_prefix(mark).unwrap_or(line);
        let end = usize::from(is_continued && line.ends_with(b"\\"));
        line[..line.len() - end].trim_ascii()
    });
    Cow::Owned(unmarked.collect::<Vec<_>>().join(&b'\n'))
}

/// Whether a line begins with a mark that is no part of its text.
fn is_marked(line: &[u8], mark: &[u8]) -> bool {
    let text = line.strip_prefix(mark);
    text.is_some_and(|text| text.first().is_none_or(u8::is_ascii_whitespace))
}

/// A line and the words of the next ones, as far as a message goes, and not into the next record.
pub(super) fn paragraph(line: &[u8], behind: &[u8]) -> Vec<u8> {
    let line = line.strip_suffix(b"\\").unwrap_or(line);
    let mut text = line.trim_ascii_end().to_vec();
    for line in behind.split(|&byte| byte == b'\n').take(LINES) {
        if head::find(line).is_some() || envelope::read(line).is_some() {
            break;
        }
        let line = line.trim_ascii();
        let mark = MARKS.into_iter().find(|mark| is_marked(line, mark));
        let line = &line[mark.map_or(0, <[u8]>::len)..];
        let line = line.strip_suffix(b"\\").unwrap_or(line).trim_ascii();
        if text.len() + line.len() > LONGEST_MESSAGE {
            break;
        }
        if !line.is_empty() {
            text.push(b' ');
            text.extend_from_slice(line);
        }
    }
    text
}

/// Over so many lines nobody breaks the first words of a message.
const LINES: usize = 16;

const LONGEST_MESSAGE: usize = 512;

/// A text without the many blanks that a terminal or an editor put where it broke a line, at any byte.
/// Where there are more of them than elsewhere, one was NGINX's.
pub(super) fn unindented(text: &[u8]) -> Vec<u8> {
    const INDENT: &[u8] = b"    ";
    let run = |text: &[u8]| text.iter().take_while(|byte| **byte == b' ').count();
    let runs = |text| {
        let mut end = 0;
        memchr::memmem::find_iter(text, INDENT).filter_map(move |at| {
            let length = run(&text[at..]);
            let is_new = at >= end;
            end = at + length;
            is_new.then_some((at, length))
        })
    };
    let Some(width) = runs(text).map(|(_, length)| length).min() else {
        return text.to_vec();
    };
    let mut out = Vec::with_capacity(text.len());
    let mut begin = 0;
    for (at, length) in runs(text) {
        out.extend_from_slice(&text[begin..at]);
        begin = at + length;
        if length > width || is_word_end(&out) || is_word_begin(&text[begin..]) {
            out.push(b' ');
        }
    }
    out.extend_from_slice(&text[begin..]);
    out
}

/// A text that a terminal of 80 columns showed, without the one blank that each of its lines ended with,
/// at any byte.
pub(super) fn without_columns(text: &[u8]) -> Cow<'_, [u8]> {
    const COLUMNS: usize = 80;
    /// Fewer blanks can stand there by chance.
    const FEWEST: usize = 4;
    let lines = || text.chunks(COLUMNS + 1);
    let whole = || lines().filter(|line| line.len() > COLUMNS);
    let is_shown = whole().count() >= FEWEST && whole().all(|line| line[COLUMNS] == b' ');
    if !is_shown {
        return Cow::Borrowed(text);
    }
    Cow::Owned(
        lines()
            .flat_map(|line| &line[..line.len().min(COLUMNS)])
            .copied()
            .collect(),
    )
}

/// The words that are most often next to where a line was broken.
const WORDS: [&[u8]; 16] = [
    b"while",
    b"reading",
    b"response",
    b"header",
    b"from",
    b"upstream",
    b"connecting",
    b"to",
    b"sending",
    b"request",
    b"failed",
    b"connection",
    b"timed",
    b"out",
    b"closed",
    b"handshaking",
];

/// Whether a text ends with a whole word, so that one blank was there.
fn is_word_end(text: &[u8]) -> bool {
    let letters = text
        .iter()
        .rev()
        .take_while(|byte| byte.is_ascii_alphabetic());
    let letters = letters.count();
    WORDS.contains(&&text[text.len() - letters..])
        || matches!(text.last(), Some(b',' | b':' | b')'))
}

fn is_word_begin(text: &[u8]) -> bool {
    let letters = text.iter().take_while(|byte| byte.is_ascii_alphabetic());
    WORDS.contains(&&text[..letters.count()]) || text.starts_with(b"(")
}

/// The words of several lines on one.
pub(super) fn folded(text: &[u8]) -> Vec<u8> {
    let lines = text.split(|&byte| byte == b'\n').enumerate();
    let lines = lines.map(|(number, line)| match number {
        0 => line.trim_ascii_end(),
        _ => line.trim_ascii(),
    });
    lines
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join(&b' ')
}
