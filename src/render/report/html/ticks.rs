use chrono::{Datelike, Months, NaiveDateTime, NaiveTime, TimeDelta, Timelike};

use crate::record::{Moment, Zone};

use super::axis::Axis;

/// More would not have room on a narrow screen.
const TICKS: i64 = 9;

/// Further to the right than this a label would be cut.
const LAST_LABEL: f64 = 0.94;

/// A date nearer to the next one than this would run into it.
const DATE_WIDTH: f64 = 0.12;

/// A mark on the axis. Labels stand to its right.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tick {
    /// Where, in percent.
    pub x: String,
    pub is_day: bool,
    pub date: Option<String>,
    pub time: Option<String>,
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Minutes(i64),
    Days(i64),
    Months(i64),
}

const STEPS: [Step; 24] = [
    Step::Minutes(1),
    Step::Minutes(2),
    Step::Minutes(5),
    Step::Minutes(10),
    Step::Minutes(15),
    Step::Minutes(30),
    Step::Minutes(60),
    Step::Minutes(120),
    Step::Minutes(180),
    Step::Minutes(360),
    Step::Minutes(720),
    Step::Days(1),
    Step::Days(2),
    Step::Days(7),
    Step::Days(14),
    Step::Months(1),
    Step::Months(2),
    Step::Months(3),
    Step::Months(6),
    Step::Months(12),
    Step::Months(60),
    // A record with an odd time makes an axis of centuries.
    Step::Months(600),
    Step::Months(3_000),
    Step::Months(15_000),
];

impl Step {
    fn minutes(self) -> i64 {
        match self {
            Self::Minutes(minutes) => minutes,
            Self::Days(days) => days * 1_440,
            Self::Months(months) => months * 43_200,
        }
    }

    /// Whether clocks show a mark's time.
    fn meets(self, local: NaiveDateTime) -> bool {
        let day = i64::from(local.num_days_from_ce()) - 1;
        match self {
            Self::Minutes(minutes) => {
                i64::from(local.num_seconds_from_midnight()) % (minutes * 60) == 0
            }
            Self::Days(days) => day % days == 0,
            Self::Months(months) => {
                let month = i64::from(local.year()) * 12 + i64::from(local.month0());
                local.day() == 1 && month % months == 0
            }
        }
    }

    /// Where clocks stood when the first mark could be.
    fn first(self, from: NaiveDateTime) -> NaiveDateTime {
        let date = match self {
            Self::Months(_) => from.date().with_day(1).unwrap_or(from.date()),
            _ => from.date(),
        };
        date.and_time(NaiveTime::MIN)
    }

    /// Where the next one could be.
    fn next(self, local: NaiveDateTime) -> NaiveDateTime {
        match self {
            Self::Minutes(minutes) => local + TimeDelta::minutes(minutes),
            Self::Days(_) => local + TimeDelta::days(1),
            Self::Months(_) => local + Months::new(1),
        }
    }
}

pub(super) fn ticks(axis: &Axis, zone: Zone) -> Vec<Tick> {
    let (Some(start), Some(end)) = (axis.start(), axis.end()) else {
        return Vec::new();
    };
    let minutes = (end.0 - start.0) / 60_000_000;
    let is_wide = |step: &&Step| minutes / step.minutes() <= TICKS;
    let step = *STEPS
        .iter()
        .find(is_wide)
        .unwrap_or(&STEPS[STEPS.len() - 1]);
    let mut local = step.first(zone.local(start));
    let mut ticks = Vec::new();
    let mut dates = Vec::new();
    loop {
        let moment = zone.moment(local);
        if moment >= end {
            break;
        }
        if moment >= start && step.meets(local) {
            let position = axis.position(moment);
            let (tick, date) = mark(step, local, position, &ticks);
            dates.extend(date.then_some(ticks.len()).map(|at| (at, position)));
            ticks.push(tick);
        }
        local = step.next(local);
    }
    // The first date is in the way of the second if that comes soon.
    if let [(first, at), (_, next), ..] = dates[..]
        && next - at < DATE_WIDTH
        && !ticks[first].is_day
    {
        ticks[first].date = None;
    }
    if dates.is_empty() {
        ticks.insert(0, first_date(zone, start));
    }
    ticks
}

fn mark(step: Step, local: NaiveDateTime, position: f64, before: &[Tick]) -> (Tick, bool) {
    let is_day = local.time() == NaiveTime::MIN;
    let has_label = position < LAST_LABEL;
    let (date, time) = match step {
        Step::Minutes(_) => (
            (is_day || before.is_empty()).then_some("%a %-d %b"),
            Some("%H:%M"),
        ),
        Step::Days(_) => (Some("%a %-d %b"), None),
        Step::Months(_) => (Some("%b %Y"), None),
    };
    let shown = |format: Option<&str>| {
        let format = format.filter(|_| has_label)?;
        Some(local.format(format).to_string())
    };
    let tick = Tick {
        x: percent(position),
        is_day,
        date: shown(date),
        time: shown(time),
    };
    let has_date = tick.date.is_some();
    (tick, has_date)
}

/// Where no mark has a date, the axis begins with one.
fn first_date(zone: Zone, start: Moment) -> Tick {
    Tick {
        x: percent(0.0),
        is_day: false,
        date: Some(zone.local(start).format("%a %-d %b").to_string()),
        time: None,
    }
}

/// A share of the whole width, as SVG has it.
pub(super) fn percent(share: f64) -> String {
    let shown = format!("{:.2}", share * 100.0);
    let short = shown.trim_end_matches('0').trim_end_matches('.');
    format!("{short}%")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::Time;
    use crate::render::report::Bucket;

    fn marks(start: &str, buckets: i64, bucket_seconds: i64, zone: &str) -> Vec<Tick> {
        let start: NaiveDateTime = start.parse().unwrap();
        let start = start.and_utc().timestamp();
        let bucket = |at: i64| Bucket {
            bucket: Time(Moment((start + at * bucket_seconds) * 1_000_000)),
            failures: 0,
            classes: Vec::new(),
        };
        let timeline: Vec<Bucket> = (0..buckets).map(bucket).collect();
        Axis::new(&timeline, bucket_seconds, zone.parse().unwrap()).ticks
    }

    fn labels(ticks: &[Tick]) -> Vec<String> {
        let label = |tick: &Tick| {
            format!(
                "{} {}",
                tick.date.as_deref().unwrap_or(""),
                tick.time.as_deref().unwrap_or("")
            )
        };
        ticks
            .iter()
            .map(|tick| label(tick).trim().to_owned())
            .collect()
    }

    #[test]
    fn a_week_has_its_days() {
        let ticks = marks("2026-11-16T00:00:00", 168, 3_600, "UTC");
        let days = [
            "Mon 16 Nov",
            "Tue 17 Nov",
            "Wed 18 Nov",
            "Thu 19 Nov",
            "Fri 20 Nov",
            "Sat 21 Nov",
            "Sun 22 Nov",
        ];
        assert_eq!(labels(&ticks), days);
        assert!(ticks.iter().all(|tick| tick.is_day));
        assert_eq!(ticks[1].x, "14.29%");
    }

    #[test]
    fn a_few_hours_begin_with_their_date() {
        let ticks = marks("2026-11-16T05:00:00", 3, 3_600, "UTC");
        let times = [
            "Mon 16 Nov 05:00",
            "05:30",
            "06:00",
            "06:30",
            "07:00",
            "07:30",
        ];
        assert_eq!(labels(&ticks), times);
    }

    #[test]
    fn a_date_that_the_next_one_would_run_into_is_left_out() {
        let ticks = marks("2026-11-16T22:00:00", 24, 3_600, "UTC");
        assert_eq!(labels(&ticks)[0], "Tue 17 Nov 00:00");
        let ticks = marks("2026-11-16T21:00:00", 27, 3_600, "UTC");
        assert_eq!(
            labels(&ticks)[..2],
            ["21:00", "Tue 17 Nov 00:00"].map(str::to_owned)[..]
        );
    }

    #[test]
    fn months_and_years_are_named() {
        let ticks = marks("2026-01-10T00:00:00", 250, 86_400, "UTC");
        assert_eq!(labels(&ticks)[0], "Feb 2026");
        let ticks = marks("2020-01-01T00:00:00", 900, 3 * 86_400, "UTC");
        assert_eq!(labels(&ticks)[1], "Jan 2021");
    }

    #[test]
    fn an_hour_that_clocks_repeat_has_one_mark_and_two_widths() {
        let ticks = marks("2026-10-24T22:00:00", 8, 3_600, "Europe/Berlin");
        assert_eq!(
            labels(&ticks),
            [
                "Sun 25 Oct 00:00",
                "01:00",
                "02:00",
                "03:00",
                "04:00",
                "05:00",
                "06:00"
            ]
        );
        assert_eq!(ticks[3].x, "50%");
    }

    #[test]
    fn no_label_would_be_cut_at_the_right_edge() {
        let ticks = marks("2026-11-16T00:00:00", 25, 3_600, "UTC");
        assert_eq!(labels(&ticks).last().unwrap(), "");
    }
}
