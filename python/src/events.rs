//! Events, which come as they are read.

use std::mem;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::{self as arrow};
use arrow_schema::{ArrowError, SchemaRef};
use badgateway::render::{Batches, event_schema_of};
use badgateway::scan::Scan;
use badgateway::source::Trouble;
use pyo3::exceptions::{PyKeyboardInterrupt, PyRuntimeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::MutexExt;
use pyo3::types::PyCapsule;

use crate::arguments::{Arguments, Files, Prepared};
use crate::batch::{RecordBatch, schema_capsule, stream_capsule};
use crate::trouble::{self, Read};
use crate::work::{self, Hand, Pieces};

/// So many batches wait to be taken; each is of a megabyte of log or two.
const AHEAD: usize = 4;

/// Every upstream event of NGINX error logs, in the order of the logs and of the records in them.
///
/// A log is a path (a file, a folder, which stands for its `*error*log*` files, or a glob), or what a log holds: bytes, a
/// pair `(name, bytes)`, or a `Log`. Compressed ones are known by their first bytes. `paths` is one or several of these.
///
/// The result is read once, by whatever takes a stream of Arrow's: `pyarrow.table(reader)`, `polars.DataFrame(reader)`,
/// `duckdb.sql("SELECT … FROM reader")`, `for batch in reader`. Threads of its own read the logs meanwhile, a few
/// megabytes ahead; dropping or closing it ends them. Memory does not grow with the logs. The call returns with the
/// first events.
///
/// The columns are those that `badgateway events` writes: `time` (microseconds, UTC; null where the record has none),
/// `level`, `pid`, `tid`, `connection`, `class`, `kind`, `phase`, `os_error`, `status`, `scheme`, `peer`, `pool`,
/// `upstream`, `server`, `client`, `request`, `host_header`, `referrer`, `message`, `action`, `host`, `source`, `offset`
/// (in bytes of the decompressed log).
///
/// Keywords:
///     timezone: the zone in which the logs were written, such as "Europe/Berlin" (by default this machine's).
///     host: the name of the machine whose logs they are, where no envelope names one (by default this machine's).
///     since, until: only events from the one on, and before the other: a datetime, a date, or a text such as
///         "2026-11-01 09:15", "2026-11-01T09:15:02Z", "yesterday", "24h". Without a zone they are in that of the logs.
///     rules: a file of rules in TOML, which add classes.
///     nginx_conf, php_fpm: configurations that name the pools, one or several. None is looked for.
///     anonymize: "cut" clients' addresses to networks, or "drop" them.
///     threads: how many work; 0 chooses one per processor.
///
/// Raises ValueError for an argument that makes no sense, FileNotFoundError, PermissionError or another OSError where
/// nothing at all could be read. What else could not be read is an `IncompleteWarning` when the stream ends, and
/// `reader.problems`.
#[pyfunction]
#[pyo3(signature = (paths, *, timezone=None, host=None, since=None, until=None, rules=None, nginx_conf=Files::default(),
    php_fpm=Files::default(), anonymize=None, threads=0),
    text_signature = "(paths, *, timezone=None, host=None, since=None, until=None, rules=None, nginx_conf=(), \
    php_fpm=(), anonymize=None, threads=0)")]
#[expect(clippy::too_many_arguments, reason = "they are keywords")]
pub(crate) fn events(
    paths: &Bound<'_, PyAny>,
    timezone: Option<&Bound<'_, PyAny>>,
    host: Option<String>,
    since: Option<&Bound<'_, PyAny>>,
    until: Option<&Bound<'_, PyAny>>,
    rules: Option<PathBuf>,
    nginx_conf: Files,
    php_fpm: Files,
    anonymize: Option<&str>,
    threads: usize,
) -> PyResult<RecordBatchReader> {
    let arguments = Arguments {
        timezone,
        host,
        since,
        until,
        rules,
        nginx_conf,
        php_fpm,
        anonymize,
    };
    let Prepared {
        scan,
        problems,
        missing,
    } = arguments.prepare(paths)?;
    let schema = event_schema_of(&scan.zone.to_string());
    let problems = Arc::new(Mutex::new(problems));
    let work = move |scan: &Scan, hand: &dyn Hand<Piece>| read(scan, missing, hand);
    let mut events = Events {
        pieces: Some(work::begin(scan, threads, AHEAD, work)?),
        first: None,
        schema: SchemaRef::clone(&schema),
        problems: Arc::clone(&problems),
    };
    events.first = paths.py().detach(|| events.next())?;
    Ok(RecordBatchReader {
        events: Mutex::new(Some(events)),
        schema,
        problems,
    })
}

enum Piece {
    Batch(arrow::RecordBatch),
    /// Nothing comes behind it: what could not be read, or what the threads have panicked with.
    End(Result<Read<()>, String>),
}

fn read(scan: &Scan, missing: Vec<Trouble>, hand: &dyn Hand<Piece>) {
    let nobody = || std::io::Error::other("nobody takes the events");
    let written = work::caught(|| {
        scan.events::<Batches>(|batches| {
            let mut batches = batches.iter();
            let is_taken = batches.all(|batch| hand(Piece::Batch(batch.clone())));
            is_taken.then_some(()).ok_or_else(nobody)
        })
    });
    let end = match written {
        Ok(Ok(outcome)) => Ok(Read::of(outcome, missing)),
        // Then nobody hears of it either.
        Ok(Err(error)) => Err(error.to_string()),
        Err(panic) => Err(panic),
    };
    hand(Piece::End(end));
}

/// Batches of events, one after the other.
struct Events {
    /// `None` at the end.
    pieces: Option<Pieces<Piece>>,
    first: Option<arrow::RecordBatch>,
    schema: SchemaRef,
    problems: Arc<Mutex<Vec<String>>>,
}

impl Events {
    fn next(&mut self) -> PyResult<Option<arrow::RecordBatch>> {
        if let Some(first) = self.first.take() {
            return Ok(Some(first));
        }
        let Some(pieces) = &self.pieces else {
            return Ok(None);
        };
        match pieces.next() {
            Ok(Piece::Batch(batch)) => {
                let batch = batch.with_schema(SchemaRef::clone(&self.schema));
                batch.map(Some).map_err(crate::batch::arrow_error)
            }
            Ok(Piece::End(end)) => {
                self.pieces = None;
                self.end(end.map_err(PyRuntimeError::new_err)?)
            }
            Err(ended) => {
                self.pieces = None;
                Err(ended.into())
            }
        }
    }

    fn end(&mut self, read: Read<()>) -> PyResult<Option<arrow::RecordBatch>> {
        let ((), problems) = read.into_problems()?;
        let all = {
            let all = self.problems.lock();
            let mut all = all.unwrap_or_else(PoisonError::into_inner);
            all.extend(problems);
            // Whoever asks for them meanwhile holds what is waited for below.
            all.clone()
        };
        let warned = Python::try_attach(|py| trouble::warn(py, &all));
        warned.unwrap_or(Ok(()))?;
        Ok(None)
    }
}

/// What takes them through Arrow's C interface.
struct Stream(Events);

impl Iterator for Stream {
    type Item = Result<arrow::RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = work::caught(|| self.0.next());
        let next = next.unwrap_or_else(|panic| Err(PyRuntimeError::new_err(panic)));
        next.map_err(|error| {
            Python::try_attach(|py| interrupt_again(py, &error));
            ArrowError::ExternalError(Box::new(error))
        })
        .transpose()
    }
}

impl arrow::RecordBatchReader for Stream {
    fn schema(&self) -> SchemaRef {
        SchemaRef::clone(&self.0.schema)
    }
}

/// An error of a stream has no class. Whoever typed Ctrl-C is to see KeyboardInterrupt all the same.
fn interrupt_again(py: Python<'_>, error: &PyErr) {
    if error.is_instance_of::<PyKeyboardInterrupt>(py) {
        let thread = py.import("_thread");
        let again = thread.and_then(|thread| thread.call_method0(intern!(py, "interrupt_main")));
        // There is nobody else to tell.
        drop(again);
    }
}

/// A stream of batches of events, which is read once; see `events`.
#[pyclass(frozen, module = "badgateway", skip_from_py_object)]
pub(crate) struct RecordBatchReader {
    /// `None` once something else reads them.
    events: Mutex<Option<Events>>,
    schema: SchemaRef,
    problems: Arc<Mutex<Vec<String>>>,
}

#[pymethods]
impl RecordBatchReader {
    /// What could not be read, a line each; complete when the stream has come to its end.
    #[getter]
    fn problems(&self) -> Vec<String> {
        let problems = self.problems.lock();
        problems.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends reading. What was not read yet is not read.
    fn close(&self, py: Python<'_>) {
        drop(self.take(py));
    }

    fn __iter__(this: Py<Self>) -> Py<Self> {
        this
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<RecordBatch>> {
        let events = self.events.lock_py_attached(py);
        let mut events = events.unwrap_or_else(PoisonError::into_inner);
        let Some(events) = events.as_mut() else {
            return Ok(None);
        };
        let batch = py.detach(|| events.next())?;
        Ok(batch.map(|batch| RecordBatch {
            batch,
            problems: Vec::new(),
        }))
    }

    fn __enter__(this: Py<Self>) -> Py<Self> {
        this
    }

    #[pyo3(signature = (*_error))]
    fn __exit__(&self, py: Python<'_>, _error: &Bound<'_, PyAny>) {
        self.close(py);
    }

    fn __repr__(&self) -> String {
        format!(
            "<badgateway.RecordBatchReader: {} columns>",
            self.schema.fields().len()
        )
    }

    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        schema_capsule(py, &self.schema)
    }

    /// The batches that were not taken yet, as they are: `requested_schema` is not looked at.
    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        let _ = requested_schema;
        match self.take(py) {
            Some(events) => stream_capsule(py, Stream(events)),
            None => Err(PyValueError::new_err(
                "something else reads these events already, or the reader is closed; call events once more",
            )),
        }
    }
}

impl RecordBatchReader {
    fn take(&self, py: Python<'_>) -> Option<Events> {
        let events = self.events.lock_py_attached(py);
        mem::take(&mut *events.unwrap_or_else(PoisonError::into_inner))
    }
}
