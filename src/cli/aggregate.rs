use std::collections::HashSet;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use chrono::Utc;
use clap::Args;

use crate::dataset::{Addition, Commit, Dataset, DatasetError, Entry, Fresh, Ledger, Provenance};
use crate::pool::this_machine;
use crate::render::{Safe, bytes, others, plural};
use crate::rollup::{Failures, Gist, Intake, Row};
use crate::scan::{Finding, Notes, Resumed, Scan, Span, State};
use crate::source::{Access, Compression, Trouble, whole_path};

use super::args::{Bucketed, Common, Prepared};
use super::incidents::Incidents;
use super::signals::Watch;
use super::{CliError, Status, say};

/// Append per-pool, per-hour Parquet to a dataset.
///
/// Every run adds one file to the table `hourly` of the dataset: DIR/hourly/*.parquet, and makes the table
/// `incidents` anew: DIR/incidents/incidents.parquet. What an earlier run has read is not read again,
/// whatever the log is called now and however it is compressed. Where there is nothing new, nothing is
/// added. What --since and --until leave out is left out for good.
#[derive(Debug, Args)]
pub(super) struct Aggregate {
    #[command(flatten)]
    common: Common,

    #[command(flatten)]
    bucketed: Bucketed,

    /// The folder of the dataset, or its URL in a bucket; made if need be.
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    out: PathBuf,

    #[command(flatten)]
    incidents: Incidents,

    /// Show what would be read, and do nothing.
    #[arg(long, help_heading = "Output")]
    dry_run: bool,

    /// How long to wait for another run on the same dataset to end.
    #[arg(
        long,
        value_name = "SPAN",
        default_value = "10m",
        help_heading = "Work"
    )]
    wait: Span,
}

/// How often a run is begun again because logs changed under its eyes, or another machine was faster.
const ATTEMPTS: usize = 5;

impl Aggregate {
    pub(super) fn run(&self) -> Result<Status, CliError> {
        let mut prepared = self.common.prepare()?;
        let dataset = Dataset::at(&self.out)?;
        let machine = this_machine();
        if self.dry_run {
            return self.show(prepared, &dataset.ledger()?, &machine);
        }
        let asked_for = prepared.scan.window.clone();
        let _watch = Watch::begin();
        let mut run = dataset.begin(&machine, self.wait.0, say_waiting)?;
        let mut missed = HashSet::new();
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                // A page that cannot be read is zeros in a map, and an error here.
                prepared.scan.access = Access::Read;
            }
            let began = Utc::now();
            // Logs may have been rotated while this run waited, or since the last attempt.
            let (inputs, mut troubles) = self.common.discover();
            prepared.scan.inputs = inputs;
            let ledger = run.ledger()?;
            prepared.scan.window.start = asked_for.start.max(ledger.kept_since());
            let width = self.bucketed.micros();
            let work = |scan: &Scan| scan.resume(width, &ledger, &machine, &run);
            let outcome = prepared.work(&self.common, work);
            let Resumed {
                counted,
                mut notes,
                has_changed,
            } = outcome.value;
            troubles.extend(outcome.troubles);
            let has_changed =
                has_changed || troubles.iter().any(|trouble| self.has_vanished(trouble));
            troubles.extend(lost(&ledger));
            // A pipe cannot be read twice.
            let is_last = notes.has_pipe;
            let mut gone = self.gone(&notes, &troubles, &ledger, &machine);
            let before = std::mem::replace(&mut missed, gone.iter().map(Entry::id).collect());
            // A folder that is listed while a log is renamed may show it under neither name.
            let looks_again = !missed.is_subset(&before) && attempt + 1 < ATTEMPTS;
            match () {
                () if has_changed && is_last => break,
                () if has_changed || (looks_again && !is_last) => continue,
                () => {}
            }
            gone.retain(|entry| is_last || before.contains(&entry.id()));
            troubles.extend(gone.iter().map(|entry| Trouble::Gone {
                path: entry.sight.path.clone(),
                offset: entry.fingerprint.length,
            }));
            notes.are_new |= !gone.is_empty();
            notes.entries.extend(gone);
            let named = prepared.scan.names.pools();
            let rows = counted
                .into_rows(|pool| named.contains(pool))
                .map_err(|source| {
                    let path = self.out.clone();
                    DatasetError::Io { path, source }
                })?;
            let (mut gist, mut failures) = (Gist::default(), Failures::default());
            let provenance = Provenance {
                zone: self.common.zone().to_string(),
                bucket_seconds: self.bucketed.seconds(),
                run: began,
            };
            let path = match rows.is_empty() && !notes.are_new {
                true => None,
                false => {
                    let each = |rows: &[Row]| {
                        gist.add(rows);
                        failures.add(rows);
                    };
                    let addition = Addition {
                        rows: &rows,
                        entries: &notes.entries,
                        provenance: &provenance,
                        ledger: &ledger,
                        privacy: prepared.privacy(),
                    };
                    match run.commit(addition, each)? {
                        Commit::Done(path) => Some(path),
                        Commit::Contradicted if is_last => break,
                        Commit::Contradicted => continue,
                    }
                }
            };
            self.common.tell(&outcome.intake, &troubles);
            let fresh = path.as_deref().map(|path| Fresh {
                path,
                failures,
                rows: &rows,
            });
            let incidents = self.refresh_incidents(&dataset, fresh);
            let status = status(&troubles, &outcome.intake, &notes.findings)
                .but(prepared.is_whole && incidents);
            if status != Status::NoResult && !self.common.is_quiet() {
                self.sum_up(&gist, &outcome.intake, &notes.findings, path.as_deref());
            }
            // The process ends here, and all its memory with it: row by row, that takes its time.
            std::mem::forget(rows);
            return Ok(status);
        }
        Err(CliError::Unsettled)
    }

    /// The table of incidents follows the rows. Where that fails, the rows are there all the same, and the next
    /// run tries again.
    fn refresh_incidents(&self, dataset: &Dataset, fresh: Option<Fresh<'_>>) -> bool {
        let thresholds = self.incidents.thresholds();
        let refreshed = dataset.refresh_incidents(&thresholds, self.wait.0, fresh);
        if let Err(error) = &refreshed {
            say(format_args!(
                "the table of incidents is not up to date: {error}"
            ));
        }
        refreshed.is_ok()
    }

    /// Whether a file that was found was rotated before it could be opened. By now there may be another one
    /// of that name; a link that leads nowhere is found again.
    fn has_vanished(&self, trouble: &Trouble) -> bool {
        match trouble {
            Trouble::Open { path, source } => {
                let is_link = fs::symlink_metadata(path).is_ok_and(|meta| meta.is_symlink());
                source.kind() == io::ErrorKind::NotFound && !self.common.names(path) && !is_link
            }
            _ => false,
        }
    }

    /// The logs that are gone and may not have been read to their end.
    fn gone(
        &self,
        notes: &Notes,
        troubles: &[Trouble],
        ledger: &Ledger,
        machine: &str,
    ) -> Vec<Entry> {
        let unreadable: Vec<PathBuf> = troubles
            .iter()
            .filter_map(|trouble| trouble.unreadable().map(whole_path))
            .collect();
        ledger.gone(machine, &notes.met, |path| {
            self.common.covers(path) && !unreadable.iter().any(|other| path.starts_with(other))
        })
    }

    fn sum_up(&self, gist: &Gist, intake: &Intake, findings: &[Finding], path: Option<&Path>) {
        if intake.inputs > 0 {
            self.common.remark_intake(intake);
        }
        if intake.outside > 0 {
            let events = plural(intake.outside, "event");
            self.common.remark(format_args!(
                "{events} outside of the time asked for or kept; no later run counts them"
            ));
        }
        let old = findings.len() - intake.inputs as usize;
        if old > 0 {
            let logs = plural(old as u64, "log");
            self.common.remark(format_args!("nothing new in {logs}"));
        }
        let Some(path) = path else { return };
        if let Some((pool, class, events)) = gist.worst() {
            self.common.remark(format_args!(
                "{} in {}; worst: {pool} ({events} × {class})",
                plural(gist.failed(), "failure"),
                plural(gist.pools(), "pool"),
            ));
        }
        if gist.others() > 0 {
            self.common.remark(others(gist.others()));
        }
        self.common.remark(format_args!(
            "wrote {} to {}",
            plural(gist.rows(), "row"),
            path.display()
        ));
    }

    /// What would be read, one line for each input.
    fn show(
        &self,
        mut prepared: Prepared,
        ledger: &Ledger,
        machine: &str,
    ) -> Result<Status, CliError> {
        let (findings, more) = prepared.work(&self.common, |scan| scan.findings(ledger, machine));
        let Prepared {
            scan,
            is_whole,
            mut troubles,
            ..
        } = prepared;
        troubles.extend(more);
        troubles.extend(lost(ledger));
        let mut text = String::new();
        for finding in &findings {
            let path = Safe(scan.inputs[finding.input].path().display());
            let what = match (finding.state, finding.compression) {
                (State::Empty, _) => "empty".to_owned(),
                (State::Unchanged, _) => "nothing new".to_owned(),
                (State::Past, _) => "older than what the dataset keeps".to_owned(),
                (State::Known, _) => "nothing new: an older copy, or a part of one".to_owned(),
                (State::Rest { bytes: Some(0), .. }, _) => "nothing new".to_owned(),
                (State::Rest { from: 0, bytes }, compression) => whole(bytes, compression),
                (State::Rest { from, bytes }, compression) => {
                    format!("{}, from byte {from}", whole(bytes, compression))
                }
            };
            text.push_str(&format!("{path}: {what}\n"));
        }
        self.common.tell(&Intake::default(), &troubles);
        io::stdout()
            .write_all(text.as_bytes())
            .map_err(|source| CliError::Output {
                name: "standard output".to_owned(),
                source,
            })?;
        Ok(status(&troubles, &Intake::default(), &findings).but(is_whole))
    }
}

/// Says who is waited for.
pub(super) fn say_waiting(pid: Option<u32>) {
    let who = pid.map_or_else(String::new, |pid| format!(" (process {pid})"));
    say(format_args!("waiting for another run{who} to end"));
}

/// What the dataset has counted and does not hold any more.
fn lost(ledger: &Ledger) -> impl Iterator<Item = Trouble> {
    let lost = ledger.lost().iter();
    lost.map(|lost| Trouble::Uncounted {
        path: lost.path.clone(),
        offset: lost.end,
    })
}

/// `12 MB`; of what is compressed, or comes through a pipe, it is not known.
fn whole(length: Option<u64>, compression: Option<Compression>) -> String {
    match (length, compression) {
        (Some(length), _) => bytes(length),
        (None, Some(compression)) => format!("what it holds ({compression})"),
        (None, None) => "what comes".to_owned(),
    }
}

fn status(troubles: &[Trouble], intake: &Intake, findings: &[Finding]) -> Status {
    let is_log = |finding: &Finding| match finding.state {
        State::Empty | State::Unchanged | State::Known | State::Past => true,
        State::Rest { from, .. } => from > 0,
    };
    match troubles {
        [] => Status::Done,
        _ if intake.records == 0 && !findings.iter().any(is_log) => Status::NoResult,
        _ => Status::Incomplete,
    }
}
