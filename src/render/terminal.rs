use std::fmt;

use crate::record::{Moment, Zone};
use crate::rollup::{Intake, Sample, Summary};

use super::number::{bytes, count, plural};
use super::site::{Case, Site};
use super::{Safe, Wrap};

/// A summary as a report of at most 80 columns. Times are those of the logs' zone.
#[derive(Debug, Clone, Copy)]
pub struct Report<'a> {
    /// What to show.
    pub summary: &'a Summary,
    /// The zone in which the logs were written.
    pub zone: Zone,
    /// The buckets' width in seconds.
    pub bucket_seconds: i64,
    /// What else is known of the machine, for the steps that are proposed.
    pub site: &'a Site,
}

/// Of more pools than this only the worst are shown.
const POOLS_SHOWN: usize = 40;

/// For more pools than this no step is proposed: who has so many begins with the worst.
const STEPS_SHOWN: usize = 10;

const WIDTH: usize = 80;
const POOL_WIDTH: usize = 23;
const CLASS_WIDTH: usize = 24;

impl fmt::Display for Report<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let summary = self.summary;
        self.headline(out)?;
        if !summary.pools.is_empty() {
            self.pools(out)?;
            self.steps(out)?;
        }
        not_understood(out, &summary.intake)?;
        writeln!(out)?;
        wrapped(out, &format!("Read: {}.", brief(&summary.intake)))
    }
}

impl Report<'_> {
    fn headline(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let summary = self.summary;
        let total = &summary.total;
        let Some((first, last)) = summary.span else {
            return writeln!(out, "No upstream failed: no record is about one.");
        };
        let others = total.events() - total.failed;
        write!(
            out,
            "{} in {}",
            plural(total.failed, "failure"),
            plural(summary.pools.len() as u64, "pool")
        )?;
        if others > 0 {
            write!(out, ", {}", plural(others, "other event"))?;
        }
        writeln!(
            out,
            "\nfrom {} to {} ({})",
            self.time(first),
            self.time(last),
            Safe(self.zone)
        )
    }

    fn pools(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let busiest = match self.bucket_seconds {
            3600 => "BUSIEST HOUR",
            _ => "BUSIEST",
        };
        writeln!(
            out,
            "\n{:POOL_WIDTH$} {:>8} {:>7}  {:CLASS_WIDTH$}  {busiest}",
            "POOL", "FAILED", "OTHER", "WORST CLASS"
        )?;
        for pool in self.summary.pools.iter().take(POOLS_SHOWN) {
            let (class, _) = pool.worst;
            let (hour, _) = pool.busiest;
            writeln!(
                out,
                "{:POOL_WIDTH$} {:>8} {:>7}  {:CLASS_WIDTH$}  {}",
                shortened(&Safe(&pool.name).to_string(), POOL_WIDTH),
                count(pool.tally.failed),
                count(pool.tally.events() - pool.tally.failed),
                class,
                self.zone.local(hour).format("%m-%d %H:%M"),
            )?;
        }
        let more = self.summary.pools.len().saturating_sub(POOLS_SHOWN);
        if more > 0 {
            writeln!(out, "… and {}", plural(more as u64, "more pool"))?;
        }
        Ok(())
    }

    /// What the worst class of each pool means, and what to type first.
    fn steps(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wrap = Wrap::columns(WIDTH);
        let pools = &self.summary.pools;
        for pool in pools.iter().take(STEPS_SHOWN) {
            let (class, events) = pool.worst;
            let share = match pool.tally.failed {
                0 => String::new(),
                failed => format!(", {} of {}", count(events), plural(failed, "failure")),
            };
            writeln!(out)?;
            wrap.hanging(out, "", &format!("{}: {class}{share}", pool.name))?;
            wrap.hanging(out, "    ", class.meaning())?;
            if let Some(step) = self.site.first_step(&Case {
                class,
                peer: pool.peer.as_deref(),
                server: pool.server.as_deref(),
            }) {
                wrap.command(out, "    $ ", &step)?;
            }
        }
        let mut classes = pools.iter().map(|pool| pool.worst.0);
        let explained = classes.find(|class| class.explanation().is_some());
        if let Some(class) = explained {
            writeln!(out)?;
            let more = format!(
                "All causes and remedies: badgateway explain {class}. What is wrong on this machine now: \
                 badgateway doctor."
            );
            wrap.paragraph(out, &more)?;
        }
        Ok(())
    }

    fn time(&self, moment: Moment) -> impl fmt::Display {
        self.zone.local(moment).format("%Y-%m-%d %H:%M:%S")
    }
}

fn not_understood(out: &mut fmt::Formatter<'_>, intake: &Intake) -> fmt::Result {
    let mut parts = Vec::new();
    if intake.stray_lines > 0 {
        parts.push(format!(
            "{} before the first record",
            plural(intake.stray_lines, "line")
        ));
    }
    if intake.impossible_times > 0 {
        parts.push(format!(
            "{} with a time that does not exist",
            plural(intake.impossible_times, "record")
        ));
    }
    if !parts.is_empty() {
        writeln!(out)?;
        wrapped(out, &format!("Not understood: {}.", parts.join(", ")))?;
        examples(out, &intake.samples)?;
    }
    if intake.unclassified > 0 {
        let events = plural(intake.unclassified, "event");
        writeln!(out)?;
        wrapped(
            out,
            &format!("{events} of class upstream_other. One of each kind:"),
        )?;
        examples(out, &intake.unclassified_samples)?;
    }
    if intake.undated > 0 {
        let events = plural(intake.undated, "event");
        writeln!(out)?;
        wrapped(
            out,
            &format!("{events} without a time, counted at the time of the record before."),
        )?;
    }
    Ok(())
}

fn examples(out: &mut fmt::Formatter<'_>, samples: &[Sample]) -> fmt::Result {
    for sample in samples {
        writeln!(out, "  {}, byte {}:", Safe(&sample.source), sample.offset)?;
        writeln!(
            out,
            "    {}",
            shortened(&Safe(&sample.text).to_string(), WIDTH - 4)
        )?;
    }
    Ok(())
}

/// What was read, in one line.
pub fn brief(intake: &Intake) -> String {
    let mut parts = vec![
        plural(intake.inputs, "file"),
        bytes(intake.bytes),
        plural(intake.lines, "line"),
        plural(intake.records, "record"),
        plural(intake.events, "event"),
    ];
    if intake.other_lines > 0 {
        let lines = plural(intake.other_lines, "line");
        parts.push(format!("{lines} of other programs"));
    }
    parts.join(", ")
}

/// A paragraph, later lines indented.
fn wrapped(out: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    Wrap::columns(WIDTH).paragraph(out, text)
}

/// At most `width` characters, the end replaced by `…` where there were more.
fn shortened(text: &str, width: usize) -> String {
    match text.char_indices().nth(width) {
        Some(_) => text.chars().take(width - 1).chain(['…']).collect(),
        None => text.to_owned(),
    }
}
