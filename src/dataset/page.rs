//! What each footer says, and what all of them say together.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use parquet::file::metadata::KeyValue;

use crate::record::Moment;

use super::entry::{Id, Line};
use super::home::Listed;
use super::{DatasetError, footer};

/// What one file says.
pub(super) struct Page {
    pub(super) path: PathBuf,
    pub(super) run: DateTime<Utc>,
    pub(super) zone: String,
    kept_since: Option<Moment>,
    pub(super) lines: Vec<Line>,
}

impl Page {
    pub(super) fn read_all(files: &[Listed]) -> Result<Vec<Self>, DatasetError> {
        Listed::fetch(files);
        files.iter().map(Self::read).collect()
    }

    pub(super) fn read(file: &Listed) -> Result<Self, DatasetError> {
        Self::of(file.path(), &footer::read(file)?)
    }

    /// What a file says whose footer was read already.
    pub(super) fn of(path: &Path, values: &[KeyValue]) -> Result<Self, DatasetError> {
        let value = |key| footer::value(values, key);
        let mut page = Self {
            path: path.to_path_buf(),
            run: DateTime::UNIX_EPOCH,
            zone: value(footer::ZONE).unwrap_or_default().to_owned(),
            kept_since: None,
            lines: Vec::new(),
        };
        let time = |text| DateTime::parse_from_rfc3339(text).map_err(|error| page.odd(error));
        let run = value(footer::RUN).map(time).transpose()?;
        let kept_since = value(footer::KEPT_SINCE).map(time).transpose()?;
        if let Some(run) = run {
            page.run = run.to_utc();
        }
        page.kept_since = kept_since.map(|time| Moment(time.timestamp_micros()));
        if let Some(ledger) = value(footer::LEDGER) {
            page.lines = serde_json::from_str(ledger).map_err(|error| page.odd(error))?;
        }
        Ok(page)
    }

    /// When the run was that wrote a line.
    fn run_of(&self, line: &Line) -> DateTime<Utc> {
        let own = line.run.and_then(DateTime::from_timestamp_micros);
        own.unwrap_or(self.run)
    }

    pub(super) fn has_lines(&self) -> bool {
        !self.lines.is_empty()
    }

    /// Whether a line of it continues one that stands in another file, or is lost.
    pub(super) fn continues_others(&self) -> bool {
        self.lines.iter().any(|line| line.continues().is_some())
    }

    /// What was read out of a line; an error if something that should be a mark is none.
    pub(super) fn mark<T>(&self, read: Option<T>) -> Result<T, DatasetError> {
        read.ok_or_else(|| self.odd("not a mark"))
    }

    fn odd(&self, what: impl ToString) -> DatasetError {
        DatasetError::Footer {
            path: self.path.clone(),
            what: what.to_string(),
        }
    }
}

/// All lines, in the order in which they were written. Names of files do not tell it.
pub(super) fn in_order(pages: &[Page]) -> Vec<(&Page, &Line)> {
    let mut lines: Vec<(&Page, &Line)> = pages
        .iter()
        .flat_map(|page| page.lines.iter().map(move |line| (page, line)))
        .collect();
    lines.sort_by_key(|(page, line)| page.run_of(line));
    lines
}

/// Those that count, of lines in the order in which they were written: each takes the place of the one
/// that it continues, and of an earlier one about the same bytes. The same bytes may come again, in
/// another log. Copies count as long as what they are copies of.
pub(super) fn live<'p>(
    lines: &[(&'p Page, &'p Line)],
) -> Result<Vec<(&'p Page, &'p Line)>, DatasetError> {
    let mut latest: HashMap<(Id, Option<&str>), usize> = HashMap::new();
    for (number, (page, line)) in lines.iter().enumerate() {
        let id = page.mark(line.id())?;
        if let Some(continued) = line.continues() {
            latest.remove(&(continued, None));
        }
        let copy = line.copy.then_some(line.path.as_str());
        latest.insert((id, copy), number);
    }
    let mut numbers: Vec<usize> = latest
        .iter()
        .filter(|((id, _), _)| latest.contains_key(&(*id, None)))
        .map(|(_, &number)| number)
        .collect();
    numbers.sort_unstable();
    Ok(numbers.into_iter().map(|number| lines[number]).collect())
}

pub(super) fn kept_since(pages: &[Page]) -> Option<Moment> {
    pages.iter().filter_map(|page| page.kept_since).max()
}

/// All pages as one, in the form in which they stand in a footer. What was last written to before
/// `kept_since` is left out: no run looks at it again.
pub(super) fn merged(pages: &[Page], kept_since: Option<Moment>) -> Result<String, DatasetError> {
    let is_kept = |line: &Line| {
        kept_since.is_none_or(|since| line.modified.saturating_mul(1_000_000) >= since.0)
    };
    let lines: Vec<Line> = live(&in_order(pages))?
        .into_iter()
        .filter(|(_, line)| is_kept(line))
        .map(|(page, line)| line.clone().of_run(page.run_of(line)))
        .collect();
    Ok(serde_json::to_string(&lines).expect("lines hold texts and numbers"))
}
