//! Rows read back as what they were when they were counted.

use std::collections::{HashMap, VecDeque};
use std::iter::Peekable;
use std::ops::Range;
use std::sync::Arc;

use crate::record::{Level, Moment, OsError};
use crate::rollup::Row;
use crate::taxonomy::{Class, Phase};

use super::DatasetError;
use super::columns::{Counts, Key};
use super::merging::Merging;
use super::read::Table;

/// Rows of a dataset, sorted, that are read one after the other; a row whose kind is none is no row of ours, and is
/// left out.
pub struct HeldRows {
    tables: Arc<[Table]>,
    periods: std::vec::IntoIter<Range<i64>>,
    /// The period that is read.
    period: Option<Peekable<Merging>>,
    /// Rows of one place, in their order, that were read.
    ready: VecDeque<Row>,
    classes: Classes,
}

impl HeldRows {
    /// Those of these periods.
    pub(super) fn new(tables: Arc<[Table]>, periods: Vec<Range<i64>>, known: &[Class]) -> Self {
        Self {
            tables,
            periods: periods.into_iter(),
            period: None,
            ready: VecDeque::new(),
            classes: Classes::new(known),
        }
    }

    /// Reads the rows of one more place, and tells whether there may be more.
    fn go_on(&mut self) -> Result<bool, DatasetError> {
        let Some(period) = &mut self.period else {
            let Some(period) = self.periods.next() else {
                return Ok(false);
            };
            let merging = Merging::new(&*self.tables, &period)?;
            self.period = Some(merging.peekable());
            return Ok(true);
        };
        let Some(first) = period.next().transpose()? else {
            self.period = None;
            return Ok(true);
        };
        let mut rows = vec![first];
        let is_there = |rows: &[_], row: &Result<_, _>| match row {
            Ok(row) => place(row) == place(&rows[0]),
            Err(_) => true,
        };
        while let Some(next) = period.next_if(|row| is_there(&rows, row)) {
            rows.push(next?);
        }
        let rows = rows.into_iter();
        self.ready
            .extend(rows.filter_map(|row| self.classes.row(row)));
        // Classes are sorted otherwise than their names are.
        self.ready.make_contiguous().sort_by(Row::order);
        Ok(true)
    }
}

fn place(
    ((bucket, [pool, host, ..], _), _): &(Key, Counts),
) -> (i64, &Option<String>, &Option<String>) {
    (*bucket, pool, host)
}

impl Iterator for HeldRows {
    type Item = Result<Row, DatasetError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.ready.is_empty() {
            match self.go_on() {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => {
                    // Nothing comes behind it.
                    self.period = None;
                    self.periods = Vec::new().into_iter();
                    return Some(Err(error));
                }
            }
        }
        self.ready.pop_front().map(Ok)
    }
}

/// The operator's classes, by their names.
#[derive(Default)]
pub(super) struct Classes(HashMap<String, Class>);

impl Classes {
    fn new(known: &[Class]) -> Self {
        let known = known.iter();
        Self(
            known
                .map(|class| (class.name().to_owned(), *class))
                .collect(),
        )
    }

    /// `None` if the kind is none.
    pub(super) fn of(&self, name: &str, kind: &str) -> Option<Class> {
        let found = Class::from_name(name).or_else(|| self.0.get(name).copied());
        found.or_else(|| Class::foreign(name, kind))
    }
}

impl Classes {
    /// Nothing, if its kind is none.
    fn row(&self, ((bucket, texts, status), counts): (Key, Counts)) -> Option<Row> {
        let [
            pool,
            host,
            class,
            kind,
            phase,
            os_error,
            level,
            scheme,
            peer,
            server,
        ] = texts;
        Some(Row {
            bucket: Moment(bucket),
            pool: pool.unwrap_or_default().into(),
            host: host.unwrap_or_default().into(),
            class: self.of(&class.unwrap_or_default(), &kind.unwrap_or_default())?,
            phase: phase.and_then(|name| Phase::from_name(&name)),
            os_error: os_error.and_then(|name| OsError::from_name(&name)),
            level: level.and_then(|name| Level::from_name(name.as_bytes())),
            status: status.and_then(|status| u16::try_from(status).ok()),
            scheme: scheme.map(Into::into),
            peer: peer.map(Into::into),
            server: server.map(Into::into),
            events: counts.events as u64,
            clients: counts.clients,
            minutes: counts.minutes,
            first_seen: Moment(counts.first_seen),
            last_seen: Moment(counts.last_seen),
            example: counts.example,
        })
    }
}
