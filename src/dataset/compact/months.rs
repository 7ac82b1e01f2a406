use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, NaiveDate};

use crate::dataset::DAY;
use crate::dataset::page::Page;
use crate::dataset::read::Table;
use crate::record::Moment;

/// A month, as years and months since year 0, of files whose buckets are equally wide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Month {
    pub(super) number: i32,
    pub(super) width: i64,
}

/// Which files have buckets in which months, of what is kept.
pub(super) fn months(tables: &[Table], kept_since: Option<Moment>) -> BTreeMap<Month, Vec<usize>> {
    let since = kept_since.map_or(i64::MIN, |since| since.0);
    let mut months: BTreeMap<Month, Vec<usize>> = BTreeMap::new();
    for (at, table) in tables.iter().enumerate() {
        for &(first, last) in table.groups.iter().filter(|group| group.1 >= since) {
            for number in number_of(first.max(since))..=number_of(last) {
                let width = table.width;
                let tables = months.entry(Month { number, width }).or_default();
                if tables.last() != Some(&at) {
                    tables.push(at);
                }
            }
        }
    }
    months
}

fn number_of(bucket: i64) -> i32 {
    let day = DateTime::from_timestamp_micros(bucket).unwrap_or_default();
    day.year() * 12 + day.month0() as i32
}

impl Month {
    /// The first of its days.
    pub(super) fn first(self) -> NaiveDate {
        let (year, month) = (self.number.div_euclid(12), self.number.rem_euclid(12));
        NaiveDate::from_ymd_opt(year, month as u32 + 1, 1).unwrap_or_default()
    }

    /// Where its days begin.
    pub(super) fn days(self) -> impl Iterator<Item = i64> {
        let begin = |month: Self| {
            let midnight = month.first().and_hms_opt(0, 0, 0).unwrap_or_default();
            midnight.and_utc().timestamp_micros()
        };
        let next = Self {
            number: self.number + 1,
            ..self
        };
        (begin(self)..begin(next)).step_by(DAY as usize)
    }
}

/// Whether a file is the only one of a month, and holds nothing else.
pub(super) fn is_alone(
    at: usize,
    tables: &[Table],
    months: &BTreeMap<Month, Vec<usize>>,
    kept_since: Option<Moment>,
) -> bool {
    let first = tables[at].buckets().map(|(first, _)| first);
    let is_whole = first.is_some_and(|first| kept_since.is_none_or(|since| first >= since.0));
    let mut with_it = months.values().filter(|tables| tables.contains(&at));
    let is_only = with_it.next().is_some_and(|tables| tables.len() == 1);
    is_whole && is_only && with_it.next().is_none()
}

/// Whether there is nothing to be done.
pub(super) fn is_compact(
    tables: &[Table],
    pages: &[Page],
    months: &BTreeMap<Month, Vec<usize>>,
    kept_since: Option<Moment>,
) -> bool {
    let newest = months
        .values()
        .next_back()
        .and_then(|tables| tables.first());
    let is_in_place = |at: usize| {
        let may_have_lines = newest == Some(&at);
        let is_settled = match may_have_lines {
            true => !pages[at].continues_others(),
            false => !pages[at].has_lines(),
        };
        is_settled && is_alone(at, tables, months, kept_since)
    };
    let is_empty = tables.len() <= 1 && tables.iter().all(|table| table.buckets().is_none());
    is_empty || (0..tables.len()).all(is_in_place)
}
