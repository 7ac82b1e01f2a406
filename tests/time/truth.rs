//! Logs made from moments, so that it is known when each record was written.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeZone};
use chrono_tz::Tz;

/// A night in which clocks are put forward or back.
#[derive(Clone, Copy)]
pub struct Night {
    pub zone: Tz,
    /// When that happens.
    pub step: i64,
    /// Which hour (or half of one) is shown twice, by the moment at which it begins for the first time,
    /// and how long it is. None, if clocks are put forward.
    pub repeated: Option<(i64, i64)>,
    /// The zone as POSIX writes it.
    pub rule: &'static str,
}

const HOUR: i64 = 3_600;

const fn back(zone: Tz, rule: &'static str, step: i64, length: i64) -> Night {
    Night {
        zone,
        step,
        repeated: Some((step - length, length)),
        rule,
    }
}

const fn forward(zone: Tz, rule: &'static str, step: i64) -> Night {
    Night {
        zone,
        step,
        repeated: None,
        rule,
    }
}

const BERLIN_RULE: &str = "CET-1CEST,M3.5.0,M10.5.0/3";
const NEW_YORK_RULE: &str = "EST5EDT,M3.2.0,M11.1.0";
const LORD_HOWE_RULE: &str = "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0";

/// 2026-10-25 01:00 UTC
pub const BERLIN: Night = back(Tz::Europe__Berlin, BERLIN_RULE, 1_792_890_000, HOUR);
/// 2026-11-01 06:00 UTC
pub const NEW_YORK: Night = back(Tz::America__New_York, NEW_YORK_RULE, 1_793_512_800, HOUR);
/// 2026-04-04 15:00 UTC
pub const LORD_HOWE: Night = back(
    Tz::Australia__Lord_Howe,
    LORD_HOWE_RULE,
    1_775_314_800,
    HOUR / 2,
);

pub const BACK: [Night; 3] = [BERLIN, NEW_YORK, LORD_HOWE];

/// 2026-03-29 01:00, 2026-03-08 07:00 and 2026-10-03 15:30 UTC
pub const FORWARD: [Night; 3] = [
    forward(Tz::Europe__Berlin, BERLIN_RULE, 1_774_746_000),
    forward(Tz::America__New_York, NEW_YORK_RULE, 1_772_953_200),
    forward(Tz::Australia__Lord_Howe, LORD_HOWE_RULE, 1_791_041_400),
];

/// A record as it was written.
#[derive(Clone, Copy)]
pub struct Record {
    /// Its connection number, which no other has.
    pub number: u32,
    /// Seconds since 1970, as the machine's clock had it.
    pub moment: i64,
    /// Whether it tells of an upstream.
    pub is_event: bool,
}

/// What a log says, and when.
#[derive(Clone)]
pub struct Truth {
    pub night: Night,
    pub records: Vec<Record>,
}

/// The first connection number of a burst.
const BURST: u32 = 10_000;

/// By connection number.
pub type Times = BTreeMap<u32, i64>;

impl Night {
    /// What clocks show.
    pub fn shown(self, moment: i64) -> String {
        let utc = DateTime::from_timestamp(moment, 0).unwrap().naive_utc();
        let local = self.zone.from_utc_datetime(&utc);
        local.format("%Y/%m/%d %H:%M:%S").to_string()
    }

    /// Whether clocks show the hour for the second time.
    pub fn is_second(self, moment: i64) -> bool {
        let length = self.repeated.map_or(0, |(_, length)| length);
        (self.step..self.step + length).contains(&moment)
    }

    /// Records from three hours before the step to three hours behind it, of workers that are ahead of
    /// each other by a second or two. None is written in `silence`, in seconds behind the step.
    pub fn truth(self, silence: std::ops::Range<i64>) -> Truth {
        let mut random: u64 = 7;
        let mut dice = move |sides: u64| {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            ((random >> 33) % sides) as i64
        };
        let mut moments = Vec::new();
        let mut behind = -3 * HOUR;
        while behind < 3 * HOUR {
            moments.extend([behind, behind + 2, behind + 1].map(|behind| self.step + behind));
            behind += 240 + dice(500);
        }
        // Workers around the step, and around the ends of the hour.
        let length = self.repeated.map_or(0, |(_, length)| length);
        for edge in [-length, 0, length] {
            moments.extend([-1, 0, -2, 1, -1, 2].map(|second| self.step + edge + second));
        }
        moments.sort_by_key(|moment| moment / 5);
        moments.retain(|moment| !silence.contains(&(moment - self.step)));
        let records = moments.into_iter().zip(1..).map(|(moment, number)| Record {
            number,
            moment,
            is_event: number % 5 != 0,
        });
        Truth {
            night: self,
            records: records.collect(),
        }
    }
}

impl Record {
    fn bytes(self, night: Night) -> Vec<u8> {
        let Self { number, moment, .. } = self;
        let head = format!("{} [error] 7#7: *{number} ", night.shown(moment));
        let path = "x".repeat(1_200 + number as usize % 7);
        let tail = format!("client: 192.0.2.1, server: a, request: \"GET /{path} HTTP/1.1\", ");
        let text = match self {
            Self {
                is_event: false, ..
            } => {
                format!(
                    "{head}open() \"/srv/{number}\" failed (2: No such file or directory), {tail}"
                )
            }
            _ if number % 4 == 0 => format!(
                "{head}FastCGI sent in stderr: \"PHP message: PHP Fatal error:  Uncaught Error: no\n\
                 Stack trace:\n#0 {{main}}\n  thrown in /srv/a.php on line 7\" while reading response \
                 header from upstream, {tail}upstream: \"fastcgi://unix:/run/php/a.sock:\", "
            ),
            _ => format!(
                "{head}connect() failed (111: Connection refused) while connecting to upstream, \
                 {tail}upstream: \"http://127.0.0.1:8080/\", "
            ),
        };
        format!("{text}host: \"a\"\n").into_bytes()
    }
}

impl Truth {
    /// The log, one record each.
    pub fn pieces(&self) -> Vec<Vec<u8>> {
        let records = self.records.iter();
        records.map(|record| record.bytes(self.night)).collect()
    }

    pub fn log(&self) -> Vec<u8> {
        self.pieces().concat()
    }

    /// With so much more in the second hour, a while behind the step, that a run which begins behind it
    /// does not look back as far as the step.
    pub fn with_burst(mut self) -> Self {
        let length = self.night.repeated.map_or(HOUR, |(_, length)| length);
        let moment = self.night.step + length / 3;
        let place = self
            .records
            .partition_point(|record| record.moment < moment);
        let burst = (BURST..BURST + 60).map(|number| Record {
            number,
            moment,
            is_event: false,
        });
        self.records.splice(place..place, burst);
        self
    }

    /// How many records a run may have seen: each number but most of those within a burst.
    pub fn ends(&self) -> impl Iterator<Item = usize> {
        let is_rare = |number: u32| number < BURST || number.is_multiple_of(25);
        let ends = self.records.iter().zip(1..);
        ends.filter(move |(record, _)| is_rare(record.number))
            .map(|(_, end)| end)
    }

    fn events(&self) -> impl Iterator<Item = &Record> {
        self.records.iter().filter(|record| record.is_event)
    }

    /// When events happened.
    pub fn times(&self) -> Times {
        self.events()
            .map(|event| (event.number, event.moment))
            .collect()
    }

    /// How many events there are in each bucket, and the first and the last of them.
    pub fn buckets(&self, width: i64) -> Buckets {
        let mut buckets = Buckets::new();
        for event in self.events() {
            let begin = event.moment - event.moment.rem_euclid(width);
            let bucket = buckets.entry(begin).or_insert((0, i64::MAX, i64::MIN));
            *bucket = (
                bucket.0 + 1,
                bucket.1.min(event.moment),
                bucket.2.max(event.moment),
            );
        }
        buckets
    }

    /// With a clock that is set back by `seconds` before the record that comes `behind` the step.
    pub fn set_back(mut self, behind: i64, seconds: i64) -> Self {
        let from = self.night.step + behind;
        let set = self
            .records
            .iter_mut()
            .filter(|record| record.moment >= from);
        set.for_each(|record| record.moment -= seconds);
        self
    }
}

/// Events, the first and the last of them, by the moment at which a bucket begins.
pub type Buckets = BTreeMap<i64, (i64, i64, i64)>;
