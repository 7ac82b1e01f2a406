use chrono::{NaiveDate, NaiveTime, TimeDelta};

use crate::record::clock::fraction;
use crate::record::{Moment, Told};

/// The time with which a text begins, in any of the shapes that envelopes write, and its length.
pub(super) fn read(text: &[u8]) -> Option<(Told, usize)> {
    match text.first()? {
        b'0'..=b'9' => iso(text).or_else(|| epoch(text)),
        b'A'..=b'Z' => month_day(text).or_else(|| weekday(text)),
        _ => None,
    }
}

/// `2026-11-01T09:15:02.123456789Z`, `2026-11-01T09:15:02+0100`, `2026-11-01 09:15:02,123`
/// (RFC 3339, and how others bend it).
pub(super) fn iso(text: &[u8]) -> Option<(Told, usize)> {
    let head = text.first_chunk::<19>()?;
    let has_shape = head[4] == b'-' && head[7] == b'-' && matches!(head[10], b'T' | b't' | b' ');
    let date = has_shape.then(|| {
        NaiveDate::from_ymd_opt(
            digits(&head[..4])? as i32,
            digits(&head[5..7])?,
            digits(&head[8..10])?,
        )
    })??;
    let (time, length) = time_of_day(&text[11..])?;
    let local = date.and_time(time);
    let at = 11 + length;
    Some(match zone(&text[at..]) {
        Some((seconds, length)) => {
            let utc = local.checked_sub_signed(TimeDelta::seconds(seconds))?;
            let moment = Moment(utc.and_utc().timestamp_micros());
            (Told::Exact(moment), at + length)
        }
        None => (Told::Local(local), at),
    })
}

/// `Nov  1 09:15:02` (RFC 3164, 4.1.2), also with a fraction.
fn month_day(text: &[u8]) -> Option<(Told, usize)> {
    const MONTHS: [&[u8]; 12] = [
        b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov",
        b"Dec",
    ];
    let month = MONTHS
        .iter()
        .position(|month| text.starts_with(month) && text.get(3) == Some(&b' '))?;
    let blank = text[3..].iter().take_while(|&&byte| byte == b' ').count();
    let rest = &text[3 + blank..];
    let width = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let day = (1..=2).contains(&width).then(|| digits(&rest[..width]))??;
    let (time, length) = time_of_day(rest[width..].strip_prefix(b" ")?)?;
    let month = month as u32 + 1;
    let told = Told::Yearless { month, day, time };
    Some((told, 3 + blank + width + 1 + length))
}

/// `Sun 2026-11-01 09:15:02 CET`, as `journalctl -o short-full` writes.
fn weekday(text: &[u8]) -> Option<(Told, usize)> {
    let (_, rest) = text.split_at_checked(4)?;
    if !text[..3].iter().all(u8::is_ascii_alphabetic) || text[3] != b' ' {
        return None;
    }
    let (told, length) = iso(rest)?;
    let behind = &rest[length..];
    let zone = behind.strip_prefix(b" ").unwrap_or_default();
    let letters = zone.iter().take_while(|byte| byte.is_ascii_uppercase());
    let letters = letters.count();
    if !(3..=5).contains(&letters) {
        return Some((told, 4 + length));
    }
    let told = match told {
        Told::Local(local) if &zone[..letters] == b"UTC" => {
            Told::Exact(Moment(local.and_utc().timestamp_micros()))
        }
        told => told,
    };
    Some((told, 4 + length + 1 + letters))
}

/// Seconds since 1970, with a fraction or as milliseconds or microseconds, told apart by their length.
fn epoch(text: &[u8]) -> Option<(Told, usize)> {
    let width = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let number: i64 = std::str::from_utf8(&text[..width]).ok()?.parse().ok()?;
    let (micros, length) = match width {
        10 => {
            let (fraction, length) = fraction(&text[width..]);
            (number * 1_000_000 + i64::from(fraction), width + length)
        }
        13 => (number * 1_000, width),
        16 => (number, width),
        _ => return None,
    };
    Some((Told::Exact(Moment(micros)), length))
}

/// `09:15:02`, with a fraction if there is one.
pub(super) fn time_of_day(text: &[u8]) -> Option<(NaiveTime, usize)> {
    let head = text.first_chunk::<8>()?;
    if head[2] != b':' || head[5] != b':' {
        return None;
    }
    let (micros, length) = fraction(&text[8..]);
    let [hour, minute, second] = [0, 3, 6].map(|at| digits(&head[at..at + 2]));
    let time = NaiveTime::from_hms_micro_opt(hour?, minute?, second?, micros)?;
    Some((time, 8 + length))
}

/// `Z`, `+01:00`, `-0500`, `+01`: seconds east of UTC, and the length.
fn zone(text: &[u8]) -> Option<(i64, usize)> {
    let sign = match text.first()? {
        b'Z' | b'z' => return Some((0, 1)),
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let hours = digits(text.get(1..3)?)?;
    let (minutes, length) = match text.get(3..) {
        Some([b':', high, low, ..]) => (digits(&[*high, *low])?, 6),
        Some([high, low, ..]) if high.is_ascii_digit() => (digits(&[*high, *low])?, 5),
        _ => (0, 3),
    };
    Some((sign * i64::from(hours * 3600 + minutes * 60), length))
}

fn digits(text: &[u8]) -> Option<u32> {
    let is_number = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    is_number.then(|| {
        text.iter()
            .fold(0, |value, &digit| value * 10 + u32::from(digit - b'0'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Option<(String, usize)> {
        let (told, length) = read(text.as_bytes())?;
        let text = match told {
            Told::Exact(moment) => format!("{}Z", moment.utc()),
            Told::Local(local) => local.to_string(),
            Told::Yearless { month, day, time } => format!("{month}-{day} {time}"),
        };
        Some((text, length))
    }

    #[test]
    fn times_of_all_shapes() {
        for (text, expected, rest) in [
            ("2026-11-01T09:15:02Z x", "2026-11-01 09:15:02Z", " x"),
            (
                "2026-11-01T09:15:02.123456789Z ",
                "2026-11-01 09:15:02.123456Z",
                " ",
            ),
            (
                "2026-11-01T09:15:02.5+01:00 ",
                "2026-11-01 08:15:02.500Z",
                " ",
            ),
            ("2026-11-01T09:15:02-0530 ", "2026-11-01 14:45:02Z", " "),
            ("2026-11-01T09:15:02+01 ", "2026-11-01 08:15:02Z", " "),
            ("2026-11-01 09:15:02,250 ", "2026-11-01 09:15:02.250", " "),
            ("2026-11-01 09:15:02", "2026-11-01 09:15:02", ""),
            ("Nov  1 09:15:02 web1", "11-1 09:15:02", " web1"),
            ("Nov 11 09:15:02.123456 w", "11-11 09:15:02.123456", " w"),
            ("Sun 2026-11-01 09:15:02 CET w", "2026-11-01 09:15:02", " w"),
            (
                "Sun 2026-11-01 09:15:02 UTC w",
                "2026-11-01 09:15:02Z",
                " w",
            ),
            ("1793524502 ", "2026-11-01 09:15:02Z", " "),
            ("1793524502.25 ", "2026-11-01 09:15:02.250Z", " "),
            ("1793524502123\t", "2026-11-01 09:15:02.123Z", "\t"),
            ("1793524502123456 ", "2026-11-01 09:15:02.123456Z", " "),
        ] {
            let length = text.len() - rest.len();
            assert_eq!(told(text), Some((expected.to_owned(), length)), "{text}");
        }
    }

    #[test]
    fn other_texts_are_no_times() {
        for text in [
            "",
            "2026-13-01T09:15:02Z",
            "2026-11-01T24:15:02Z",
            "2026/11/01 09:15:02",
            "20261101",
            "Nov 111 09:15:02",
            "Nov",
            "November 1 09:15:02",
            "web1",
            "123456789012345678901234567890",
        ] {
            assert_eq!(told(text), None, "{text}");
        }
        let whole = b"Sun 2026-11-01T09:15:02.123+01:00 CET";
        for at in 0..whole.len() {
            for part in [&whole[..at], &whole[at..]] {
                assert!(read(part).is_none_or(|found| found.1 <= part.len()));
            }
        }
    }
}
