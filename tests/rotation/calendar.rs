//! Local days of a zone, in seconds since 1970, and the clocks that are put forward and back in them.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Offset, TimeDelta, TimeZone};
use chrono_tz::Tz;

pub const MINUTE: i64 = 60;
pub const HOUR: i64 = 60 * MINUTE;

/// A local day.
#[derive(Debug, Clone, Copy)]
pub struct Day {
    pub zone: Tz,
    pub date: NaiveDate,
    pub from: i64,
    pub to: i64,
    /// Where clocks are put forward or back in it.
    pub step: Option<Step>,
}

/// Clocks are put forward or back.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    pub at: i64,
    /// How long what clocks show twice is; negative, if it is left out.
    pub repeats: i64,
    before: i64,
}

impl Day {
    pub fn new(zone: Tz, date: NaiveDate) -> Self {
        let from = midnight(zone, date);
        let to = midnight(zone, date.succ_opt().unwrap());
        let step = step(zone, from, to);
        Self {
            zone,
            date,
            from,
            to,
            step,
        }
    }

    /// What clocks show, as NGINX writes it.
    pub fn stamp(&self, moment: i64) -> String {
        written(local(self.zone, moment))
    }

    /// What a clock shows that has not been put forward.
    pub fn stamp_before(&self, step: Step, moment: i64) -> String {
        let utc = DateTime::from_timestamp(moment, 0).unwrap().naive_utc();
        written(utc + TimeDelta::seconds(step.before))
    }

    /// When clocks show this time for the first time.
    pub fn at(&self, hour: u32, minute: u32) -> i64 {
        let local = self.date.and_hms_opt(hour, minute, 0).unwrap();
        let moment = self.zone.from_local_datetime(&local).earliest();
        moment.map_or(self.from + 3 * HOUR, |moment| moment.timestamp())
    }

    /// Whether a moment is so near to a step that what is logged then is chosen with care.
    pub fn is_near_step(&self, moment: i64) -> bool {
        self.step
            .is_some_and(|step| (moment - step.at).abs() < 2 * HOUR)
    }
}

pub fn local(zone: Tz, moment: i64) -> NaiveDateTime {
    zone.from_utc_datetime(&DateTime::from_timestamp(moment, 0).unwrap().naive_utc())
        .naive_local()
}

fn written(local: NaiveDateTime) -> String {
    local.format("%Y/%m/%d %H:%M:%S").to_string()
}

fn midnight(zone: Tz, date: NaiveDate) -> i64 {
    let local = date.and_hms_opt(0, 0, 0).unwrap();
    zone.from_local_datetime(&local)
        .earliest()
        .unwrap()
        .timestamp()
}

fn offset(zone: Tz, moment: i64) -> i64 {
    let utc = DateTime::from_timestamp(moment, 0).unwrap().naive_utc();
    i64::from(zone.offset_from_utc_datetime(&utc).fix().local_minus_utc())
}

fn step(zone: Tz, mut from: i64, mut to: i64) -> Option<Step> {
    let (before, after) = (offset(zone, from), offset(zone, to));
    if before == after {
        return None;
    }
    while from + 1 < to {
        let middle = (from + to) / 2;
        match offset(zone, middle) == before {
            true => from = middle,
            false => to = middle,
        }
    }
    Some(Step {
        at: to,
        repeats: before - after,
        before,
    })
}

#[test]
fn clocks_are_put_back_by_an_hour_or_less() {
    let day = |zone: Tz, date: &str| Day::new(zone, date.parse().unwrap());
    let berlin = day(chrono_tz::Europe::Berlin, "2025-10-26");
    let step = berlin.step.unwrap();
    assert_eq!((step.repeats, step.at - berlin.from), (HOUR, 3 * HOUR));
    assert_eq!(berlin.stamp(step.at), "2025/10/26 02:00:00");
    let howe = day(chrono_tz::Australia::Lord_Howe, "2026-04-05");
    assert_eq!(howe.step.unwrap().repeats, HOUR / 2);
    let spring = day(chrono_tz::America::New_York, "2026-03-08")
        .step
        .unwrap();
    assert_eq!(spring.repeats, -HOUR);
}
