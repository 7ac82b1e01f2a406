//! What could not be read, as Python tells it.

use std::ffi::CString;
use std::io::ErrorKind;

use badgateway::scan::Outcome;
use badgateway::source::Trouble;
use pyo3::create_exception;
use pyo3::exceptions::{PyFileNotFoundError, PyOSError, PyPermissionError, PyUserWarning};
use pyo3::prelude::*;

create_exception!(
    badgateway,
    IncompleteWarning,
    PyUserWarning,
    "Something of the logs, or of a named configuration, could not be read; `problems` of the result says what."
);

/// What was made of logs, and what could not be read of them.
pub(crate) struct Read<T> {
    value: T,
    troubles: Vec<Trouble>,
    is_no_result: bool,
}

impl<T> Read<T> {
    /// What a scan gave, for which something was `missing` before it began.
    pub(crate) fn of(mut outcome: Outcome<T>, missing: Vec<Trouble>) -> Self {
        outcome.troubles.splice(0..0, missing);
        Self {
            is_no_result: outcome.is_no_result(),
            value: outcome.value,
            troubles: outcome.troubles,
        }
    }

    /// Makes something else of it.
    pub(crate) fn map<U>(self, make: impl FnOnce(T) -> U) -> Read<U> {
        let Self {
            value,
            troubles,
            is_no_result,
        } = self;
        Read {
            value: make(value),
            troubles,
            is_no_result,
        }
    }

    /// What was made, and the problems; an error, if nothing at all could be read.
    pub(crate) fn into_problems(self) -> PyResult<(T, Vec<String>)> {
        match self.is_no_result {
            true => Err(no_result(&self.troubles)),
            false => Ok((self.value, texts(&self.troubles).collect())),
        }
    }
}

fn texts(troubles: &[Trouble]) -> impl Iterator<Item = String> {
    troubles.iter().map(ToString::to_string)
}

fn no_result(troubles: &[Trouble]) -> PyErr {
    let kind = match troubles {
        [Trouble::Open { source, .. }, ..] => source.kind(),
        [Trouble::NoMatch { .. } | Trouble::EmptyFolder { .. }, ..] => ErrorKind::NotFound,
        _ => ErrorKind::Other,
    };
    let texts: Vec<String> = texts(troubles).collect();
    os_error(kind, texts.join("\n"))
}

/// The subclass of OSError that says best what it is.
pub(crate) fn os_error(kind: ErrorKind, what: String) -> PyErr {
    match kind {
        ErrorKind::NotFound => PyFileNotFoundError::new_err(what),
        ErrorKind::PermissionDenied => PyPermissionError::new_err(what),
        _ => PyOSError::new_err(what),
    }
}

/// So many are told in a warning.
const MOST_TOLD: usize = 5;

/// Warns once of all problems; an error if the caller wants warnings to be errors.
pub(crate) fn warn(py: Python<'_>, problems: &[String]) -> PyResult<()> {
    if problems.is_empty() {
        return Ok(());
    }
    let mut told: Vec<&str> = problems
        .iter()
        .map(String::as_str)
        .take(MOST_TOLD)
        .collect();
    let more = problems.len() - told.len();
    let more = format!("and {more} more; `problems` of the result has all");
    if problems.len() > MOST_TOLD {
        told.push(&more);
    }
    let text = CString::new(told.join("\n").replace('\0', "\\0"))?;
    PyErr::warn(py, &py.get_type::<IncompleteWarning>(), &text, 1)
}
