use chrono::{NaiveDateTime, Timelike};

use crate::record::{Moment, Zone};
use crate::render::Time;

use super::document::Document;

/// Times of a report as clocks show them where the logs were written. A time that those clocks showed twice has
/// its offset behind it, `02:30+01`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    zone: Zone,
    /// How a date is written: with the year only where months could be mistaken.
    date: &'static str,
}

const DAY: i64 = 86_400_000_000;

impl Clock {
    pub(super) fn new(document: &Document) -> Self {
        let period = &document.period;
        let days = match (period.first_seen, period.last_seen) {
            (Some(first), Some(last)) => last.0.0.saturating_sub(first.0.0) / DAY,
            _ => 0,
        };
        Self {
            zone: document.timezone.0,
            date: if days > 300 { "%Y-%m-%d" } else { "%m-%d" },
        }
    }

    /// The same with dates for people who read a page: `Tue 24 Nov`.
    pub(super) fn in_words(self) -> Self {
        self.with_dates("%a %-d %b")
    }

    /// And for its tables: `24 Nov`.
    pub(super) fn in_short(self) -> Self {
        self.with_dates("%-d %b")
    }

    fn with_dates(self, date: &'static str) -> Self {
        let has_year = self.date.contains("%Y");
        Self {
            date: if has_year { "%-d %b %Y" } else { date },
            ..self
        }
    }

    /// `2026-11-24 02:13:07`
    pub(super) fn second(self, time: Time) -> String {
        self.shown(time, "%Y-%m-%d %H:%M:%S")
    }

    /// `11-24 02:13`
    pub(super) fn minute(self, time: Time) -> String {
        self.shown(time, &format!("{} %H:%M", self.date))
    }

    /// Where a stretch ends that began at `from`: without the date, where it is the same.
    pub(super) fn end(self, from: Time, to: Time) -> String {
        if self.local(from).date() == self.local(to).date() {
            self.shown(to, "%H:%M")
        } else {
            self.minute(to)
        }
    }

    /// `11-24`
    pub(super) fn day(self, time: Time) -> String {
        self.local(time).format(self.date).to_string()
    }

    /// `02:13`
    pub(super) fn time_of_day(self, time: Time) -> String {
        self.local(time).format("%H:%M").to_string()
    }

    /// Where a bucket begins. A day is a date, where it begins at midnight.
    pub(super) fn bucket(self, time: Time, seconds: i64) -> String {
        let is_day = seconds >= DAY / 1_000_000;
        if is_day && self.local(time).num_seconds_from_midnight() == 0 {
            self.day(time)
        } else {
            self.minute(time)
        }
    }

    fn local(self, time: Time) -> NaiveDateTime {
        self.zone.local(time.0)
    }

    fn shown(self, time: Time, format: &str) -> String {
        let local = self.local(time);
        let mut shown = local.format(format).to_string();
        let (first, last) = self.zone.moments(local);
        if first != last {
            shown += &offset(local, time.0);
        }
        shown
    }
}

/// `+01`, `-03:30`
fn offset(local: NaiveDateTime, moment: Moment) -> String {
    let minutes = (local - moment.utc()).num_minutes();
    let sign = if minutes < 0 { '-' } else { '+' };
    let (hours, minutes) = (minutes.abs() / 60, minutes.abs() % 60);
    match minutes {
        0 => format!("{sign}{hours:02}"),
        _ => format!("{sign}{hours:02}:{minutes:02}"),
    }
}

/// `45 s`, `47 min`, `3 h 12 min`, `2 d 4 h`
pub(super) fn duration(seconds: i64) -> String {
    let minutes = seconds / 60;
    let (hours, days) = (minutes / 60, minutes / 1440);
    let parts = |large: i64, unit: &str, small: i64, smaller: &str| match small {
        0 => format!("{large} {unit}"),
        _ => format!("{large} {unit} {small} {smaller}"),
    };
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min"),
        (0, ..) => parts(hours, "h", minutes % 60, "min"),
        _ => parts(days, "d", hours % 24, "h"),
    }
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;

    use super::*;

    fn time(text: &str) -> Time {
        let utc: NaiveDateTime = text.parse().unwrap();
        Time(Moment(utc.and_utc().timestamp_micros()))
    }

    #[test]
    fn a_time_that_comes_twice_has_its_offset() {
        let clock = Clock {
            zone: Zone::Named(Tz::Europe__Berlin),
            date: "%m-%d",
        };
        let shown = |text| clock.minute(time(text));
        assert_eq!(shown("2026-10-24T23:30:00"), "10-25 01:30");
        assert_eq!(shown("2026-10-25T00:30:00"), "10-25 02:30+02");
        assert_eq!(shown("2026-10-25T01:30:00"), "10-25 02:30+01");
        assert_eq!(shown("2026-10-25T02:30:00"), "10-25 03:30");
        let (from, to) = (time("2026-10-25T00:30:00"), time("2026-10-25T01:30:00"));
        assert_eq!(clock.end(from, to), "02:30+01");
        assert_eq!(clock.end(from, time("2026-10-26T01:30:00")), "10-26 02:30");
    }

    #[test]
    fn durations_have_two_units_at_most() {
        let shown = [45, 60, 2820, 3600, 11_520, 86_400, 187_500].map(duration);
        let expected = [
            "45 s",
            "1 min",
            "47 min",
            "1 h",
            "3 h 12 min",
            "1 d",
            "2 d 4 h",
        ];
        assert_eq!(shown, expected);
    }
}
