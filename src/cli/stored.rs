use std::io;
use std::ops::Range;

use crate::dataset::{DatasetError, Held, HeldRows};
use crate::record::Moment;
use crate::rollup::{Named, Row, RowByRow, Source};
use crate::taxonomy::Class;

use super::CliError;

/// Rows of some times of a dataset: of the machine that was asked for, or of all.
pub(super) struct Stored<'a> {
    pub(super) held: &'a Held,
    pub(super) times: Vec<Range<Moment>>,
    /// Classes that are not built in.
    pub(super) known: &'a [Class],
    pub(super) host: Option<&'a str>,
}

impl Stored<'_> {
    /// Each run keeps few names, but all runs together may have left very many.
    pub(super) fn with_few_names(self) -> Result<Named<Self>, CliError> {
        match self.held.have_few_names(&self.times, self.host)? {
            true => Ok(Named::all(self)),
            false => Named::chosen(self, |_| false).map_err(failed),
        }
    }
}

impl Source for Stored<'_> {
    fn rows(&self) -> io::Result<RowByRow> {
        let times = self.times.iter();
        let rows = times.map(|time| self.held.rows(time, self.known));
        let rows: Vec<HeldRows> = rows.collect();
        let host = self.host.map(str::to_owned);
        let is_asked = move |row: &Result<Row, _>| match (row, &host) {
            (Ok(row), Some(host)) => *row.host == **host,
            _ => true,
        };
        let rows = rows.into_iter().flatten().filter(is_asked);
        Ok(Box::new(rows.map(|row| row.map_err(io::Error::other))))
    }
}

/// What reading the rows of a dataset has failed with.
pub(super) fn failed(error: io::Error) -> CliError {
    match error.downcast::<DatasetError>() {
        Ok(error) => error.into(),
        Err(error) => error.into(),
    }
}
