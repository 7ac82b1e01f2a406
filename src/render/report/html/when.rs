use std::fmt;

use super::super::clock::Clock;
use crate::render::Time;

/// A time for people, as clocks showed it where the logs were written, and for programs.
#[derive(Debug, Clone)]
pub(super) struct When {
    /// In UTC.
    pub utc: Time,
    shown: String,
}

impl When {
    /// `Tue 17 Nov 20:41`
    pub(super) fn minute(clock: Clock, utc: Time) -> Self {
        Self {
            utc,
            shown: clock.minute(utc),
        }
    }

    /// When what began at `from` ended: without the date, where that is the same.
    pub(super) fn end(clock: Clock, from: Time, utc: Time) -> Self {
        Self {
            utc,
            shown: clock.end(from, utc),
        }
    }

    /// `2026-11-24 02:13:07`
    pub(super) fn second(clock: Clock, utc: Time) -> Self {
        Self {
            utc,
            shown: clock.second(utc),
        }
    }

    /// Where a bucket begins.
    pub(super) fn bucket(clock: Clock, utc: Time, seconds: i64) -> Self {
        Self {
            utc,
            shown: clock.bucket(utc, seconds),
        }
    }
}

impl fmt::Display for When {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.shown)
    }
}
