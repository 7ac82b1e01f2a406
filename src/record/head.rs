use std::fmt;

/// NGINX's levels, gravest first (`src/core/ngx_log.c`, `err_levels`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Level {
    /// The system is unusable; NGINX does not start.
    Emerg,
    /// Something must be done at once.
    Alert,
    /// Critical.
    Crit,
    /// An ordinary failure.
    Error,
    /// Something to look at.
    Warn,
    /// Worth knowing.
    Notice,
    /// Information.
    Info,
    /// Debugging; such records never carry a tail.
    Debug,
}

impl Level {
    /// The word NGINX writes.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Emerg => "emerg",
            Self::Alert => "alert",
            Self::Crit => "crit",
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Notice => "notice",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }

    fn from_name(name: &[u8]) -> Option<Self> {
        Some(match name {
            b"error" => Self::Error,
            b"warn" => Self::Warn,
            b"crit" => Self::Crit,
            b"info" => Self::Info,
            b"notice" => Self::Notice,
            b"alert" => Self::Alert,
            b"emerg" => Self::Emerg,
            b"debug" => Self::Debug,
            _ => return None,
        })
    }
}

impl fmt::Display for Level {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.name())
    }
}

/// The beginning of a record, up to its message: `2026/11/01 09:15:02 [error] 12#12: *23 `.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head<'a> {
    /// Local time without zone, `2026/11/01 09:15:02`.
    pub stamp: &'a [u8; STAMP],
    /// How grave NGINX takes it.
    pub level: Level,
    /// The worker process.
    pub pid: Option<u64>,
    /// The thread; the same as `pid` on Linux, 0 in old versions.
    pub tid: Option<u64>,
    /// The connection's number, behind `*`.
    pub connection: Option<u64>,
    /// Everything behind: message, errno, action, tail.
    pub text: &'a [u8],
}

/// How long a time stamp is.
pub(super) const STAMP: usize = 19;

impl<'a> Head<'a> {
    /// Reads the head of a record; `None` when the bytes do not begin with a time stamp and a level.
    pub fn read(record: &'a [u8]) -> Option<Self> {
        is_stamped(record).then(|| Self::read_stamped(record))?
    }

    /// Reads the head of a record that is known to begin with a time stamp.
    pub(super) fn read_stamped(record: &'a [u8]) -> Option<Self> {
        let stamp = record.first_chunk::<STAMP>()?;
        let rest = record.get(STAMP + 2..)?;
        let close = rest.iter().take(7).position(|&byte| byte == b']')?;
        let level = Level::from_name(&rest[..close])?;
        let rest = rest[close + 1..].trim_ascii_start();
        let (ids, rest) = ids(rest);
        let (connection, text) = connection(rest);
        Some(Self {
            stamp,
            level,
            pid: ids.map(|ids| ids.0),
            tid: ids.map(|ids| ids.1),
            connection,
            text,
        })
    }
}

/// Whether a line begins the way every record does: `dddd/dd/dd dd:dd:dd [`.
pub(super) fn is_stamped(line: &[u8]) -> bool {
    let Some(head) = line.first_chunk::<{ STAMP + 2 }>() else {
        return false;
    };
    head[4] == b'/'
        && head[7] == b'/'
        && head[10] == b' '
        && head[13] == b':'
        && head[16] == b':'
        && head[19] == b' '
        && head[20] == b'['
        && [0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18]
            .iter()
            .fold(true, |digits, &at| digits & head[at].is_ascii_digit())
}

/// `12#12: `
fn ids(text: &[u8]) -> (Option<(u64, u64)>, &[u8]) {
    let found = (|| {
        let (pid, rest) = number(text)?;
        let (tid, rest) = number(rest.strip_prefix(b"#")?)?;
        let rest = rest.strip_prefix(b":")?;
        Some(((pid, tid), rest.strip_prefix(b" ").unwrap_or(rest)))
    })();
    match found {
        Some((ids, rest)) => (Some(ids), rest),
        None => (None, text),
    }
}

/// `*23 `
fn connection(text: &[u8]) -> (Option<u64>, &[u8]) {
    let found = text.strip_prefix(b"*").and_then(number);
    match found {
        Some((number, [])) => (Some(number), &[]),
        Some((number, rest)) if rest[0].is_ascii_whitespace() => {
            (Some(number), rest.trim_ascii_start())
        }
        _ => (None, text),
    }
}

fn number(text: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0u64;
    let mut length = 0;
    for &byte in text {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
        length += 1;
    }
    // 19 digits always fit.
    (1..20).contains(&length).then(|| (value, &text[length..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_time_level_and_ids() {
        let head = Head::read(b"2026/11/01 09:15:02 [warn] 7#9: *23 text").unwrap();
        assert_eq!(head.stamp, b"2026/11/01 09:15:02");
        assert_eq!(head.level, Level::Warn);
        assert_eq!(
            (head.pid, head.tid, head.connection),
            (Some(7), Some(9), Some(23))
        );
        assert_eq!(head.text, b"text");
    }

    #[test]
    fn ids_may_be_missing() {
        let head = Head::read(b"2026/11/01 09:15:02 [emerg] 1#0: bind() failed").unwrap();
        assert_eq!((head.pid, head.connection), (Some(1), None));
        assert_eq!(head.text, b"bind() failed");
        let head = Head::read(b"2026/11/01 09:15:02 [notice] text 1#1: *x").unwrap();
        assert_eq!((head.pid, head.tid, head.connection), (None, None, None));
        assert_eq!(head.text, b"text 1#1: *x");
        let head = Head::read(b"2026/11/01 09:15:02 [error] 1#1: *5").unwrap();
        assert_eq!((head.connection, head.text), (Some(5), b"".as_slice()));
        let huge = b"2026/11/01 09:15:02 [error] 1#1: *99999999999999999999 x";
        assert_eq!(Head::read(huge).unwrap().connection, None);
    }

    #[test]
    fn other_lines_have_no_head() {
        for line in [
            b"".as_slice(),
            b"PHP message: text",
            b"2026/11/01 09:15:02",
            b"2026/11/01 09:15:02 a Go program's line",
            b"2026/11/01 09:15:02 [ERROR] text",
            b"2026-11-01 09:15:02 [error] text",
            b"2026/11/0x 09:15:02 [error] text",
        ] {
            assert_eq!(Head::read(line), None, "{}", String::from_utf8_lossy(line));
        }
    }

    #[test]
    fn no_prefix_of_a_record_panics() {
        let record = b"2026/11/01 09:15:02 [error] 12#12: *23 connect() failed";
        for end in 0..record.len() {
            let _ = Head::read(&record[..end]);
        }
    }
}
