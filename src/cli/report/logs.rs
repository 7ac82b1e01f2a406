use crate::render::report::Read;
use crate::rollup::{Change, Incident, Summary, Survey};
use crate::scan::Scan;

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
        let site = std::mem::take(&mut prepared.site);
        let inputs = prepared.scan.inputs.iter();
        let mut paths: Vec<String> = inputs
            .map(|input| input.path().display().to_string())
            .collect();
        paths.truncate(PATHS);
        let count = |scan: &Scan| Ok(scan.count(|| Survey::new(width, asked)));
        let (outcome, status) = self.common.scan_prepared(prepared, count)?;
        if status == Status::NoResult {
            return Ok(None);
        }
        let survey = outcome.value;
        let rows = survey.rollup.into_rows();
        let before = survey.before.into_rows();
        let intake = outcome.intake;
        let summary = Summary::new(&rows, intake);
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
        let thresholds = self.incidents.thresholds();
        let incidents = Incident::find(&rows, &before, period.since, &thresholds);
        let mut change = period.span().map(|span| Change::new(span, intake.begins));
        if let Some(change) = &mut change {
            before.iter().chain(&rows).for_each(|row| change.add(row));
        }
        Ok(Some(Counted {
            known: intake.begins,
            begins: intake.begins,
            ends: period.until.map(|until| until.min(period.now)),
            summary,
            incidents,
            change,
            leaders: Some(survey.leaders),
            period,
            bucket_seconds: self.bucketed.seconds(),
            site,
            read,
            status,
        }))
    }
}
