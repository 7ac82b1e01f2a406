//! What Prometheus' two text formats have in common: rows become samples, samples become lines.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use crate::render::safe::is_shown_as_escape;
use crate::rollup::Row;
use crate::taxonomy::Kind;

/// A family: the samples of one name.
pub(super) struct Family {
    pub(super) name: &'static str,
    /// What the numbers count, if the name ends with it; OpenMetrics writes it.
    pub(super) unit: Option<&'static str>,
    pub(super) help: &'static str,
}

/// The labels of a series, as they are written. Two that are written alike are the same series.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Labels(String);

impl Labels {
    /// A label whose value is empty says the same as none, and is left out.
    ///
    /// Names may be a stranger's. What could act on a terminal becomes a visible escape, `\u{1b}`; quotes,
    /// backslashes and line feeds are escaped as the format says and come through as they are.
    pub(super) fn new<const N: usize>(labels: [(&str, Option<&str>); N]) -> Self {
        let mut text = String::new();
        for (name, value) in labels {
            let Some(value) = value.filter(|value| !value.is_empty()) else {
                continue;
            };
            text.push(if text.is_empty() { '{' } else { ',' });
            text.push_str(name);
            text.push_str("=\"");
            for character in value.chars() {
                match character {
                    '\\' => text.push_str("\\\\"),
                    '"' => text.push_str("\\\""),
                    '\n' => text.push_str("\\n"),
                    _ if is_shown_as_escape(character) => {
                        write!(text, "\\{}", character.escape_default())
                            .expect("writing to memory does not fail");
                    }
                    _ => text.push(character),
                }
            }
            text.push('"');
        }
        if !text.is_empty() {
            text.push('}');
        }
        Self(text)
    }
}

/// The samples of one family: of each series in the order of time, as seconds since 1970, if the format says it.
pub(super) type Samples = BTreeMap<Labels, Vec<(Option<i64>, i64)>>;

/// What adds up.
#[derive(Debug, Default)]
pub(super) struct Sums {
    pub(super) events: Samples,
    pub(super) peer_failures: Samples,
    pub(super) server_failures: Samples,
}

impl Sums {
    /// Adds a row to what has its labels and its time. Rows must come in the order of time.
    pub(super) fn add(&mut self, row: &Row, time: Option<i64>) {
        let add = |samples: &mut Samples, labels| {
            let series = samples.entry(labels).or_default();
            match series.last_mut() {
                Some((last, sum)) if *last == time => *sum += row.events as i64,
                _ => series.push((time, row.events as i64)),
            }
        };
        let host = ("host", Some(&*row.host));
        let pool = ("pool", Some(&*row.pool));
        let class = ("class", Some(row.class.name()));
        let kind = ("kind", Some(row.class.kind().letter()));
        let status = row.status.map(|status| status.to_string());
        let status = ("status", status.as_deref());
        add(
            &mut self.events,
            Labels::new([host, pool, class, kind, status]),
        );
        if is_failure(row) {
            let peer = ("peer", row.peer.as_deref());
            let server = ("server", row.server.as_deref());
            add(&mut self.peer_failures, Labels::new([host, pool, peer]));
            add(&mut self.server_failures, Labels::new([host, pool, server]));
        }
    }
}

pub(super) fn is_failure(row: &Row) -> bool {
    row.class.kind() == Kind::Failed
}

/// The labels of what is said about a pool.
pub(super) fn pool(row: &Row) -> Labels {
    Labels::new([("host", Some(&row.host)), ("pool", Some(&row.pool))])
}

/// Writes a family of gauges; nothing, if it has no samples.
pub(super) fn write_family(
    out: &mut impl Write,
    family: &Family,
    samples: &Samples,
) -> io::Result<()> {
    if samples.is_empty() {
        return Ok(());
    }
    let name = family.name;
    writeln!(out, "# HELP {name} {}", family.help)?;
    writeln!(out, "# TYPE {name} gauge")?;
    if let Some(unit) = family.unit {
        writeln!(out, "# UNIT {name} {unit}")?;
    }
    for (Labels(labels), series) in samples {
        for (time, value) in series {
            match time {
                Some(time) => writeln!(out, "{name}{labels} {value} {time}")?,
                None => writeln!(out, "{name}{labels} {value}")?,
            }
        }
    }
    Ok(())
}
