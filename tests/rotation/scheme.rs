//! What logrotate is told to do with a log.

use super::calendar::{Day, HOUR, MINUTE};
use super::pack::Pack;
use super::random::Random;

/// One log's part of a logrotate configuration.
#[derive(Debug, Clone, Copy)]
pub struct Scheme {
    pub when: When,
    pub names: Names,
    /// `rotate`
    pub keep: usize,
    /// `compress`, `compresscmd`
    pub pack: Option<Pack>,
    /// `delaycompress`
    pub delay: bool,
    /// `copytruncate`
    pub copies: bool,
    /// `olddir`
    pub moves: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    Hourly,
    Daily,
    Weekly,
    /// `size`, looked at every three hours.
    Larger(u64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// `error.log.1`
    Numbered,
    /// `dateext`, `dateformat`: `error.log-20240101`
    Dated(&'static str),
    /// `extension .log`: `error-20240101.log`
    DatedBefore(&'static str),
}

const PLAIN: Scheme = Scheme {
    when: When::Daily,
    names: Names::Numbered,
    keep: 6,
    pack: Some(Pack::Gzip),
    delay: true,
    copies: false,
    moves: false,
};

/// What Debian's nginx-common does.
pub const DEBIAN: Scheme = Scheme { keep: 14, ..PLAIN };
pub const DEBIAN_FOR_SHORT: Scheme = PLAIN;

/// RHEL: `dateext`, and compressed at once.
pub const RHEL: Scheme = Scheme {
    names: Names::Dated("-%Y%m%d"),
    delay: false,
    ..PLAIN
};
pub const DATED_AND_DELAYED: Scheme = Scheme {
    delay: true,
    ..RHEL
};
pub const COPIED: Scheme = Scheme {
    copies: true,
    pack: None,
    keep: 6,
    ..PLAIN
};
pub const COPIED_AND_PACKED: Scheme = Scheme {
    copies: true,
    delay: false,
    ..PLAIN
};
pub const HOURLY: Scheme = Scheme {
    when: When::Hourly,
    names: Names::Dated("-%Y%m%d-%H"),
    keep: 100,
    ..RHEL
};
pub const WEEKLY: Scheme = Scheme {
    when: When::Weekly,
    keep: 4,
    ..PLAIN
};
pub const ZSTD: Scheme = Scheme {
    pack: Some(Pack::Zstd),
    ..RHEL
};
pub const XZ: Scheme = Scheme {
    pack: Some(Pack::Xz),
    ..PLAIN
};
pub const BZIP2: Scheme = Scheme {
    pack: Some(Pack::Bzip2),
    delay: false,
    ..PLAIN
};
pub const BY_SIZE: Scheme = Scheme {
    when: When::Larger(1500),
    names: Names::Dated("-%Y%m%d-%H%M"),
    keep: 30,
    ..PLAIN
};
pub const DATE_BEFORE: Scheme = Scheme {
    names: Names::DatedBefore(".%Y%m%d"),
    ..RHEL
};
pub const MOVED_AWAY: Scheme = Scheme {
    moves: true,
    ..PLAIN
};
/// Nothing is compressed, and names end as that of the log itself.
pub const NEVER_PACKED: Scheme = Scheme {
    names: Names::DatedBefore("-%Y%m%d"),
    pack: None,
    keep: 6,
    ..PLAIN
};

impl Scheme {
    /// When logrotate looks at the log on a day.
    pub fn times(&self, day: &Day, random: &mut Random) -> Vec<i64> {
        match self.when {
            // logrotate.timer: daily, AccuracySec=1h.
            When::Daily => vec![day.from + random.within(30..HOUR - 30)],
            When::Weekly => {
                use chrono::{Datelike, Weekday};
                let is_day = day.date.weekday() == Weekday::Sun;
                is_day
                    .then_some(day.from + 20 * MINUTE)
                    .into_iter()
                    .collect()
            }
            When::Hourly => {
                let first = day.from + 17 * MINUTE;
                (first..day.to).step_by(HOUR as usize).collect()
            }
            // Not while clocks may show an hour twice: a log that begins in the second hour says
            // nothing of the first.
            When::Larger(_) => [6, 9, 12, 15, 18, 21].map(|hour| day.at(hour, 0)).into(),
        }
    }
}
