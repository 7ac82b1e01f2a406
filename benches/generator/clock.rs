//! The time that the records tell.

use super::digits::push_digits;
use super::random::Random;

/// The local time, as text, for this second and the one before it.
pub(super) struct Clock {
    seconds: f64,
    step: f64,
    shown: u64,
    /// Days since 1970 and second of the day of the first record.
    start: (i64, i64),
    texts: [[u8; 19]; 2],
}

impl Clock {
    pub(super) fn new(
        (year, month, day, hour, minute, second): (i32, u32, u32, u32, u32, u32),
        rate: f64,
    ) -> Clock {
        let start = (
            days_from_date(year.into(), month.into(), day.into()),
            i64::from(hour * 3600 + minute * 60 + second),
        );
        let step = if rate > 0.0 { 2.0 / rate } else { 0.0 };
        let mut clock = Clock {
            seconds: 0.0,
            step,
            shown: 0,
            start,
            texts: [[0; 19]; 2],
        };
        clock.texts = [clock.text_of(0); 2];
        clock
    }

    pub(super) fn tick(&mut self, random: &mut Random) {
        self.seconds += random.fraction() * self.step;
        self.show(self.seconds as u64);
    }

    /// Tells this second after the first.
    pub(super) fn show(&mut self, now: u64) {
        if now != self.shown {
            self.shown = now;
            self.texts = [self.text_of(now), self.text_of(now.saturating_sub(1))];
        }
    }

    pub(super) fn text(&self, is_behind: bool) -> &[u8; 19] {
        &self.texts[usize::from(is_behind)]
    }

    fn text_of(&self, seconds: u64) -> [u8; 19] {
        let seconds = self.start.1 + seconds as i64;
        let (year, month, day) = date_from_days(self.start.0 + seconds / 86_400);
        let of_day = seconds % 86_400;
        let mut text = Vec::with_capacity(19);
        for (value, width, end) in [
            (year, 4, b'/'),
            (month, 2, b'/'),
            (day, 2, b' '),
            (of_day / 3600, 2, b':'),
            (of_day / 60 % 60, 2, b':'),
            (of_day % 60, 2, b' '),
        ] {
            push_digits(&mut text, value as u64, width);
            text.push(end);
        }
        text[..19].try_into().expect("19 bytes")
    }
}

/// Days since 1970-01-01 in the Gregorian calendar, years beginning in March.
fn days_from_date(year: i64, month: i64, day: i64) -> i64 {
    let year = if month < 3 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year
        - 719_468
}

fn date_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march = (5 * of_year + 2) / 153;
    let month = if march < 10 { march + 3 } else { march - 9 };
    (
        era * 400 + year_of_era + i64::from(month < 3),
        month,
        of_year - (153 * march + 2) / 5 + 1,
    )
}

#[cfg(test)]
mod tests {
    use super::super::{Settings, tests::log};
    use super::*;

    #[test]
    fn times_go_on_with_a_second_of_disorder() {
        let settings = Settings {
            start: (2027, 12, 31, 23, 59, 50),
            records_per_second: 20.0,
            multi_line_share: 0.0,
            hostile_share: 0.0,
            ..Settings::default()
        };
        let (log, _) = log(&settings, 1_000_000);
        let seconds = |line: &[u8]| {
            let number = |at: usize, width: usize| {
                std::str::from_utf8(&line[at..at + width])
                    .unwrap()
                    .parse::<i64>()
                    .unwrap()
            };
            let days = days_from_date(number(0, 4), number(5, 2), number(8, 2));
            days * 86_400 + number(11, 2) * 3600 + number(14, 2) * 60 + number(17, 2)
        };
        let times: Vec<i64> = log
            .split(|&byte| byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(seconds)
            .collect();
        assert!(times.windows(2).all(|pair| pair[1] - pair[0] >= -1));
        assert!(times.windows(2).any(|pair| pair[1] < pair[0]));
        assert_eq!(days_from_date(2028, 1, 1), 21_184);
        assert!(times[0] < 21_184 * 86_400 && *times.last().unwrap() > 21_184 * 86_400);
        assert!((0..200_000).all(|days| {
            let (year, month, day) = date_from_days(days);
            days_from_date(year, month, day) == days
        }));
    }
}
