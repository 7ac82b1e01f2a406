//! The library as a Python module.
//!
//! It stands beside the command line, on top of the library: arguments become a scan, rows become Arrow objects that are
//! handed over through Arrow's C interface, without a copy and without PyArrow. All work is done on threads of its own,
//! which know nothing of Python.

mod arguments;
mod batch;
mod events;
mod explanation;
mod inputs;
mod merge;
mod rollup;
mod trouble;
mod work;

use pyo3::prelude::*;

/// What of badgateway is written in Rust; the package badgateway has it all.
#[pymodule]
mod _badgateway {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::arguments::decide;
    #[pymodule_export]
    use crate::batch::RecordBatch;
    #[pymodule_export]
    use crate::events::{RecordBatchReader, events};
    #[pymodule_export]
    use crate::explanation::{Cause, Explanation, Setting, Source, Visitor, classes, explain};
    #[pymodule_export]
    use crate::inputs::{Log, discover};
    #[pymodule_export]
    use crate::merge::merge;
    #[pymodule_export]
    use crate::rollup::aggregate;
    #[pymodule_export]
    use crate::trouble::IncompleteWarning;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
