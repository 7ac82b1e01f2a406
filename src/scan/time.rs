use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime, TimeDelta, Utc};

use crate::record::{Moment, Zone};

/// A point in time as people name it; a date or time without zone is meant in the logs' zone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum When {
    /// `2026-11-01`, `2026-11-01 09:15`
    Local(NaiveDateTime),
    /// `2026-11-01T09:15:02Z`
    Exact(DateTime<Utc>),
    /// `24h`
    Ago(TimeDelta),
    /// Where today begins, or so many days before.
    Day(u64),
}

impl When {
    /// When that is.
    pub fn moment(self, zone: Zone, now: DateTime<Utc>) -> Moment {
        match self {
            Self::Local(time) => zone.moment(time),
            Self::Exact(time) => Moment(time.timestamp_micros()),
            Self::Ago(span) => Moment((now - span).timestamp_micros()),
            Self::Day(before) => {
                let today = zone.local(Moment(now.timestamp_micros())).date();
                zone.moment((today - Days::new(before)).into())
            }
        }
    }
}

impl FromStr for When {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(time) = DateTime::parse_from_rfc3339(text) {
            return Ok(Self::Exact(time.to_utc()));
        }
        // Years as NGINX writes them; clocks of some zones know nothing of those far from them.
        let is_known = |date: &NaiveDate| (0..=9_999).contains(&date.year());
        let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
        if let Some(date) = date.filter(is_known) {
            return Ok(Self::Local(date.into()));
        }
        match text {
            "today" => return Ok(Self::Day(0)),
            "yesterday" => return Ok(Self::Day(1)),
            _ => {}
        }
        let formats = [
            "%Y-%m-%d %H:%M:%S",
            "%Y-%m-%dT%H:%M:%S",
            "%Y-%m-%d %H:%M",
            "%Y-%m-%dT%H:%M",
        ];
        if let Some(time) = formats
            .iter()
            .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
            .filter(|time| is_known(&time.date()))
        {
            return Ok(Self::Local(time));
        }
        span(text).map(Self::Ago).ok_or_else(|| {
            "expected a date (2026-11-01, today, yesterday), a time (2026-11-01 09:15, 2026-11-01T09:15:02Z) \
             or a span that ends now (90m, 24h, 7d)"
                .to_owned()
        })
    }
}

/// Seconds. No log goes back so far, and calendars still do: a thousand years.
const LONGEST: i64 = 1_000 * 365 * 86_400;

/// `30s`, `90m`, `24h`, `7d`, `2w`
fn span(text: &str) -> Option<TimeDelta> {
    let unit = text.chars().next_back().filter(char::is_ascii)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        'w' => 604_800,
        _ => return None,
    };
    let number: i64 = text[..text.len() - 1]
        .parse()
        .ok()
        .filter(|&number| number >= 0)?;
    let seconds = number.checked_mul(seconds)?;
    TimeDelta::try_seconds(seconds).filter(|_| seconds <= LONGEST)
}

/// A length of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span(pub Duration);

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        span(text)
            .and_then(|span| span.to_std().ok())
            .map(Self)
            .ok_or_else(|| "expected a span, such as 90s, 10m, 24h, 400d, 52w".to_owned())
    }
}

/// The width of a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bucket {
    /// Whole minutes, which divide a day.
    pub seconds: i64,
}

impl Bucket {
    /// The same in microseconds.
    pub fn micros(self) -> i64 {
        self.seconds * 1_000_000
    }
}

impl FromStr for Bucket {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const DAY: i64 = 86_400;
        let seconds = span(text).map(|span| span.num_seconds());
        match seconds {
            // Each bucket keeps the counts of its minutes.
            Some(seconds)
                if (60..=DAY).contains(&seconds) && DAY % seconds == 0 && seconds % 60 == 0 =>
            {
                Ok(Self { seconds })
            }
            _ => Err(
                "expected whole minutes, from 1m to 1d, that divide a day, such as 5m, 15m, 1h, 6h, 1d"
                    .to_owned(),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> String {
        let now = "2026-11-22T18:00:00Z".parse().unwrap();
        let zone = "Europe/Berlin".parse().unwrap();
        text.parse::<When>()
            .unwrap()
            .moment(zone, now)
            .utc()
            .to_string()
    }

    #[test]
    fn points_in_time() {
        assert_eq!(utc("2026-11-01"), "2026-10-31 23:00:00");
        assert_eq!(utc("2026-11-01 09:15"), "2026-11-01 08:15:00");
        assert_eq!(utc("2026-07-01T09:15:02"), "2026-07-01 07:15:02");
        assert_eq!(utc("2026-11-01T09:15:02Z"), "2026-11-01 09:15:02");
        assert_eq!(utc("24h"), "2026-11-21 18:00:00");
        assert_eq!(utc("7d"), "2026-11-15 18:00:00");
        assert_eq!(utc("today"), "2026-11-21 23:00:00");
        assert_eq!(utc("yesterday"), "2026-11-20 23:00:00");
        for wrong in [
            "",
            "tomorrow",
            "2026-13-01",
            "-5h",
            "5",
            "h",
            "9223372036854775807w",
            "100000000d",
            "-262143-01-01",
            "+262142-12-31 09:15",
            "5é",
        ] {
            assert!(wrong.parse::<When>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn buckets_divide_a_day() {
        assert_eq!("1h".parse(), Ok(Bucket { seconds: 3600 }));
        assert_eq!("1d".parse(), Ok(Bucket { seconds: 86_400 }));
        for wrong in ["7m", "30s", "90s", "100s", "2d", "0m", "1x", ""] {
            assert!(wrong.parse::<Bucket>().is_err(), "{wrong}");
        }
    }
}
