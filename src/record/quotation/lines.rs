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
    let is_mark = |mark: &&[u8]| lines[1..].iter().all(|line| line.starts_with(mark));
    let mark = MARKS.into_iter().find(is_mark);
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
