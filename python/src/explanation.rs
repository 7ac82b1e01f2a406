//! What the classes mean.

use badgateway::config::directives::fact;
use badgateway::render::Explained;
use badgateway::taxonomy::{self, Class};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// What a class means: its causes, how to confirm each, how to fix it. `str()` of it is what `badgateway explain` prints.
///
/// Commands name what they are about in capitals: SERVICE, ADDRESS, SOCKET, ERROR_LOG.
#[pyclass(frozen, get_all, module = "badgateway", skip_from_py_object)]
pub(crate) struct Explanation {
    /// The class.
    name: &'static str,
    /// "F" a failed attempt, "W" works but degraded, "C" the client's doing.
    kind: &'static str,
    /// What the client is sent if no other server takes over; None if it has no status of its own.
    status: Option<u16>,
    /// The class in one line.
    meaning: &'static str,
    /// What went on between NGINX and the upstream.
    happened: String,
    /// How the message in the error log begins, as a rule.
    logged: String,
    /// The first thing to type.
    first: String,
    /// The likeliest first.
    causes: Vec<Py<Cause>>,
    /// The settings that matter.
    settings: Vec<Py<Setting>>,
    /// What it looks like from outside.
    visitor: Py<Visitor>,
    /// Where that is documented.
    sources: Vec<Py<Source>>,
}

#[pymethods]
impl Explanation {
    fn __str__(&self) -> String {
        Class::from_name(self.name)
            .map_or_else(String::new, |class| Explained::new(class).to_string())
    }

    fn __repr__(&self) -> String {
        format!("<badgateway.Explanation of {}>", self.name)
    }
}

/// Why events of a class happen.
#[pyclass(frozen, get_all, module = "badgateway", skip_from_py_object)]
pub(crate) struct Cause {
    /// The cause.
    what: String,
    /// The command that tells whether it is this one.
    confirm: String,
    /// What the command shows then.
    shows: String,
    /// What to do about it.
    fix: String,
}

/// A setting, and what it has to do with a class.
#[pyclass(frozen, get_all, module = "badgateway", skip_from_py_object)]
pub(crate) struct Setting {
    /// Its name.
    name: String,
    /// Its default, if it has one.
    default: Option<String>,
    /// What it has to do with the class.
    why: String,
}

/// What a class looks like from outside.
#[pyclass(frozen, get_all, module = "badgateway", skip_from_py_object)]
pub(crate) struct Visitor {
    /// What the browser shows.
    sees: String,
    /// What helps on the visitor's side.
    can: String,
    /// What a CDN such as Cloudflare makes of it.
    cdn: String,
}

/// Documentation.
#[pyclass(frozen, get_all, module = "badgateway", skip_from_py_object)]
pub(crate) struct Source {
    /// What is to be found there.
    says: String,
    /// The document, and the section.
    name: String,
    /// Where it is.
    url: String,
}

/// The names of the classes, in the order of an exchange.
#[pyfunction]
pub(crate) fn classes() -> Vec<&'static str> {
    Class::ALL.iter().map(|class| class.name()).collect()
}

/// What the class of this name means: its causes, how to confirm each, how to fix it.
///
/// Raises ValueError if no class is called so.
#[pyfunction]
pub(crate) fn explain(py: Python<'_>, class_name: &str) -> PyResult<Explanation> {
    let class = Class::from_name(class_name).ok_or_else(|| unknown(class_name))?;
    let explained = class
        .explanation()
        .ok_or_else(|| unknown(class_name))?
        .clone();
    let taxonomy::Explanation {
        happened,
        logged,
        first,
        causes,
        directives,
        visitor,
        sources,
    } = explained;
    let causes = causes.into_iter().map(|cause| {
        let taxonomy::Cause {
            what,
            confirm,
            shows,
            fix,
        } = cause;
        let cause = Cause {
            what,
            confirm,
            shows,
            fix,
        };
        Py::new(py, cause)
    });
    let settings = directives
        .into_iter()
        .map(|taxonomy::Mention { name, why }| {
            let default = fact(&name).map(|fact| fact.default.clone());
            Py::new(py, Setting { name, default, why })
        });
    let sources = sources
        .into_iter()
        .map(|taxonomy::Source { says, name, url }| Py::new(py, Source { says, name, url }));
    let taxonomy::Visitor { sees, can, cdn } = visitor;
    Ok(Explanation {
        name: class.name(),
        kind: class.kind().letter(),
        status: class.status(),
        meaning: class.meaning(),
        happened,
        logged,
        first,
        causes: causes.collect::<PyResult<_>>()?,
        settings: settings.collect::<PyResult<_>>()?,
        visitor: Py::new(py, Visitor { sees, can, cdn })?,
        sources: sources.collect::<PyResult<_>>()?,
    })
}

fn unknown(name: &str) -> PyErr {
    let near = Class::nearest(name).map(|class| format!(" (is {class} meant?)"));
    let near = near.unwrap_or_default();
    PyValueError::new_err(format!(
        "no class is called {name}{near}; badgateway.classes() lists them"
    ))
}
