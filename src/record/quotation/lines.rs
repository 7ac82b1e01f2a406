//! The lines of a quotation.

use std::borrow::Cow;

/// What stands in front of lines that somebody quotes or comments out.
const MARKS: [&[u8]; 4] = [b"//", b">", b"#", b"|"];

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

/// A line and the words of the next ones, as far as a message goes.
pub(super) fn paragraph(line: &[u8], behind: &[u8]) -> Vec<u8> {
    let line = line.strip_suffix(b"\\").unwrap_or(line);
    let mut text = line.trim_ascii_end().to_vec();
    for line in behind.split(|&byte| byte == b'\n').take(LINES) {
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
