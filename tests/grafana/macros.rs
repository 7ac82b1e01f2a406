//! What the data source makes of `$__name(…)`: macros of grafana-plugin-sdk-go (`data/sqlutil/macros.go`, v0.274.0) and its own
//! (`pkg/plugin/duckdb_driver.go`). Texts are replaced wherever they stand, within quotes too.

use std::ops::Range;

use chrono::{DateTime, SecondsFormat, Utc};
use regex::Regex;

/// A query's time range and step.
#[derive(Debug, Clone)]
pub struct Window {
    pub time: Range<DateTime<Utc>>,
    pub step: chrono::Duration,
}

impl Window {
    /// `sql` as DuckDB gets it.
    pub fn expand(&self, sql: &str) -> String {
        let from = self.time.start.to_rfc3339_opts(SecondsFormat::Secs, true);
        let to = self.time.end.to_rfc3339_opts(SecondsFormat::Secs, true);
        // Longer names first.
        let mut sql = sql.to_owned();
        for name in [
            "interval_ms",
            "timeFilter",
            "timeGroup",
            "interval",
            "timeFrom",
            "timeTo",
            "column",
            "table",
        ] {
            let word = Regex::new(&format!(r"\$__{name}\b")).unwrap();
            while let Some(found) = word.find(&sql) {
                let (arguments, length) = arguments(&sql[found.end()..]);
                let text = match (name, arguments.as_slice()) {
                    ("interval_ms", _) => self.step.num_milliseconds().to_string(),
                    ("timeFilter", [column]) => {
                        format!("{column} >= '{from}' AND {column} <= '{to}'")
                    }
                    ("timeFrom", [] | [""]) => format!("'{from}'"),
                    ("timeTo", [] | [""]) => format!("'{to}'"),
                    _ => panic!(
                        "$__{name} with {arguments:?}: not one that the data source can make good SQL of"
                    ),
                };
                sql.replace_range(found.start()..found.end() + length, &text);
            }
        }
        sql
    }
}

/// The arguments in brackets, if a bracket follows at once, and how many bytes they take.
fn arguments(text: &str) -> (Vec<&str>, usize) {
    if !text.starts_with('(') {
        return (Vec::new(), 0);
    }
    let (mut depth, mut start, mut list) = (0, 1, Vec::new());
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' if depth == 1 => {
                list.push(text[start..at].trim());
                return (list, at + 1);
            }
            b')' => depth -= 1,
            b',' if depth == 1 => {
                list.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    panic!("a bracket is not closed: {text}")
}
