use askama::Template;

use crate::render::{count, plural};

use super::super::clock::Clock;
use super::super::{Document, Pool};
use super::axis::Axis;
use super::heat_scale::Scale;
use super::names::more;
use super::ticks::Tick;
use super::when::When;

/// Of more pools than this only the worst are shown.
const ROWS: usize = 40;

/// Pools × time: how many failures.
#[derive(Template)]
#[template(path = "heat.html")]
pub(super) struct Heat<'a> {
    columns: usize,
    ticks: &'a [Tick],
    /// Whether the axis has times of day.
    two_rows: bool,
    rows: Vec<Row<'a>>,
    /// How many pools that failed are not shown.
    more: Option<String>,
    legend: Vec<Legend>,
    /// What a column is, `an hour` mostly.
    cell: String,
}

struct Row<'a> {
    /// The place of its details.
    id: usize,
    pool: &'a str,
    failures: String,
    worst: When,
    worst_failures: String,
    /// The failures of each column, for who points at one.
    counts: String,
    cells: Vec<Cells>,
}

/// The cells of one colour.
struct Cells {
    level: usize,
    path: String,
}

struct Legend {
    level: usize,
    from: String,
}

impl<'a> Heat<'a> {
    /// Nothing where there is but one column, or no failure.
    pub(super) fn of(
        document: &'a Document,
        axis: &'a Axis,
        clock: Clock,
        cell: String,
    ) -> Option<Self> {
        let failed = document.pools.iter().take_while(|pool| pool.failures > 0);
        let sums: Vec<Vec<u64>> = failed.map(|pool| axis.sums(&pool.by_bucket)).collect();
        let max = sums.iter().flatten().copied().max()?;
        if axis.columns.len() < 2 {
            return None;
        }
        let scale = Scale::up_to(max);
        let rows = document.pools.iter().zip(&sums).enumerate().take(ROWS);
        let row = |(at, (pool, sums)): (usize, (&'a Pool, &Vec<u64>))| Row {
            id: at + 1,
            pool: &pool.pool,
            failures: count(pool.failures),
            worst: When::minute(clock, pool.worst_bucket.bucket),
            worst_failures: plural(pool.worst_bucket.failures, "failure"),
            counts: counts(sums),
            cells: cells(sums, &scale),
        };
        let left = sums.len().saturating_sub(ROWS) as u64;
        Some(Self {
            columns: axis.columns.len(),
            ticks: &axis.ticks,
            two_rows: axis.has_times(),
            rows: rows.map(row).collect(),
            more: more(left, "more pool"),
            legend: scale
                .steps()
                .map(|(level, from)| Legend {
                    level,
                    from: count(from),
                })
                .collect(),
            cell,
        })
    }
}

/// `3,,,12`: nothing stands for none.
pub(super) fn counts(sums: &[u64]) -> String {
    let shown = |&sum: &u64| {
        if sum > 0 {
            sum.to_string()
        } else {
            String::new()
        }
    };
    sums.iter().map(shown).collect::<Vec<_>>().join(",")
}

fn cells(sums: &[u64], scale: &Scale) -> Vec<Cells> {
    let levels: Vec<usize> = sums.iter().map(|&sum| scale.level(sum)).collect();
    let mut cells: Vec<Cells> = Vec::new();
    let mut at = 0;
    // Neighbours of one colour are one rectangle.
    for run in levels.chunk_by(|one, other| one == other) {
        let (level, width) = (run[0], run.len());
        let rectangle = format!("M{at} 0h{width}v1h-{width}z");
        at += width;
        if level == 0 {
            continue;
        }
        match cells.iter_mut().find(|cells| cells.level == level) {
            Some(cells) => cells.path += &rectangle,
            None => cells.push(Cells {
                level,
                path: rectangle,
            }),
        }
    }
    cells
}
