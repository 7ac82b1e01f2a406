use askama::Template;

use crate::render::{count, plural};

use super::super::Incident;
use super::super::clock::{Clock, duration};
use super::axis::Axis;
use super::names::more;
use super::ticks::{Tick, percent};

/// The height of a row.
const ROW: usize = 24;

/// Of more pools than this only the first are shown.
const ROWS: usize = 40;

/// A bar is drawn no narrower, which is four to six pixels.
const NARROWEST: f64 = 0.006;

/// So much room needs a digit behind a bar, and what is before and behind all of them.
const DIGIT: f64 = 0.009;
const AROUND: f64 = 0.012;

/// Incidents as bars on a time axis, a row for each pool.
#[derive(Template)]
#[template(path = "timeline.html")]
pub(super) struct Timeline<'a> {
    columns: usize,
    ticks: &'a [Tick],
    /// Whether the axis has times of day.
    two_rows: bool,
    rows: Vec<Row<'a>>,
    bands: Vec<Band>,
    height: usize,
    more: Option<String>,
}

/// An incident as the page shows it.
#[derive(Clone, Copy)]
pub(super) struct Shown<'a> {
    /// The number of its group.
    pub id: usize,
    /// Whether the group is one of the large ones.
    pub is_major: bool,
    pub incident: &'a Incident,
}

struct Row<'a> {
    pool: &'a str,
    failures: String,
    /// Where its line is, and the text beside its bars.
    line: usize,
    text: usize,
    bars: Vec<Bar>,
    labels: Vec<Label>,
}

struct Bar {
    id: usize,
    y: usize,
    height: usize,
    x: String,
    width: String,
    status: &'static str,
    says: String,
}

/// The numbers of the bars before it.
struct Label {
    x: String,
    numbers: String,
}

/// What connects the pools that began to fail together.
struct Band {
    x: String,
    width: String,
    y: usize,
    height: usize,
}

impl<'a> Timeline<'a> {
    /// Of incidents, those of one group side by side.
    pub(super) fn of(incidents: &[Shown<'a>], axis: &'a Axis, clock: Clock) -> Self {
        let mut pools: Vec<&str> = Vec::new();
        for Shown { incident, .. } in incidents {
            if !pools.contains(&incident.pool.as_str()) {
                pools.push(&incident.pool);
            }
        }
        let left = pools.len().saturating_sub(ROWS) as u64;
        pools.truncate(ROWS);
        let row = |(at, &pool): (usize, &&'a str)| {
            let its: Vec<&Shown<'_>> = incidents
                .iter()
                .filter(|shown| shown.incident.pool == pool)
                .collect();
            Row {
                pool,
                failures: count(its.iter().map(|shown| shown.incident.failures).sum()),
                line: at * ROW + ROW,
                text: at * ROW + 16,
                labels: labels(&its, axis),
                bars: its
                    .iter()
                    .map(|shown| Bar::of(shown, at * ROW, axis, clock))
                    .collect(),
            }
        };
        Self {
            columns: axis.columns.len(),
            ticks: &axis.ticks,
            two_rows: axis.has_times(),
            rows: pools.iter().enumerate().map(row).collect(),
            bands: bands(incidents, &pools, axis),
            height: pools.len() * ROW,
            more: more(left, "more pool"),
        }
    }
}

impl Bar {
    fn of(shown: &Shown<'_>, y: usize, axis: &Axis, clock: Clock) -> Self {
        let incident = shown.incident;
        let (start, end) = ends(incident, axis);
        let height = if shown.is_major { 14 } else { 6 };
        Self {
            id: shown.id,
            y: y + (ROW - height) / 2,
            height,
            x: percent(start),
            width: percent(end - start),
            status: status(incident),
            says: format!(
                "{}: {}, {} for {}, {}",
                incident.pool,
                incident.class,
                clock.minute(incident.started),
                duration(incident.seconds),
                plural(incident.failures, "failure")
            ),
        }
    }
}

/// Where a bar begins and ends.
fn ends(incident: &Incident, axis: &Axis) -> (f64, f64) {
    let start = axis.position(incident.started.0);
    let end = axis.position(incident.ended.0);
    (start, end.max(start + NARROWEST))
}

/// Numbers stand behind their bars; those of bars so near that there is no room, with the next one's.
fn labels(its: &[&Shown<'_>], axis: &Axis) -> Vec<Label> {
    let mut labels = Vec::new();
    let mut waiting: Vec<String> = Vec::new();
    let mut end = 0.0_f64;
    for (at, shown) in its.iter().enumerate() {
        waiting.push(shown.id.to_string());
        end = end.max(ends(shown.incident, axis).1);
        let next = its.get(at + 1).map(|next| ends(next.incident, axis).0);
        let room = AROUND + DIGIT * waiting.join(", ").len() as f64;
        if next.is_none_or(|next| end + room <= next) {
            labels.push(Label {
                x: percent(end),
                numbers: std::mem::take(&mut waiting).join(", "),
            });
        }
    }
    labels
}

/// The style of what clients were sent, most often.
pub(super) fn status(incident: &Incident) -> &'static str {
    match incident.class.status() {
        Some(502) => "s502",
        Some(504) => "s504",
        _ => "s0",
    }
}

fn bands(incidents: &[Shown<'_>], pools: &[&str], axis: &Axis) -> Vec<Band> {
    let of_one = incidents.chunk_by(|one, other| one.id == other.id);
    let band = |group: &[Shown<'_>]| {
        let rows = group
            .iter()
            .filter_map(|shown| pools.iter().position(|&pool| pool == shown.incident.pool));
        let (first, last) = (rows.clone().min()?, rows.max()?);
        let start = group
            .iter()
            .map(|shown| axis.position(shown.incident.started.0))
            .reduce(f64::min)?;
        let end = group
            .iter()
            .map(|shown| axis.position(shown.incident.ended.0))
            .reduce(f64::max)?;
        (first < last).then(|| Band {
            x: percent(start),
            width: percent((end - start).max(NARROWEST)),
            y: first * ROW + 2,
            height: (last - first + 1) * ROW - 4,
        })
    };
    of_one.filter_map(band).collect()
}
