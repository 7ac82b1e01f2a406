use std::collections::BTreeMap;
use std::io::{self, Write};

use chrono::{DateTime, Utc};

use crate::rollup::{ClientsTogether, Row};

use super::exposition::{Family, Labels, Samples, Sums, is_failure, pool, write_family};

/// The sums over a time, as the textfile collector of Prometheus' node_exporter reads them: in Prometheus'
/// text format, without time stamps, because with one it refuses the whole file.
#[derive(Debug, Default)]
pub struct Textfile {
    sums: Sums,
    clients: BTreeMap<Labels, ClientsTogether>,
    /// Seconds since 1970.
    last_events: BTreeMap<Labels, i64>,
}

impl Textfile {
    /// Adds rows of that time.
    pub fn add(&mut self, rows: &[Row]) {
        for row in rows {
            self.sums.add(row, None);
            if is_failure(row) {
                let clients = self.clients.entry(pool(row)).or_default();
                clients.add(&row.clients);
            }
            let labels = Labels::new([
                ("host", Some(&row.host)),
                ("pool", Some(&row.pool)),
                ("kind", Some(row.class.kind().letter())),
            ]);
            let seconds = row.last_seen.0.div_euclid(1_000_000);
            let last = self.last_events.entry(labels).or_insert(seconds);
            *last = seconds.max(*last);
        }
    }

    /// Writes it: how long the time is, and when the dataset was last added to, if it ever was.
    pub fn write(
        self,
        seconds: i64,
        last_run: Option<DateTime<Utc>>,
        out: &mut impl Write,
    ) -> io::Result<()> {
        let clients = self.clients.into_iter();
        let clients = clients.map(|(labels, clients)| (labels, clients.estimate() as i64));
        let last_run = last_run.map(|run| (Labels::new([]), run.timestamp()));
        for (family, samples) in [
            (EVENTS, self.sums.events),
            (PEER_FAILURES, self.sums.peer_failures),
            (SERVER_FAILURES, self.sums.server_failures),
            (CLIENTS, timeless(clients)),
            (LAST_EVENT, timeless(self.last_events)),
            (SECONDS, timeless([(Labels::new([]), seconds)])),
            (LAST_RUN, timeless(last_run)),
        ] {
            write_family(out, &family, &samples)?;
        }
        Ok(())
    }
}

fn timeless(values: impl IntoIterator<Item = (Labels, i64)>) -> Samples {
    let samples = values.into_iter();
    samples
        .map(|(labels, value)| (labels, vec![(None, value)]))
        .collect()
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
