//! Counts per bucket, pool and the rest of what tells rows apart.

use std::io;
use std::path::PathBuf;

use arrow_array as arrow;
use badgateway::dataset;
use badgateway::rollup::{Bounded, Rows, Unnamed};
use badgateway::scan::Scan;
use badgateway::source::Trouble;
use pyo3::exceptions::{PyOSError, PyOverflowError, PyRuntimeError};
use pyo3::prelude::*;

use crate::arguments::{self, Arguments, Files, Prepared};
use crate::batch::RecordBatch;
use crate::trouble::{self, Read};
use crate::work::{self, Hand};

/// Upstream events of NGINX error logs, counted per bucket of time, pool, and all else that tells them apart.
///
/// `paths` and the keywords are those of `events`; `bucket` is the width of a bucket, from "1m" to "1d", which divides a day
/// (in UTC). The columns and rows are those of the table `hourly` that `badgateway aggregate` writes: `bucket` (where it
/// begins, in microseconds, UTC), `host`, `pool`, `scheme`, `peer`, `server`, `class`, `kind`, `phase`, `os_error`, `level`,
/// `status`, `events`, `clients` (distinct ones, estimated), `clients_sketch` (Apache DataSketches HLL, which can be
/// united), `first_seen`, `last_seen`, `minutes` (events in each minute of the bucket), `example`.
///
/// All logs are counted, and each whole: nothing is remembered from call to call.
///
/// Raises what `events` raises. What could not be read is an `IncompleteWarning`, and `batch.problems`.
#[pyfunction]
#[pyo3(signature = (paths, *, bucket="1h", timezone=None, host=None, since=None, until=None, rules=None,
    nginx_conf=Files::default(), php_fpm=Files::default(), anonymize=None, threads=0),
    text_signature = "(paths, *, bucket='1h', timezone=None, host=None, since=None, until=None, rules=None, \
    nginx_conf=(), php_fpm=(), anonymize=None, threads=0)")]
#[expect(clippy::too_many_arguments, reason = "they are keywords")]
pub(crate) fn aggregate(
    paths: &Bound<'_, PyAny>,
    bucket: &str,
    timezone: Option<&Bound<'_, PyAny>>,
    host: Option<String>,
    since: Option<&Bound<'_, PyAny>>,
    until: Option<&Bound<'_, PyAny>>,
    rules: Option<PathBuf>,
    nginx_conf: Files,
    php_fpm: Files,
    anonymize: Option<&str>,
    threads: usize,
) -> PyResult<RecordBatch> {
    let width = arguments::bucket(bucket)?.micros();
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
    let py = paths.py();
    let Prepared {
        scan,
        mut problems,
        missing,
    } = arguments.prepare(paths)?;
    let work = move |scan: &Scan, hand: &dyn Hand<_>| {
        hand(work::caught(|| count(scan, width, missing)));
    };
    let pieces = work::begin(scan, threads, 1, work)?;
    let counted = py.detach(move || pieces.next())?;
    let counted: Read<_> = counted.map_err(PyRuntimeError::new_err)?;
    let (batch, more) = counted.into_problems()?;
    problems.extend(more);
    trouble::warn(py, &problems)?;
    Ok(RecordBatch {
        batch: batch.map_err(PyErr::from)?,
        problems,
    })
}

/// Why counts are not one batch.
#[derive(Debug)]
enum Unfit {
    Aside(io::Error),
    TooMany(arrow_schema::ArrowError),
}

impl From<Unfit> for PyErr {
    fn from(unfit: Unfit) -> Self {
        match unfit {
            Unfit::Aside(error) => PyOSError::new_err(format!(
                "no room for what was counted ({error}): it is more than is held in memory; TMPDIR names a folder with \
                 more room"
            )),
            Unfit::TooMany(error) => PyOverflowError::new_err(format!(
                "too many rows for one batch ({error}); since and until choose fewer"
            )),
        }
    }
}

fn count(
    scan: &Scan,
    width: i64,
    missing: Vec<Trouble>,
) -> Read<Result<arrow::RecordBatch, Unfit>> {
    let most = scan.most_held_by_one();
    let outcome = scan.count(|| Bounded::new(width, most, &Unnamed));
    let named = scan.names.pools();
    Read::of(outcome, missing).map(|counted| {
        let rows = counted.into_rows(|pool| named.contains(pool));
        batch(rows.map_err(Unfit::Aside)?)
    })
}

fn batch(rows: Rows) -> Result<arrow::RecordBatch, Unfit> {
    let rows = match rows {
        Rows::Held(rows) => rows,
        Rows::Aside(_) => {
            let mut all = Vec::new();
            let read = rows.each(|some| all.extend_from_slice(some));
            read.map_err(Unfit::Aside)?;
            all
        }
    };
    dataset::batch(&rows).map_err(Unfit::TooMany)
}
