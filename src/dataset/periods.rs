use std::ops::Range;

use super::read::Table;

/// Puts days together, in their order, as long as the tables have `most` rows of them at most: to begin takes longer than
/// to read or write few rows. A day with more is a period of its own.
pub(super) fn periods<'t>(
    tables: impl Iterator<Item = &'t Table> + Clone,
    days: impl Iterator<Item = Range<i64>>,
    most: u64,
) -> Vec<Range<i64>> {
    let rows = |buckets: &Range<i64>| -> u64 {
        let rows = tables.clone().map(|table| table.rows_of(buckets));
        rows.sum()
    };
    let mut periods: Vec<Range<i64>> = Vec::new();
    for day in days {
        let longer = periods.last().map(|last| last.start..day.end);
        let longer = longer.filter(|longer| rows(longer) <= most);
        match (longer, periods.last_mut()) {
            (Some(longer), Some(last)) => *last = longer,
            _ => periods.push(day),
        }
    }
    periods
}
