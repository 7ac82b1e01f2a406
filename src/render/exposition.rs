//! What Prometheus' two text formats have in common: rows become samples, samples become lines.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use crate::rollup::{Clients, Row};
use crate::taxonomy::Kind;

use super::safe::is_shown_as_escape;

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

/// A series, and when its sample was taken: seconds since 1970, if the format says it.
pub(super) type At = (Labels, Option<i64>);

/// The samples of one family, each series at one place and in the order of time.
pub(super) type Samples = BTreeMap<At, i64>;

/// The four things that both formats count.
pub(super) struct Counted {
    pub(super) events: Samples,
    pub(super) peer_failures: Samples,
    pub(super) server_failures: Samples,
    pub(super) clients: Samples,
}

impl Counted {
    /// What rows count, those of one series and one time added up.
    pub(super) fn new(rows: &[Row], time: impl Fn(&Row) -> Option<i64>) -> Self {
        let mut events = Samples::new();
        let mut peer_failures = Samples::new();
        let mut server_failures = Samples::new();
        let mut clients: BTreeMap<At, Vec<&Row>> = BTreeMap::new();
        for row in rows {
            let time = time(row);
            let host = ("host", Some(row.host.as_str()));
            let pool = ("pool", Some(row.pool.as_str()));
            let class = ("class", Some(row.class.name()));
            let kind = ("kind", Some(row.class.kind().letter()));
            let status = row.status.map(|status| status.to_string());
            let status = ("status", status.as_deref());
            let add = |samples: &mut Samples, labels| {
                *samples.entry((labels, time)).or_default() += row.events as i64;
            };
            add(&mut events, Labels::new([host, pool, class, kind, status]));
            if row.class.kind() == Kind::Failed {
                let peer = ("peer", row.peer.as_deref());
                let server = ("server", row.server.as_deref());
                add(&mut peer_failures, Labels::new([host, pool, peer]));
                add(&mut server_failures, Labels::new([host, pool, server]));
                let labels = Labels::new([host, pool]);
                clients.entry((labels, time)).or_default().push(row);
            }
        }
        let clients = clients.into_iter();
        Self {
            events,
            peer_failures,
            server_failures,
            clients: clients.map(|(at, rows)| (at, distinct(&rows))).collect(),
        }
    }
}

/// How many distinct clients rows have together.
fn distinct(rows: &[&Row]) -> i64 {
    if let [row] = rows {
        return row.clients as i64;
    }
    let mut all = Clients::default();
    for clients in rows
        .iter()
        .filter_map(|row| Clients::from_sketch(&row.clients_sketch))
    {
        all.merge(clients);
    }
    all.estimate() as i64
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
    for ((Labels(labels), time), value) in samples {
        match time {
            Some(time) => writeln!(out, "{name}{labels} {value} {time}")?,
            None => writeln!(out, "{name}{labels} {value}")?,
        }
    }
    Ok(())
}
