use std::collections::HashSet;

use crate::render::report::Read;
use crate::rollup::{Bounded, Change, Survey, Unnamed};
use crate::scan::Scan;

use super::sums::Sums;
use super::{Counted, Report};
use crate::cli::{CliError, Status};

/// As many paths are told.
const PATHS: usize = 100;

impl Report {
    /// Counts what logs say; nothing, where nothing could be read.
    pub(super) fn count_logs(&self) -> Result<Option<Counted>, CliError> {
        let period = self.period(self.common.zone())?;
        let width = self.bucketed.micros();
        let mut prepared = self.common.prepare()?;
        let asked = period.since.unwrap_or(prepared.scan.window.start);
        prepared.scan.window = period.start()..period.until.unwrap_or(prepared.scan.window.end);
        let privacy = prepared.privacy();
        let site = std::mem::take(&mut prepared.site);
        let inputs = prepared.scan.inputs.iter();
        let mut paths: Vec<String> = inputs
            .map(|input| input.path().display().to_string())
            .collect();
        paths.truncate(PATHS);
        let named: HashSet<String> = prepared.scan.names.pools();
        let count = |scan: &Scan| {
            let most = scan.most_held_by_one();
            Ok(scan.count(|| Survey::new(width, asked, most, &Unnamed)))
        };
        let (outcome, status) = self.common.scan_prepared(prepared, count)?;
        if status == Status::NoResult {
            return Ok(None);
        }
        let survey = outcome.value;
        let into_rows = |counted: Bounded<'_>| counted.into_rows(|pool| named.contains(pool));
        let rows = into_rows(survey.rollup)?;
        let before = into_rows(survey.before)?;
        let intake = outcome.intake;
        let change = period.span().map(|span| Change::new(span, intake.begins));
        let mut sums = Sums::new(change);
        before.each(|rows| sums.add_before(rows))?;
        rows.each(|rows| sums.add(rows))?;
        let mut bursts = sums.bursts(&self.incidents.thresholds(), period.since);
        rows.each(|rows| bursts.add(rows))?;
        let summary = sums.summing.finish(intake);
        let intake = &summary.intake;
        let read = Read::Logs {
            paths,
            inputs: intake.inputs,
            bytes: intake.bytes,
            lines: intake.lines,
            records: intake.records,
            events: summary.total.events(),
            outside: intake.outside + intake.events - summary.total.events(),
            other_lines: intake.other_lines,
            troubles: outcome.troubles.iter().map(ToString::to_string).collect(),
        };
        Ok(Some(Counted {
            known: intake.begins,
            begins: intake.begins,
            ends: period.until.map(|until| until.min(period.now)),
            summary,
            incidents: bursts.incidents(),
            change: sums.change,
            leaders: Some(survey.leaders),
            period,
            bucket_seconds: self.bucketed.seconds(),
            site,
            read,
            privacy,
            status,
        }))
    }
}
