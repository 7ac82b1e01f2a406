use askama::Template;

use crate::render::count;

use super::super::headline::{is_worse, period, rounded};
use super::super::{Change, Document, PoolClass};

/// Of more pools than this only those that changed most are shown.
const ROWS: usize = 20;

/// What changed against the time before.
#[derive(Template)]
#[template(path = "change.html")]
pub(super) struct Changes<'a> {
    change: &'a Change,
    period: String,
    rows: Vec<Row<'a>>,
    more: String,
    new: Vec<(&'a PoolClass, String)>,
}

struct Row<'a> {
    pool: &'a str,
    now: String,
    before: String,
    usual: String,
    by: i128,
    shown: String,
    style: &'static str,
    is_worse: bool,
}

impl<'a> Changes<'a> {
    /// Nothing where no period before is known.
    pub(super) fn of(document: &'a Document) -> Option<Self> {
        let change = document
            .change
            .as_ref()
            .filter(|change| change.periods > 0)?;
        let changed = change
            .pools
            .iter()
            .filter(|pool| pool.delta.failures != pool.delta.before);
        let more = changed.clone().count().saturating_sub(ROWS) as u64;
        let rows = changed.take(ROWS).map(|pool| {
            let by = i128::from(pool.delta.failures) - i128::from(pool.delta.before);
            let amount = count(pool.delta.failures.abs_diff(pool.delta.before));
            Row {
                pool: &pool.pool,
                now: count(pool.delta.failures),
                before: count(pool.delta.before),
                usual: rounded(pool.delta.usual),
                by,
                shown: if by > 0 {
                    format!("▲ {amount}")
                } else {
                    format!("▼ {amount}")
                },
                style: if by > 0 { "up" } else { "down" },
                is_worse: is_worse(&pool.delta),
            }
        });
        Some(Self {
            change,
            period: period(change.seconds),
            rows: rows.collect(),
            more: if more > 0 { count(more) } else { String::new() },
            new: change
                .new
                .iter()
                .map(|new| (new, count(new.events)))
                .collect(),
        })
    }
}
