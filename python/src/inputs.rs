//! What is named in Python, as inputs of a scan.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::SystemTime;

use badgateway::source::{self, Input, Memory, Trouble};
use bytes::Bytes;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyByteArray, PyBytes, PyMemoryView, PyString, PyTuple};

/// A log in memory: its bytes, compressed or not, and what it is called.
///
/// `name` stands in the column `source` of events. `modified` is when the log was last written to, a datetime with a time
/// zone: records without a time of their own are counted at the time of the record before, or at that one, and a year
/// that is missing is the last one possible then. Without, it is now.
#[pyclass(frozen, module = "badgateway", from_py_object)]
#[derive(Debug, Clone)]
pub(crate) struct Log(Memory);

#[pymethods]
impl Log {
    #[new]
    #[pyo3(signature = (name, content, modified = None))]
    fn new(
        name: PathBuf,
        content: &Bound<'_, PyAny>,
        modified: Option<SystemTime>,
    ) -> PyResult<Self> {
        let Some(content) = bytes_of(content)? else {
            let kind = content.get_type();
            let what = format!("content is bytes, a bytearray or a memoryview, not {kind}");
            return Err(PyTypeError::new_err(what));
        };
        Ok(Self(memory(name, content, modified)))
    }

    /// What it is called.
    #[getter]
    fn name(&self) -> String {
        self.0.name.to_string_lossy().into_owned()
    }

    fn __len__(&self) -> usize {
        self.0.content.len()
    }

    fn __repr__(&self) -> String {
        format!(
            "<badgateway.Log {:?}, {} bytes>",
            self.name(),
            self.0.content.len()
        )
    }
}

/// What a log in memory is called that has no name.
const NAMELESS: &str = "(bytes)";

fn memory(name: PathBuf, content: Bytes, modified: Option<SystemTime>) -> Memory {
    Memory {
        name,
        content,
        modified: modified.unwrap_or_else(SystemTime::now),
    }
}

/// The bytes of an object that is nothing but bytes. Those of `bytes` are not copied.
fn bytes_of(object: &Bound<'_, PyAny>) -> PyResult<Option<Bytes>> {
    let bytes: PyBackedBytes = if object.is_instance_of::<PyMemoryView>() {
        object
            .call_method0(intern!(object.py(), "tobytes"))?
            .extract()?
    } else if object.is_instance_of::<PyBytes>() || object.is_instance_of::<PyByteArray>() {
        object.extract()?
    } else {
        return Ok(None);
    };
    Ok(Some(Bytes::from_owner(bytes)))
}

/// Inputs in the order in which they were named, and what could not be found.
#[derive(Default)]
pub(crate) struct Inputs {
    pub(crate) inputs: Vec<Input>,
    pub(crate) troubles: Vec<Trouble>,
    /// Paths that were named one after the other: a file that is reached twice through them is read once.
    paths: Vec<PathBuf>,
}

impl Inputs {
    /// One thing to read, or several.
    pub(crate) fn of(paths: &Bound<'_, PyAny>) -> PyResult<Self> {
        let mut all = Self::default();
        if !all.add(paths)? {
            for path in paths.try_iter()? {
                let path = path?;
                if !all.add(&path)? {
                    let kind = path.get_type();
                    return Err(PyTypeError::new_err(format!(
                        "a log is a path, bytes, a pair (name, bytes) or a Log, not {kind}"
                    )));
                }
            }
        }
        all.look_for_paths();
        Ok(all)
    }

    /// Adds one thing to read; `false` if it is none.
    fn add(&mut self, item: &Bound<'_, PyAny>) -> PyResult<bool> {
        if let Ok(log) = item.cast::<Log>() {
            self.add_memory(log.get().0.clone());
        } else if let Some(content) = bytes_of(item)? {
            self.add_memory(memory(NAMELESS.into(), content, None));
        } else if let Some((name, content)) = pair(item)? {
            self.add_memory(memory(name, content, None));
        } else if is_path(item)? {
            let path: PathBuf = item.extract()?;
            if path.as_os_str() == "-" {
                let what = "standard input is not read; hand over sys.stdin.buffer.read()";
                return Err(PyValueError::new_err(what));
            }
            self.paths.push(path);
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    fn add_memory(&mut self, memory: Memory) {
        self.look_for_paths();
        self.inputs.push(Input::Memory(memory));
    }

    fn look_for_paths(&mut self) {
        let (inputs, troubles) = source::discover(&std::mem::take(&mut self.paths));
        self.inputs.extend(inputs);
        self.troubles.extend(troubles);
    }
}

/// A name and bytes.
fn pair(item: &Bound<'_, PyAny>) -> PyResult<Option<(PathBuf, Bytes)>> {
    let Ok(pair) = item.cast::<PyTuple>() else {
        return Ok(None);
    };
    if pair.len() != 2 || !is_path(&pair.get_item(0)?)? {
        return Ok(None);
    }
    let Some(content) = bytes_of(&pair.get_item(1)?)? else {
        return Ok(None);
    };
    Ok(Some((pair.get_item(0)?.extract()?, content)))
}

fn is_path(item: &Bound<'_, PyAny>) -> PyResult<bool> {
    Ok(item.is_instance_of::<PyString>() || item.hasattr(intern!(item.py(), "__fspath__"))?)
}

/// The files for which paths, folders and patterns stand, and what could not be found.
#[pyfunction]
pub(crate) fn discover(paths: Vec<PathBuf>) -> (Vec<OsString>, Vec<String>) {
    let (inputs, troubles) = source::discover(&paths);
    let files = inputs
        .iter()
        .map(|input| input.path().as_os_str().to_owned());
    (
        files.collect(),
        troubles.iter().map(ToString::to_string).collect(),
    )
}
