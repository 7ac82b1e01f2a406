//! What a dataset holds, as its files' footers say it.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::record::{Moment, Zone};
use crate::rollup::{Failures, Few};
use crate::source::Privacy;
use crate::taxonomy::Class;

use super::home::Listed;
use super::page::Page;
use super::periods::periods;
use super::read::{self, Table, said};
use super::rows::HeldRows;
use super::write::MOST_ROWS;
use super::{DAY, Dataset, DatasetError, HOUR};

/// What a dataset says about all that it holds; the rows are read when they are asked for, of the files that there
/// were when it was opened.
pub struct Held {
    /// The buckets' width in seconds; the widest, where runs have used several.
    pub bucket_seconds: i64,
    /// The zones in which the logs were written, as their runs were told.
    pub zones: Vec<String>,
    /// When the last run began, if there has been one; also one that found nothing new, where that can be told.
    pub last_run: Option<DateTime<Utc>>,
    /// From when on something is known: from the first bucket, or from the first run, whichever is earlier.
    pub known_since: Option<Moment>,
    /// Where the first bucket begins, and the last one.
    pub buckets: Option<(Moment, Moment)>,
    tables: Arc<[Table]>,
}

impl Dataset {
    /// Reads what the footers say.
    pub fn open(&self) -> Result<Held, DatasetError> {
        match self.files()? {
            Some(files) => {
                let mut held = self.hold(files)?;
                held.last_run = held.last_run.max(self.last_begun());
                Ok(held)
            }
            None => Err(self.no_dataset()),
        }
    }

    /// What the footers of these files say. Runs that added nothing are in none.
    pub(super) fn hold(&self, files: Vec<Listed>) -> Result<Held, DatasetError> {
        Listed::fetch(&files);
        let mut held = Held {
            bucket_seconds: 0,
            zones: Vec::new(),
            last_run: None,
            known_since: None,
            buckets: None,
            tables: Arc::default(),
        };
        let mut tables = Vec::new();
        for file in &files {
            let table = Table::open(file)?;
            held.bucket_seconds = held.bucket_seconds.max(table.width);
            if let Some((first, last)) = table.buckets() {
                let (first, last) = (Moment(first), Moment(last));
                let all = held.buckets.unwrap_or((first, last));
                held.buckets = Some((all.0.min(first), all.1.max(last)));
            }
            let page = Page::of(file.path(), said(&table.metadata))?;
            tables.push(table);
            held.last_run = held.last_run.max(Some(page.run));
            let first = held.buckets.map(|(first, _)| first);
            let run = Moment(page.run.timestamp_micros());
            let known = held.known_since.into_iter().chain(first);
            held.known_since = known.chain([run]).min();
            held.zones.extend(page.zone.split(", ").map(str::to_owned));
        }
        held.zones.sort_unstable();
        held.zones.dedup();
        if held.bucket_seconds == 0 {
            held.bucket_seconds = HOUR;
        }
        held.tables = tables.into();
        Ok(held)
    }
}

impl Held {
    /// The days (UTC) of a time that may have data. Who reads the rows of one day after the other needs no memory for a
    /// year.
    pub fn days(&self, time: &Range<Moment>) -> impl Iterator<Item = Range<Moment>> + use<> {
        let (start, end) = (time.start.0, time.end.0);
        let groups = self.tables.iter().flat_map(|table| &table.groups);
        let groups = groups.filter(|&&(first, last)| first < end && start <= last);
        let asked = groups.map(|&(first, last)| (first.max(start), last.min(end - 1)));
        let days: BTreeSet<i64> = asked.flat_map(read::days).collect();
        let midnights = days.into_iter().map(|day| day * DAY);
        midnights.map(move |day| Moment(day.max(start))..Moment((day + DAY).min(end)))
    }

    /// The rows of the buckets that begin in this time, those that have everything in common added up, sorted, one after
    /// the other. Classes that are neither built in nor `known` are taken as the dataset names them.
    pub fn rows(&self, buckets: &Range<Moment>, known: &[Class]) -> HeldRows {
        let days = self.days(buckets).map(|day| day.start.0..day.end.0);
        let periods = periods(self.tables.iter(), days, MOST_ROWS as u64);
        HeldRows::new(Arc::clone(&self.tables), periods, known)
    }

    /// Whether the rows of these times have so few names that all can be kept; of one machine, or of all.
    pub fn have_few_names(
        &self,
        times: &[Range<Moment>],
        host: Option<&str>,
    ) -> Result<bool, DatasetError> {
        let mut few = Few::default();
        for time in times {
            for table in self.tables_of(time) {
                if few.are_few() {
                    table.add_names(&mut few, &(time.start.0..time.end.0), host)?;
                }
            }
        }
        Ok(few.are_few())
    }

    /// Counts the failures of each pool in each minute, but for those of one file.
    pub(super) fn add_failures(
        &self,
        failures: &mut Failures,
        without: Option<&Path>,
    ) -> Result<(), DatasetError> {
        let mut tables = self.tables.iter();
        tables.try_for_each(|table| match Some(table.path()) == without {
            true => Ok(()),
            false => table.add_failures(failures),
        })
    }

    /// Who may read what is made of the rows.
    pub fn privacy(&self) -> Privacy {
        Privacy::of_all(self.tables.iter().map(|table| table.privacy))
    }

    /// Whether this is one of the files.
    pub(super) fn has(&self, path: &Path) -> bool {
        self.tables.iter().any(|table| table.path() == path)
    }

    /// The files that may have rows of these buckets.
    pub(super) fn tables_of(&self, buckets: &Range<Moment>) -> impl Iterator<Item = &Table> {
        let buckets = buckets.start.0..buckets.end.0;
        let tables = self.tables.iter();
        tables.filter(move |table| !table.groups_of(&buckets).is_empty())
    }

    /// The zone in which all logs were written, if it is one.
    pub fn zone(&self) -> Option<Zone> {
        match self.zones.as_slice() {
            [zone] => zone.parse().ok(),
            _ => None,
        }
    }
}
