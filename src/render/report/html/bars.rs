use askama::Template;

use crate::render::count;

use super::super::{ClassCount, Document};
use super::axis::Axis;
use super::heat::counts;
use super::ticks::Tick;

/// So many classes have a colour of their own.
const OWN_COLOR: usize = 7;

/// Units of the drawing from bottom to top.
const HEIGHT: u64 = 1_000;

/// Failures over time, stacked by class.
#[derive(Template)]
#[template(path = "bars.html")]
pub(super) struct Bars<'a> {
    columns: usize,
    ticks: &'a [Tick],
    /// Whether the axis has times of day.
    two_rows: bool,
    stacks: Vec<Stack<'a>>,
    /// The values of the lines, from the top.
    top: String,
    middle: String,
    cell: &'a str,
}

/// One class, or the rest of them.
struct Stack<'a> {
    color: usize,
    name: &'a str,
    failures: String,
    counts: String,
    path: String,
}

impl<'a> Bars<'a> {
    /// Nothing where there is but one column, or no failure.
    pub(super) fn of(document: &'a Document, axis: &'a Axis, cell: &'a str) -> Option<Self> {
        let colors = colors(&document.classes);
        let stacks = colors.iter().map(|color| color.1).max()?;
        let mut series = vec![vec![0; document.timeline.len()]; stacks];
        for (at, bucket) in document.timeline.iter().enumerate() {
            for class in &bucket.classes {
                let color = colors.iter().find(|color| color.0 == class.class.name());
                if let Some(&(_, color)) = color {
                    series[color - 1][at] += class.events;
                }
            }
        }
        let sums: Vec<Vec<u64>> = series.iter().map(|counts| axis.sums(counts)).collect();
        let columns = axis.columns.len();
        let total = |column: usize| sums.iter().map(|sums| sums[column]).sum::<u64>();
        let max = (0..columns).map(total).max().filter(|&max| max > 0)?;
        if columns < 2 {
            return None;
        }
        let top = round_up(max);
        let mut bottoms = vec![0; columns];
        let stacks = sums.iter().enumerate().map(|(at, sums)| Stack {
            color: at + 1,
            name: match colors.iter().filter(|color| color.1 == at + 1).count() {
                1 => colors[at].0,
                _ => "other classes",
            },
            failures: count(sums.iter().sum()),
            counts: counts(sums),
            path: path(sums, &mut bottoms, top),
        });
        Some(Self {
            columns,
            ticks: &axis.ticks,
            two_rows: axis.has_times(),
            stacks: stacks.collect(),
            top: count(top),
            middle: if top.is_multiple_of(2) {
                count(top / 2)
            } else {
                String::new()
            },
            cell,
        })
    }
}

/// The classes that are failures with the numbers of their colours, from 1; the last ones may share one.
pub(super) fn colors(classes: &[ClassCount]) -> Vec<(&'static str, usize)> {
    let failed = classes.iter().filter(|class| class.kind == "F");
    let color = |(at, class): (usize, &ClassCount)| (class.class.name(), at.min(OWN_COLOR) + 1);
    failed.enumerate().map(color).collect()
}

/// The rectangles of one class; they stand on those below.
fn path(sums: &[u64], bottoms: &mut [u64], top: u64) -> String {
    let y = |failures: u64| HEIGHT - (failures as f64 / top as f64 * HEIGHT as f64).round() as u64;
    let mut path = String::new();
    for (at, (&sum, bottom)) in sums.iter().zip(bottoms).enumerate() {
        let (lower, upper) = (y(*bottom), y(*bottom + sum));
        *bottom += sum;
        if upper < lower {
            path += &format!("M{at} {lower}h1V{upper}h-1z");
        }
    }
    path
}

/// The next of 1, 2, 5, 10, 20, …
fn round_up(number: u64) -> u64 {
    let powers = (0..19).map(|power| 10_u64.pow(power));
    let mut steps = powers.flat_map(|power| [power, 2 * power, 5 * power]);
    steps.find(|&step| step >= number).unwrap_or(u64::MAX)
}
