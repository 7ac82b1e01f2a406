//! Rollups of parts of the logs, as one.

use arrow_array::ffi_stream::RecordBatchStreamReader;
use arrow_array::{self as arrow, Array, ArrayRef};
use arrow_cast::cast;
use arrow_pyarrow::FromPyArrow;
use arrow_schema::{ArrowError, SchemaRef};
use badgateway::dataset::{self, Partials};
use pyo3::exceptions::{PyOverflowError, PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;

use crate::batch::RecordBatch;

/// Adds up rollups of parts of the logs, as `aggregate` gives them, to what it gives for all of them.
///
/// Rows that have everything in common become one: events are added up, sketches of clients united, minutes added up, and of
/// each pool, class and bucket one example stays. `batches` is one or several of whatever Arrow's C interface hands over: what
/// `aggregate` gives, tables of PyArrow, frames of Polars, relations of DuckDB, files of the dataset's table `hourly`.
/// Buckets of different widths are told apart by where they begin alone.
///
/// Raises ValueError where a column is missing, of another type, or one too many, and where a row is none that any
/// version of badgateway has written.
#[pyfunction]
pub(crate) fn merge(batches: &Bound<'_, PyAny>) -> PyResult<RecordBatch> {
    let py = batches.py();
    let mut merging = Merging::default();
    if !merging.add(batches)? {
        for batch in batches.try_iter()? {
            let batch = batch?;
            if !merging.add(&batch)? {
                let kind = batch.get_type();
                let what = format!("a batch speaks Arrow's C interface, which {kind} does not");
                return Err(PyTypeError::new_err(what));
            }
        }
    }
    let Merging { partials, problems } = merging;
    let batch = py.detach(|| partials.into_batch());
    let batch = batch.map_err(|error| PyOverflowError::new_err(error.to_string()))?;
    Ok(RecordBatch { batch, problems })
}

#[derive(Default)]
struct Merging {
    partials: Partials,
    problems: Vec<String>,
}

impl Merging {
    /// Adds the rows of one object; `false` if it has none to give.
    fn add(&mut self, object: &Bound<'_, PyAny>) -> PyResult<bool> {
        let py = object.py();
        if let Ok(own) = object.cast::<RecordBatch>() {
            let RecordBatch { batch, problems } = own.get();
            self.problems.extend_from_slice(problems);
            py.detach(|| self.add_batch(batch))?;
        } else if object.hasattr(intern!(py, "__arrow_c_stream__"))? {
            let mut batches = RecordBatchStreamReader::from_pyarrow_bound(object)?;
            py.detach(|| {
                let odd = |error: ArrowError| PyValueError::new_err(error.to_string());
                batches.try_for_each(|batch| self.add_batch(&batch.map_err(odd)?))
            })?;
        } else if object.hasattr(intern!(py, "__arrow_c_array__"))? {
            let batch = arrow::RecordBatch::from_pyarrow_bound(object)?;
            py.detach(|| self.add_batch(&batch))?;
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    fn add_batch(&mut self, batch: &arrow::RecordBatch) -> PyResult<()> {
        let batch = as_written(batch).map_err(PyValueError::new_err)?;
        let added = self.partials.add(&batch);
        added.map_err(|error| PyValueError::new_err(error.to_string()))
    }
}

/// The columns in the order and with the types of the table: engines have types of text, and names of zones, of their own.
fn as_written(batch: &arrow::RecordBatch) -> Result<arrow::RecordBatch, String> {
    let schema = dataset::schema();
    let names = batch.schema();
    let mut names = names.fields().iter().map(|field| field.name());
    if let Some(name) = names.find(|name| schema.column_with_name(name).is_none()) {
        return Err(format!("a rollup has no column {name:?}"));
    }
    if batch.num_columns() > schema.fields().len() {
        return Err("a rollup has no column twice".to_owned());
    }
    let columns = schema.fields().iter().map(|field| {
        let name = field.name();
        let column = batch.column_by_name(name);
        let column = column.ok_or_else(|| format!("the column {name:?} of a rollup is missing"))?;
        let column = sound(column).and_then(|()| cast(column, field.data_type()));
        column.map_err(|error| format!("the column {name:?}: {error}"))
    });
    let columns: Vec<ArrayRef> = columns.collect::<Result<_, _>>()?;
    arrow::RecordBatch::try_new(SchemaRef::clone(&schema), columns)
        .map_err(|error| error.to_string())
}

/// Whether a stranger's column keeps what its type promises: texts are UTF-8, and places lie within.
fn sound(column: &ArrayRef) -> Result<(), ArrowError> {
    column.to_data().validate_full()
}
