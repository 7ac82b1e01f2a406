use std::io::{self, Write};

use chrono::{DateTime, Utc};

use crate::rollup::Row;

use super::exposition::{Counted, Family, Labels, Samples, write_family};

/// The sums over a time, as the textfile collector of Prometheus' node_exporter reads them: in Prometheus'
/// text format, without time stamps, because with one it refuses the whole file.
#[derive(Debug)]
pub struct Textfile<'a> {
    /// The rows of that time.
    pub rows: &'a [Row],
    /// How long it is.
    pub seconds: i64,
    /// When the dataset was last added to, if it ever was.
    pub last_run: Option<DateTime<Utc>>,
}

impl Textfile<'_> {
    /// Writes it.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let counted = Counted::new(self.rows, |_| None);
        let single = |value: i64| Samples::from([((Labels::new([]), None), value)]);
        let last_run = self.last_run.map(|run| single(run.timestamp()));
        for (family, samples) in [
            (EVENTS, counted.events),
            (PEER_FAILURES, counted.peer_failures),
            (SERVER_FAILURES, counted.server_failures),
            (CLIENTS, counted.clients),
            (LAST_EVENT, self.last_events()),
            (SECONDS, single(self.seconds)),
            (LAST_RUN, last_run.unwrap_or_default()),
        ] {
            write_family(out, &family, &samples)?;
        }
        Ok(())
    }

    fn last_events(&self) -> Samples {
        let mut last = Samples::new();
        for row in self.rows {
            let labels = Labels::new([
                ("host", Some(&row.host)),
                ("pool", Some(&row.pool)),
                ("kind", Some(row.class.kind().letter())),
            ]);
            let seconds = row.last_seen.0.div_euclid(1_000_000);
            let latest = last.entry((labels, None)).or_insert(seconds);
            *latest = seconds.max(*latest);
        }
        last
    }
}

const fn family(name: &'static str, help: &'static str) -> Family {
    Family {
        name,
        unit: None,
        help,
    }
}

const EVENTS: Family = family("badgateway_period_events", "Upstream events in the period.");

const PEER_FAILURES: Family = family(
    "badgateway_period_peer_failures",
    "Failed attempts in the period, by the address that was tried.",
);

const SERVER_FAILURES: Family = family(
    "badgateway_period_server_failures",
    "Failed attempts in the period, by server_name.",
);

const CLIENTS: Family = family(
    "badgateway_period_clients",
    "Distinct clients that met failures in the period; those of several pools or hosts do not add up.",
);

const LAST_EVENT: Family = family(
    "badgateway_last_event_timestamp_seconds",
    "When the last event of the period happened.",
);

const SECONDS: Family = family("badgateway_period_seconds", "How long the period is.");

const LAST_RUN: Family = family(
    "badgateway_last_run_timestamp_seconds",
    "When the last run began that found something new in the logs.",
);
