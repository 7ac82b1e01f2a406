use std::cmp::Reverse;
use std::collections::HashMap;
use std::fmt::{self, Write};

use crate::render::count;

use super::super::clock::duration;
use super::super::document::{Incident, Named};
use super::super::headline::is_all_along;
use super::super::strip::bar;
use super::View;
use super::style::{FAILED, STRONG};
use super::table::{Table, cell, number, painted, text, whole};

/// Of more incidents than this only the worst are shown.
const FEW: usize = 8;

const BAR: usize = 8;

impl View<'_> {
    pub(super) fn incidents(&self, out: &mut impl Write) -> fmt::Result {
        let incidents = self.document.incidents.iter();
        let (steady, bursts): (Vec<_>, Vec<_>) =
            incidents.partition(|incident| is_all_along(incident));
        self.bursts(out, bursts)?;
        self.steady(out, steady)
    }

    fn bursts(&self, out: &mut impl Write, mut bursts: Vec<&Incident>) -> fmt::Result {
        if bursts.is_empty() {
            return Ok(());
        }
        bursts.sort_by_key(|incident| Reverse(incident.failures));
        let mut shown = self.first(&bursts, FEW).to_vec();
        // In the order of time again, and those that started together stand together.
        let mut starts = HashMap::new();
        for incident in &bursts {
            let start = starts.entry(incident.group).or_insert(incident.started.0);
            *start = incident.started.0.min(*start);
        }
        shown.sort_by_key(|incident| {
            let start = starts.get(&incident.group);
            (start, incident.group, incident.started.0)
        });
        let most = shown.iter().map(|incident| incident.failures).max();
        self.section(out, "INCIDENTS", "")?;
        let mut table = Table::new(&[
            whole(""),
            whole("FROM"),
            whole("TO"),
            whole("LENGTH"),
            text("POOL", 10),
            number("FAILED"),
            number("PEAK/MIN"),
            whole(""),
        ]);
        for (at, incident) in shown.iter().enumerate() {
            let joins = |other: Option<usize>| {
                let other = other.and_then(|other| shown.get(other));
                other.is_some_and(|other| other.group == incident.group)
            };
            let (joins_last, joins_next) = (joins(at.checked_sub(1)), joins(Some(at + 1)));
            let bracket = self.bracket(joins_last, joins_next);
            let bar = bar(
                incident.failures,
                most.unwrap_or(0),
                BAR,
                self.style.unicode,
            );
            table.row([
                cell(bracket),
                cell(self.from(incident)),
                cell(self.to(incident)),
                cell(duration(incident.seconds)),
                painted(STRONG, self.style.name(&incident.pool, 80)),
                cell(count(incident.failures)),
                cell(count(incident.peak_per_minute)),
                painted(FAILED, bar),
            ]);
            table.note(self.cause(incident, self.rail(joins_next)));
        }
        table.write(out, "  ", self.style)?;
        self.more(out, bursts.len() - shown.len(), "smaller incident")
    }

    /// Class and peers, below the incident.
    fn cause(&self, incident: &Incident, rail: &str) -> String {
        let class = self.style.name(incident.class.name(), 40);
        let indent = "     ";
        let room = self
            .style
            .width()
            .saturating_sub(2 + 1 + indent.len() + class.len() + 2);
        let peers = self.some(&incident.peers, room);
        let class = self.style.paint(FAILED, &class);
        let line = format!("  {rail}{indent}{class}  {peers}");
        line.trim_end().to_owned()
    }

    fn from(&self, incident: &Incident) -> String {
        if incident.is_from_before {
            "earlier".to_owned()
        } else {
            self.clock.minute(incident.started)
        }
    }

    fn to(&self, incident: &Incident) -> String {
        if incident.is_going_on {
            "the end".to_owned()
        } else {
            self.clock.end(incident.started, incident.ended)
        }
    }

    /// Those that started together have a bracket.
    fn bracket(&self, joins_last: bool, joins_next: bool) -> &'static str {
        let marks = if self.style.unicode {
            ["", "┌", "├", "└"]
        } else {
            ["", "/", "|", "\\"]
        };
        match (joins_last, joins_next) {
            (false, false) => marks[0],
            (false, true) => marks[1],
            (true, true) => marks[2],
            (true, false) => marks[3],
        }
    }

    fn rail(&self, joins_next: bool) -> &'static str {
        match (joins_next, self.style.unicode) {
            (false, _) => " ",
            (true, true) => "│",
            (true, false) => "|",
        }
    }

    /// `10.0.0.7:80 and 2 more`
    fn some(&self, names: &[Named], room: usize) -> String {
        let Some((first, more)) = names.split_first() else {
            return String::new();
        };
        let more = match more.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let first = self
            .style
            .name(&first.name, room.saturating_sub(more.len()));
        first + &more
    }

    /// What is no burst: it fails as long as the data lasts.
    fn steady(&self, out: &mut impl Write, mut steady: Vec<&Incident>) -> fmt::Result {
        if steady.is_empty() {
            return Ok(());
        }
        steady.sort_by_key(|incident| Reverse(incident.failures));
        self.section(out, "FAILING ALL ALONG", "")?;
        let shown = self.first(&steady, FEW);
        let mut table = Table::new(&[
            text("POOL", 10),
            number("FAILED"),
            number("A MINUTE"),
            whole("CLASS"),
            text("PEER", 10),
        ]);
        for incident in shown {
            let minutes = (incident.seconds.max(60) / 60) as f64;
            let rate = incident.failures as f64 / minutes;
            table.row([
                painted(STRONG, self.style.name(&incident.pool, 80)),
                cell(count(incident.failures)),
                cell(format!("{rate:.1}")),
                painted(FAILED, self.style.name(incident.class.name(), 40)),
                cell(self.some(&incident.peers, 28)),
            ]);
        }
        table.write(out, "  ", self.style)?;
        self.more(out, steady.len() - shown.len(), "more pool")
    }
}
