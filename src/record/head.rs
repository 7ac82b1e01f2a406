use super::clock::{STAMP, fraction};
use super::{Level, Written};

/// The beginning of a record, up to its message: `2026/11/01 09:15:02 [error] 12#12: *23 `.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head<'a> {
    /// Local time without zone, `2026/11/01 09:15:02`; `None` where NGINX was told to log none, or it
    /// was lost on the way.
    pub stamp: Option<&'a [u8; STAMP]>,
    /// The microseconds that patched builds write behind it.
    pub micros: u32,
    /// How grave NGINX takes it; `None` for a message that was quoted without its head.
    pub level: Option<Level>,
    /// From the process on: read when somebody asks.
    numbers: &'a [u8],
    has_process: bool,
    has_connection: bool,
    /// Everything behind: message, errno, action, tail.
    pub text: &'a [u8],
}

impl<'a> Head<'a> {
    /// Reads the head of a record; whatever it does not find is `None`.
    pub(super) fn read(record: &'a [u8]) -> Self {
        if is_stamped(record)
            && let Some(head) = Self::read_stamped(record)
        {
            return head;
        }
        let stamp = stamp(record);
        let text = &record[stamp.map_or(0, |(length, _)| length)..];
        let text = text.trim_ascii_start();
        let (level, text) = match level(text).or_else(|| cut_level(text)) {
            Some((level, text)) => (Some(level), text),
            None => (None, record),
        };
        let head = Self::behind(level, text);
        Self {
            stamp: record.first_chunk().filter(|_| stamp.is_some()),
            micros: stamp.map_or(0, |(_, micros)| micros),
            // Who quotes a part of a record puts dots in front.
            text: without_dots(head.text),
            ..head
        }
    }

    /// Reads the head of a record that is known to begin with a time stamp, and nothing else before the
    /// level; `None` if there is no such level.
    pub(super) fn read_stamped(record: &'a [u8]) -> Option<Self> {
        let stamp = record.first_chunk::<STAMP>()?;
        let (level, text) = level(record.get(STAMP + 1..)?)?;
        Some(Self {
            stamp: Some(stamp),
            ..Self::behind(Some(level), text)
        })
    }

    fn behind(level: Option<Level>, text: &'a [u8]) -> Self {
        let numbers = text;
        let (ids, rest) = ids(text);
        let (connection, text) = connection(rest);
        // What NGINX finds wrong with a configuration while it serves requests, it logs with two levels.
        let text = self::level(text).map_or(text, |(_, text)| text);
        Self {
            stamp: None,
            micros: 0,
            level,
            numbers,
            has_process: ids.is_some(),
            has_connection: connection.is_some(),
            text,
        }
    }

    /// What was found, without the record.
    pub(super) fn sketch(&self, record: &[u8]) -> Option<Sketch> {
        Some(Sketch {
            numbers: u32::try_from(record.len() - self.numbers.len()).ok()?,
            text: u32::try_from(record.len() - self.text.len()).ok()?,
            level: self.level?,
            has_process: self.has_process,
            has_connection: self.has_connection,
        })
    }

    /// The head of a stamped record of which this was found before.
    pub(super) fn from_sketch(record: &'a [u8], sketch: Sketch) -> Self {
        Self {
            stamp: record.first_chunk(),
            micros: 0,
            level: Some(sketch.level),
            numbers: &record[sketch.numbers as usize..],
            has_process: sketch.has_process,
            has_connection: sketch.has_connection,
            text: sketch.text(record),
        }
    }

    /// When it was written, if it says so itself.
    pub(super) fn written(&self) -> Option<Written<'a>> {
        self.stamp.map(|stamp| Written::Stamp(stamp, self.micros))
    }

    /// The worker process.
    pub fn pid(&self) -> Option<u64> {
        number(ids(self.numbers).0?)
    }

    /// The thread; the same as the process on Linux, 0 in old versions.
    pub fn tid(&self) -> Option<u64> {
        let ids = ids(self.numbers).0?;
        number(&ids[digits(ids) + 1..])
    }

    /// The connection's number, behind `*`.
    pub fn connection(&self) -> Option<u64> {
        number(connection(ids(self.numbers).1).0?)
    }

    /// Whether it names a process.
    pub(crate) fn has_process(&self) -> bool {
        self.has_process
    }

    /// Whether it names a connection.
    pub(crate) fn has_connection(&self) -> bool {
        self.has_connection
    }
}

/// A head that was read once, to be had again without reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sketch {
    /// Where process and connection stand.
    numbers: u32,
    /// Where the text begins.
    text: u32,
    level: Level,
    has_process: bool,
    pub(super) has_connection: bool,
}

impl Sketch {
    pub(super) fn text(self, record: &[u8]) -> &[u8] {
        &record[self.text as usize..]
    }
}

fn without_dots(text: &[u8]) -> &[u8] {
    let dots = text.iter().take_while(|&&byte| byte == b'.').count();
    if dots > 0 {
        text[dots..].trim_ascii_start()
    } else {
        text
    }
}

/// Where the head of a record may begin in a line, behind whatever envelope: at a time stamp before a
/// level, or at a level before process ids or behind a program's name.
pub(super) fn find(line: &[u8]) -> Option<usize> {
    let searched = &line[..line.len().min(FARTHEST)];
    memchr::memchr_iter(b'[', searched).find_map(|at| {
        let (_, text) = level(&line[at..])?;
        let before = &line[..at];
        let stamped = before.len().saturating_sub(STAMP + LONGEST_FRACTION + 1)..before.len();
        let stamp = stamped.into_iter().find(|&from| {
            stamp(&before[from..]).is_some_and(|(length, _)| &before[from + length..] == b" ")
        });
        let is_bare = || ids(text).0.is_some() || names_program(before);
        stamp.or_else(|| is_bare().then_some(at))
    })
}

/// Whether a text ends in the name that NGINX puts before what it says on the console.
pub(super) fn names_program(text: &[u8]) -> bool {
    let text = text.strip_suffix(b" ").unwrap_or(text);
    text.ends_with(b"nginx:") || text.ends_with(b"angie:")
}

/// Where the first level stands in a line, `[error] `.
pub(super) fn find_level(line: &[u8]) -> Option<usize> {
    let searched = &line[..line.len().min(FARTHEST)];
    memchr::memchr_iter(b'[', searched).find(|&at| level(&line[at..]).is_some())
}

/// Behind so many bytes no head begins.
const FARTHEST: usize = 300;

/// `.123456`
const LONGEST_FRACTION: usize = 7;

/// `error] `, cut inside the bracket by whoever quoted it.
fn cut_level(text: &[u8]) -> Option<(Level, &[u8])> {
    // The commonest, at once.
    if let Some(text) = text.strip_prefix(b"error] ") {
        return Some((Level::Error, text.trim_ascii_start()));
    }
    let close = text.iter().take(7).position(|&byte| byte == b']')?;
    let level = Level::from_name(&text[..close])?;
    Some((level, text[close + 1..].trim_ascii_start()))
}

/// `[error] `
fn level(text: &[u8]) -> Option<(Level, &[u8])> {
    cut_level(text.strip_prefix(b"[")?)
}

/// How long the stamp is with which a text begins, its fraction included, and the microseconds in that.
fn stamp(text: &[u8]) -> Option<(usize, u32)> {
    if !is_date(text) {
        return None;
    }
    let behind = &text[STAMP..];
    let (micros, length) = fraction(behind);
    let is_plain = !matches!(behind.first(), Some(b'.' | b','));
    let is_fine = (2..=LONGEST_FRACTION).contains(&length);
    (is_plain || is_fine).then_some((STAMP + length, micros))
}

/// Whether a text begins `dddd/dd/dd dd:dd:dd`.
fn is_date(text: &[u8]) -> bool {
    let Some(head) = text.first_chunk::<STAMP>() else {
        return false;
    };
    head[4] == b'/'
        && head[7] == b'/'
        && head[10] == b' '
        && head[13] == b':'
        && head[16] == b':'
        && [0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18]
            .iter()
            .fold(true, |digits, &at| digits & head[at].is_ascii_digit())
}

/// Whether a line begins the way every record does: `dddd/dd/dd dd:dd:dd [`.
fn is_stamped(line: &[u8]) -> bool {
    line.get(STAMP..STAMP + 2) == Some(b" [") && is_date(line)
}

/// Where the time stamp begins in a line that begins with one. A byte order mark, or the NUL bytes
/// that fill the hole before a log whose writer went on behind a truncation, are stepped over.
pub(super) fn stamp_in(line: &[u8]) -> Option<usize> {
    let lead = match line.first()? {
        0 => line.iter().position(|&byte| byte != 0)?,
        0xEF if line.starts_with(b"\xEF\xBB\xBF") => 3,
        _ => 0,
    };
    is_stamped(&line[lead..]).then_some(lead)
}

/// `12#12: `
fn ids(text: &[u8]) -> (Option<&[u8]>, &[u8]) {
    let found = (|| {
        let pid = Some(digits(text)).filter(is_number)?;
        let behind = text[pid..].strip_prefix(b"#")?;
        let tid = Some(digits(behind)).filter(is_number)?;
        let rest = behind[tid..].strip_prefix(b":")?;
        let ids = &text[..pid + 1 + tid];
        Some((ids, rest.strip_prefix(b" ").unwrap_or(rest)))
    })();
    match found {
        Some((ids, rest)) => (Some(ids), rest),
        None => (None, text),
    }
}

/// `*23 `
fn connection(text: &[u8]) -> (Option<&[u8]>, &[u8]) {
    let found = text.strip_prefix(b"*").and_then(|behind| {
        let length = Some(digits(behind)).filter(is_number)?;
        Some(behind.split_at(length))
    });
    match found {
        Some((number, [])) => (Some(number), &[]),
        Some((number, rest)) if rest[0].is_ascii_whitespace() => {
            (Some(number), rest.trim_ascii_start())
        }
        _ => (None, text),
    }
}

/// How many digits a text begins with.
fn digits(text: &[u8]) -> usize {
    let mut length = 0;
    // Eight at once: the high bit of each byte that is no digit is set.
    while let Some(eight) = text[length..].first_chunk() {
        let eight = u64::from_le_bytes(*eight) ^ 0x3030_3030_3030_3030;
        let others = (eight | ((eight & 0x7F7F_7F7F_7F7F_7F7F) + 0x7676_7676_7676_7676))
            & 0x8080_8080_8080_8080;
        if others != 0 {
            return length + others.trailing_zeros() as usize / 8;
        }
        length += 8;
    }
    let rest = text[length..].iter();
    length + rest.take_while(|byte| byte.is_ascii_digit()).count()
}

/// Whether so many digits are a number that always fits.
fn is_number(length: &usize) -> bool {
    (1..20).contains(length)
}

/// The number with which a text begins.
fn number(text: &[u8]) -> Option<u64> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit());
    digits
        .map(|byte| u64::from(byte - b'0'))
        .reduce(|number, digit| number * 10 + digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_time_level_and_ids() {
        let head = Head::read(b"2026/11/01 09:15:02 [warn] 7#9: *23 text");
        assert_eq!(head.stamp.unwrap(), b"2026/11/01 09:15:02");
        assert_eq!(head.level, Some(Level::Warn));
        assert_eq!(
            (head.pid(), head.tid(), head.connection()),
            (Some(7), Some(9), Some(23))
        );
        assert_eq!(head.text, b"text");
    }

    #[test]
    fn ids_may_be_missing() {
        let head = Head::read(b"2026/11/01 09:15:02 [emerg] 1#0: bind() failed");
        assert_eq!((head.pid(), head.connection()), (Some(1), None));
        assert_eq!(head.text, b"bind() failed");
        let head = Head::read(b"2026/11/01 09:15:02 [notice] text 1#1: *x");
        assert_eq!(
            (head.pid(), head.tid(), head.connection()),
            (None, None, None)
        );
        assert_eq!(head.text, b"text 1#1: *x");
        let head = Head::read(b"2026/11/01 09:15:02 [error] 1#1: *5");
        assert_eq!((head.connection(), head.text), (Some(5), b"".as_slice()));
        let huge = b"2026/11/01 09:15:02 [error] 1#1: *99999999999999999999 x";
        assert_eq!(Head::read(huge).connection(), None);
    }

    #[test]
    fn the_time_may_be_missing_or_finer() {
        let head = Head::read(b"[error] 5#6: *18 text");
        assert_eq!((head.stamp, head.level), (None, Some(Level::Error)));
        assert_eq!((head.pid(), head.connection()), (Some(5), Some(18)));
        let head = Head::read(b"*18 text");
        assert_eq!((head.level, head.connection()), (None, Some(18)));
        for (fraction, expected) in [(".5", 500_000), (",123", 123_000), (".123456", 123_456)] {
            let record = format!("2026/11/01 09:15:02{fraction} [error] 5#6: text");
            let head = Head::read(record.as_bytes());
            assert_eq!(head.stamp.unwrap(), b"2026/11/01 09:15:02");
            assert_eq!((head.micros, head.pid()), (expected, Some(5)));
        }
    }

    #[test]
    fn finds_the_head_behind_an_envelope() {
        let found = |line: &str| find(line.as_bytes());
        assert_eq!(found("2026/11/01 09:15:02 [error] 1#1: x"), Some(0));
        assert_eq!(found("a [b] 2026/11/01 09:15:02 [error] 1#1: x"), Some(6));
        assert_eq!(found("2026-11-01 09:15:02 [error] 1#1: x"), Some(20));
        assert_eq!(found("nginx: [emerg] x"), Some(7));
        for line in [
            "",
            "PHP message: text",
            "2026/11/01 09:15:02",
            "2026/11/01 09:15:02 a Go program's line",
            "2026/11/01 09:15:02 [ERROR] text",
            "2026-11-01 09:15:02 [error] text",
            "2026/11/0x 09:15:02 [error] text",
            "ready: [error] text",
        ] {
            assert_eq!(found(line), None, "{line}");
        }
    }

    #[test]
    fn no_prefix_of_a_record_panics() {
        let record = b"2026/11/01 09:15:02.123 [error] 12#12: *23 connect() failed";
        for end in 0..record.len() {
            let _ = Head::read(&record[..end]);
            find(&record[..end]);
        }
    }
}
