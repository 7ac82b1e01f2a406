//! Keyword arguments as what a scan takes.

use std::fmt::Display;
use std::path::PathBuf;
use std::str::FromStr;

use badgateway::config::Root;
use badgateway::pool::{Configurations, Machine, Names, this_machine};
use badgateway::record::{Moment, Zone};
use badgateway::scan::{Anonymize, Bucket, RulesError, Scan, When, period, read_rules};
use badgateway::source::{Access, Trouble};
use chrono::{DateTime, Utc};
use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::inputs::Inputs;
use crate::trouble;

/// What is asked for by keywords, as `events` and `aggregate` take them.
pub(crate) struct Arguments<'a, 'py> {
    pub(crate) timezone: Option<&'a Bound<'py, PyAny>>,
    pub(crate) host: Option<String>,
    pub(crate) since: Option<&'a Bound<'py, PyAny>>,
    pub(crate) until: Option<&'a Bound<'py, PyAny>>,
    pub(crate) rules: Option<PathBuf>,
    pub(crate) nginx_conf: Files,
    pub(crate) php_fpm: Files,
    pub(crate) anonymize: Option<&'a str>,
}

/// A path, or several.
#[derive(FromPyObject, Debug)]
pub(crate) enum Files {
    One(PathBuf),
    Many(Vec<PathBuf>),
}

impl Default for Files {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

impl Files {
    fn into_paths(self) -> Vec<PathBuf> {
        match self {
            Self::One(path) => vec![path],
            Self::Many(paths) => paths,
        }
    }
}

/// A scan that waits to be begun, and what could not be read of what it was asked for.
pub(crate) struct Prepared {
    pub(crate) scan: Scan,
    pub(crate) problems: Vec<String>,
    /// What could not be found of the logs.
    pub(crate) missing: Vec<Trouble>,
}

impl Arguments<'_, '_> {
    /// Looks for the logs, and reads rules and configurations.
    pub(crate) fn prepare(self, paths: &Bound<'_, PyAny>) -> PyResult<Prepared> {
        let py = paths.py();
        let zone = zone(self.timezone)?;
        let (since, until) = self.period(zone)?;
        let rules = read_rules(self.rules.as_deref()).map_err(rules_error)?;
        let anonymize = self.anonymize.map(anonymize).transpose()?;
        let Inputs {
            inputs, troubles, ..
        } = Inputs::of(paths)?;
        let nginx_conf = self.nginx_conf.into_paths();
        let php_fpm = self.php_fpm.into_paths();
        // Name servers may be asked.
        let (names, problems) = py.detach(|| names(&nginx_conf, &php_fpm));
        let scan = Scan {
            // A library must not change what its process does on SIGBUS, which a map needs.
            access: Access::Read,
            zone,
            host: self.host.unwrap_or_else(this_machine),
            window: since.unwrap_or(Moment(i64::MIN))..until.unwrap_or(Moment(i64::MAX)),
            rules,
            names,
            anonymize,
            ..Scan::new(inputs)
        };
        Ok(Prepared {
            scan,
            problems,
            missing: troubles,
        })
    }

    fn period(&self, zone: Zone) -> PyResult<(Option<Moment>, Option<Moment>)> {
        let since = self.since.map(when).transpose()?;
        let until = self.until.map(when).transpose()?;
        period(since, until, zone, Utc::now()).map_err(value_error)
    }
}

fn names(nginx_conf: &[PathBuf], php_fpm: &[PathBuf]) -> (Names, Vec<String>) {
    if nginx_conf.is_empty() && php_fpm.is_empty() {
        return (Names::default(), Vec::new());
    }
    let root = Root::default();
    let configurations = Configurations::named(&root, nginx_conf, php_fpm);
    let pools = configurations.pools(&root, Machine::default());
    (pools.names, pools.faults)
}

fn zone(named: Option<&Bound<'_, PyAny>>) -> PyResult<Zone> {
    match named {
        // The name of a ZoneInfo is its text.
        Some(name) => parsed(&name.str()?),
        None => Ok(Zone::default()),
    }
}

/// A text as the command line takes it, or a date or datetime.
fn when(named: &Bound<'_, PyAny>) -> PyResult<When> {
    let name = intern!(named.py(), "isoformat");
    match named.getattr_opt(name)? {
        Some(isoformat) => parsed(isoformat.call0()?.cast::<PyString>()?),
        None => parsed(named.cast::<PyString>()?),
    }
}

fn anonymize(how: &str) -> PyResult<Anonymize> {
    match how {
        "cut" => Ok(Anonymize::Cut),
        "drop" => Ok(Anonymize::Drop),
        _ => Err(value_error(format_args!(
            "anonymize is 'cut' or 'drop', not {how:?}"
        ))),
    }
}

/// The width of a bucket.
pub(crate) fn bucket(width: &str) -> PyResult<Bucket> {
    width
        .parse()
        .map_err(|what| value_error(format_args!("bucket {width:?}: {what}")))
}

fn parsed<T: FromStr<Err: Display>>(text: &Bound<'_, PyString>) -> PyResult<T> {
    let text = text.to_string_lossy();
    text.parse()
        .map_err(|what| value_error(format_args!("{text:?}: {what}")))
}

fn rules_error(error: RulesError) -> PyErr {
    match error {
        RulesError::File { ref source, .. } => trouble::os_error(source.kind(), error.to_string()),
        RulesError::Rule { .. } => value_error(error),
    }
}

fn value_error(what: impl Display) -> PyErr {
    PyValueError::new_err(what.to_string())
}

/// What time zone, host, since and until mean here and now, as texts that mean the same everywhere and later.
#[pyfunction]
#[pyo3(signature = (*, timezone = None, host = None, since = None, until = None))]
pub(crate) fn decide(
    timezone: Option<&Bound<'_, PyAny>>,
    host: Option<String>,
    since: Option<&Bound<'_, PyAny>>,
    until: Option<&Bound<'_, PyAny>>,
) -> PyResult<(String, String, Option<String>, Option<String>)> {
    let name = match timezone {
        Some(name) => zone(Some(name))?.to_string(),
        None => Zone::default().to_string(),
    };
    let zone: Zone = name.parse().map_err(|_| {
        value_error(format_args!(
            "this machine's time zone ({name}) has no name; give timezone"
        ))
    })?;
    let now = Utc::now();
    let since = since.map(when).transpose()?;
    let until = until.map(when).transpose()?;
    let (since, until) = period(since, until, zone, now).map_err(value_error)?;
    let text =
        |moment: Moment| DateTime::from_timestamp_micros(moment.0).map(|time| time.to_rfc3339());
    Ok((
        zone.to_string(),
        host.unwrap_or_else(this_machine),
        since.and_then(text),
        until.and_then(text),
    ))
}
