//! What Grafana's front end makes of `$name`, `${name}` and `${name:format}` before a query is sent.
//!
//! From @grafana/scenes 8.19.0 (`variables/interpolation`), the plugin's `src/datasource.ts` (panels and annotations are
//! formatted as `sqlstring`, whatever the variable) and @grafana/plugin-ui 0.17.6 (`SqlDatasource.interpolateVariable`, which
//! is for the queries of variables).

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::{Captures, Regex};

/// What a variable is set to.
#[derive(Debug, Clone, PartialEq)]
pub enum Chosen {
    /// "All" of a variable with an `allValue`: inserted as it is, in every format but those for URLs.
    All(String),
    /// Values of a variable that allows for several.
    Several(Vec<String>),
    /// The value of a variable that allows for one.
    One(String),
}

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Asks {
    Panel,
    Variable,
}

/// `text` with what is chosen. Names that nothing is known of stay: the data source may know them.
pub fn interpolate(text: &str, chosen: &BTreeMap<String, Chosen>, asks: Asks) -> String {
    static VARIABLE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\$(\w+)|\[\[(\w+?)(?::(\w+))?\]\]|\$\{(\w+)(?:\.([^:^\}]+))?(?::([^\}]+))?\}")
            .unwrap()
    });
    let replaced = VARIABLE.replace_all(text, |captures: &Captures<'_>| {
        let name = [1, 2, 4].iter().find_map(|&group| captures.get(group));
        let format = [3, 6].iter().find_map(|&group| captures.get(group));
        match chosen.get(name.unwrap().as_str()) {
            Some(value) => formatted(value, format.map(|format| format.as_str()), asks),
            None => captures[0].to_owned(),
        }
    });
    replaced.into_owned()
}

fn formatted(value: &Chosen, format: Option<&str>, asks: Asks) -> String {
    match (value, format, asks) {
        (Chosen::All(all), ..) => all.clone(),
        (Chosen::One(value), None, Asks::Variable) => value.clone(),
        (Chosen::Several(values), None, Asks::Variable) => {
            listed(values, |value| value.replace('\'', "''"))
        }
        (Chosen::One(value), Some("sqlstring") | None, _) => {
            listed(std::slice::from_ref(value), escaped)
        }
        (Chosen::Several(values), Some("sqlstring") | None, _) => listed(values, escaped),
        (_, Some(format), _) => panic!("the format {format} is not one that queries should need"),
    }
}

fn escaped(value: &str) -> String {
    value.replace('\'', "''").replace('"', "\\\"")
}

fn listed(values: &[String], escape: impl Fn(&str) -> String) -> String {
    let quoted = values.iter().map(|value| format!("'{}'", escape(value)));
    quoted.collect::<Vec<_>>().join(",")
}
