use std::fmt;
use std::str::FromStr;

use chrono::{
    Datelike, Local, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta,
    TimeZone,
};
use chrono_tz::Tz;

/// The time zone in which a log was written. NGINX logs local time without saying which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Zone {
    /// The zone of this machine: `TZ`, or `/etc/localtime`.
    #[default]
    System,
    /// A zone of the IANA time zone database.
    Named(Tz),
}

/// A name that the time zone database does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a time zone; examples: UTC, Europe/Berlin, America/New_York")]
pub struct ZoneError(String);

impl FromStr for Zone {
    type Err = ZoneError;

    fn from_str(name: &str) -> Result<Self, ZoneError> {
        chrono_tz::TZ_VARIANTS
            .iter()
            .find(|zone| zone.name().eq_ignore_ascii_case(name))
            .map(|&zone| Self::Named(zone))
            .ok_or_else(|| ZoneError(name.to_owned()))
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(zone) => out.write_str(zone.name()),
            Self::System => match std::env::var("TZ") {
                Ok(zone) if !zone.is_empty() => out.write_str(zone.trim_start_matches(':')),
                _ => match iana_time_zone::get_timezone() {
                    Ok(zone) => out.write_str(&zone),
                    Err(_) => out.write_str("local time"),
                },
            },
        }
    }
}

impl Zone {
    /// The moment at which clocks in this zone showed `local`, in the hour that the zone repeats the
    /// first one.
    pub fn moment(self, local: NaiveDateTime) -> Moment {
        self.moments(local).0
    }

    /// The first and the last moment at which clocks in this zone showed `local`: two in the hour that
    /// the zone repeats, else one. In the hour it skips it is when clocks would have shown it had they
    /// not been put forward, so that no record is lost.
    pub fn moments(self, local: NaiveDateTime) -> (Moment, Moment) {
        match self {
            Self::System => resolve(&Local, local),
            Self::Named(zone) => resolve(&zone, local),
        }
    }

    /// What clocks in this zone showed at `moment`.
    pub fn local(self, moment: Moment) -> NaiveDateTime {
        let utc = moment.utc();
        match self {
            Self::System => Local.from_utc_datetime(&utc).naive_local(),
            Self::Named(zone) => zone.from_utc_datetime(&utc).naive_local(),
        }
    }
}

/// A point in time: microseconds since 1970-01-01 00:00 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub i64);

impl Moment {
    /// The moment in UTC.
    pub fn utc(self) -> NaiveDateTime {
        chrono::DateTime::from_timestamp_micros(self.0)
            .unwrap_or_default()
            .naive_utc()
    }
}

fn resolve<Z: TimeZone>(zone: &Z, local: NaiveDateTime) -> (Moment, Moment) {
    let moment = |time: NaiveDateTime| Moment(time.and_utc().timestamp_micros());
    let only = |time| (moment(time), moment(time));
    match zone.from_local_datetime(&local) {
        MappedLocalTime::Single(time) => only(time.naive_utc()),
        MappedLocalTime::Ambiguous(one, other) => {
            // chrono's `Local` tells the later one first, and two also for the moment at which the hour
            // has been repeated.
            let shows = |utc: &NaiveDateTime| zone.from_utc_datetime(utc).naive_local() == local;
            let both = [one.naive_utc(), other.naive_utc()];
            let first = both.into_iter().filter(shows).min().unwrap_or(both[0]);
            let last = both.into_iter().filter(shows).max().unwrap_or(first);
            (moment(first), moment(last))
        }
        MappedLocalTime::None => {
            let before = zone.from_local_datetime(&(local - TimeDelta::hours(3)));
            let offset = before
                .earliest()
                .map_or(0, |time| time.offset().fix().local_minus_utc());
            only(local - TimeDelta::seconds(offset.into()))
        }
    }
}

/// When a record was written, as far as it says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written<'a> {
    /// NGINX's own stamp, `2026/11/01 09:15:02`, and the microseconds that some builds add.
    Stamp(&'a [u8; STAMP], u32),
    /// The record has none, but the envelope around it has.
    Told(Told),
    /// Neither has.
    Unknown,
}

/// A time as an envelope tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// With its zone, or as seconds since 1970.
    Exact(Moment),
    /// Without a zone.
    Local(NaiveDateTime),
    /// Without zone and year, as in RFC 3164: `Nov  1 09:15:02`.
    Yearless {
        /// 1 to 12.
        month: u32,
        /// 1 to 31.
        day: u32,
        /// The time of day.
        time: NaiveTime,
    },
}

/// Turns the time stamps of records into moments. Neighbouring records share their minute, so the
/// zone is asked once a minute, not once a record.
#[derive(Debug, Clone)]
pub struct Clock {
    zone: Zone,
    minute: [u8; MINUTE],
    minute_begins: Option<(i64, i64)>,
}

/// Between 29 February and the next lie at most eight years.
const YEARS_TRIED: i32 = 8;

const DAY: i64 = 86_400_000_000;

/// `2026/11/01 09:15`
pub(super) const MINUTE: usize = 16;

impl Clock {
    /// A clock for logs written in `zone`.
    pub fn new(zone: Zone) -> Self {
        Self {
            zone,
            minute: [0; MINUTE],
            minute_begins: None,
        }
    }

    /// The first and the last moment at which a record can have been written, which differ only in the
    /// hour that the zone repeats; `None` when it is unknown, or there is no such date or time. Where
    /// the year is missing it is the last one that does not lie after `latest`.
    pub fn moments(&mut self, written: Written<'_>, latest: Moment) -> Option<(Moment, Moment)> {
        match written {
            Written::Stamp(stamp, micros) => {
                let (first, last) = self.stamp(stamp)?;
                let exact = |whole: i64| Moment(whole + i64::from(micros));
                Some((exact(first), exact(last)))
            }
            Written::Told(Told::Exact(moment)) => Some((moment, moment)),
            Written::Told(Told::Local(local)) => Some(self.zone.moments(local)),
            Written::Told(Told::Yearless { month, day, time }) => {
                let this_year = latest.utc().year();
                (this_year - YEARS_TRIED..=this_year + 1)
                    .rev()
                    .filter_map(|year| NaiveDate::from_ymd_opt(year, month, day))
                    .map(|date| self.zone.moments(date.and_time(time)))
                    // Two machines' clocks may differ, and zones do.
                    .find(|moments| moments.0.0 <= latest.0 + DAY)
            }
            Written::Unknown => None,
        }
    }

    fn stamp(&mut self, stamp: &[u8; STAMP]) -> Option<(i64, i64)> {
        let minute = stamp.first_chunk::<MINUTE>()?;
        if *minute != self.minute {
            self.minute = *minute;
            let local = start_of(minute);
            let moments = local.map(|local| self.zone.moments(local));
            self.minute_begins = moments.map(|(first, last)| (first.0, last.0));
        }
        let second = two(stamp, 17);
        // 60 is a leap second; no system NGINX runs on shows one, but it is a time.
        let micros = i64::from(second) * 1_000_000;
        let (first, last) = self.minute_begins.filter(|_| second <= 60)?;
        Some((first + micros, last + micros))
    }
}

fn start_of(minute: &[u8; MINUTE]) -> Option<NaiveDateTime> {
    let year = two(minute, 0) * 100 + two(minute, 2);
    NaiveDate::from_ymd_opt(year as i32, two(minute, 5), two(minute, 8))?.and_hms_opt(
        two(minute, 11),
        two(minute, 14),
        0,
    )
}

/// How long NGINX's time stamp is, `2026/11/01 09:15:02`.
pub(super) const STAMP: usize = 19;

/// `.123456789` as microseconds, and its length; nothing where there is none.
pub(super) fn fraction(text: &[u8]) -> (u32, usize) {
    let Some(b'.' | b',') = text.first() else {
        return (0, 0);
    };
    let width = text[1..]
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    if width == 0 {
        return (0, 0);
    }
    let six = text[1..1 + width].iter().chain(b"00000").take(6);
    let micros = six.fold(0, |value, &digit| value * 10 + u32::from(digit - b'0'));
    (micros, 1 + width)
}

fn two(digits: &[u8], at: usize) -> u32 {
    u32::from(digits[at] - b'0') * 10 + u32::from(digits[at + 1] - b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(zone: &str, stamp: &str) -> Option<String> {
        let mut clock = Clock::new(zone.parse().unwrap());
        let stamp = stamp.as_bytes().first_chunk().unwrap();
        let moments = clock.moments(Written::Stamp(stamp, 0), Moment(0));
        moments.map(|(first, _)| first.utc().to_string())
    }

    #[test]
    fn local_time_becomes_utc() {
        let stamp = "2026/11/01 09:15:02";
        assert_eq!(utc("UTC", stamp).unwrap(), "2026-11-01 09:15:02");
        assert_eq!(utc("Europe/Berlin", stamp).unwrap(), "2026-11-01 08:15:02");
        assert_eq!(utc("Asia/Kolkata", stamp).unwrap(), "2026-11-01 03:45:02");
        assert_eq!(
            utc("america/new_york", stamp).unwrap(),
            "2026-11-01 14:15:02"
        );
    }

    #[test]
    fn nothing_is_lost_in_the_hour_that_is_skipped() {
        assert_eq!(
            utc("Europe/Berlin", "2026/03/29 01:59:59").unwrap(),
            "2026-03-29 00:59:59"
        );
        assert_eq!(
            utc("Europe/Berlin", "2026/03/29 02:30:00").unwrap(),
            "2026-03-29 01:30:00"
        );
        assert_eq!(
            utc("Europe/Berlin", "2026/03/29 03:00:00").unwrap(),
            "2026-03-29 01:00:00"
        );
    }

    #[test]
    fn an_hour_that_is_repeated_has_two_moments() {
        let mut clock = Clock::new("Europe/Berlin".parse().unwrap());
        let (first, last) = clock.stamp(b"2026/10/25 02:30:00").unwrap();
        assert_eq!(Moment(first).utc().to_string(), "2026-10-25 00:30:00");
        assert_eq!(last - first, 3_600_000_000);
    }

    #[test]
    fn there_is_no_such_date() {
        for stamp in [
            "2026/02/30 09:15:02",
            "2026/13/01 09:15:02",
            "2026/11/01 24:00:00",
            "2026/11/01 09:15:61",
        ] {
            assert_eq!(utc("UTC", stamp), None, "{stamp}");
        }
    }

    #[test]
    fn a_clock_that_met_nonsense_goes_on() {
        let mut clock = Clock::new(Zone::Named(Tz::UTC));
        assert_eq!(clock.stamp(b"2026/02/30 09:15:02"), None);
        assert!(clock.stamp(b"2026/02/28 09:15:02").is_some());
    }

    #[test]
    fn a_missing_year_is_the_last_one_possible() {
        let year = |month, day, latest: &str| {
            let mut clock = Clock::new("Europe/Berlin".parse().unwrap());
            let latest: NaiveDateTime = latest.parse().unwrap();
            let time = NaiveTime::from_hms_opt(9, 15, 2).unwrap();
            let told = Told::Yearless { month, day, time };
            let latest = Moment(latest.and_utc().timestamp_micros());
            let (moment, _) = clock.moments(Written::Told(told), latest).unwrap();
            moment.utc().year()
        };
        assert_eq!(year(11, 1, "2026-11-22T12:00:00"), 2026);
        assert_eq!(year(12, 31, "2026-11-22T12:00:00"), 2025);
        assert_eq!(year(12, 31, "2027-01-01T00:00:01"), 2026);
        assert_eq!(year(1, 1, "2026-12-31T23:59:00"), 2027);
        assert_eq!(year(2, 29, "2026-11-22T12:00:00"), 2024);
    }

    #[test]
    fn unknown_zones_are_refused() {
        let error = "Europe/Berlni".parse::<Zone>().unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("'Europe/Berlni' is not a time zone")
        );
    }
}
