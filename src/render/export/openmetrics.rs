use std::collections::BTreeMap;
use std::io::{self, Write};

use crate::rollup::{ClientsTogether, Row};

use super::exposition::{Family, Labels, Samples, Sums, is_failure, pool, write_family};

/// Rows as OpenMetrics 1.0: the history of each series, to be back-filled into Prometheus.
///
/// Everything is a gauge, for nothing here counts on from one bucket to the next. A sample bears the time of
/// its bucket's last second, in UTC. So the range that ends at a full bucket holds each bucket once, whether
/// it takes in both its ends, as in Prometheus 2, or the later one only, as in Prometheus 3:
/// `sum_over_time(badgateway_events[1h])` at 11:00 is what happened from 10:00 to 11:00.
#[derive(Debug)]
pub struct OpenMetrics {
    bucket_seconds: i64,
    sums: Sums,
    clients: Samples,
}

impl OpenMetrics {
    /// No rows yet. The buckets are as wide as this; narrower ones are added up to it.
    pub fn new(bucket_seconds: i64) -> Self {
        Self {
            bucket_seconds,
            sums: Sums::default(),
            clients: Samples::new(),
        }
    }

    /// Adds the rows of a day or several, which must be sorted, and come behind those that were added before.
    pub fn add(&mut self, rows: &[Row]) {
        let time = |row: &Row| {
            let number = row.bucket.0.div_euclid(1_000_000 * self.bucket_seconds);
            Some((number + 1) * self.bucket_seconds - 1)
        };
        for bucket in rows.chunk_by(|one, other| time(one) == time(other)) {
            let time = bucket.first().and_then(time);
            let mut clients: BTreeMap<Labels, Vec<&Row>> = BTreeMap::new();
            for row in bucket {
                self.sums.add(row, time);
                if is_failure(row) {
                    clients.entry(pool(row)).or_default().push(row);
                }
            }
            for (labels, rows) in clients {
                let series = self.clients.entry(labels).or_default();
                series.push((time, distinct(&rows)));
            }
        }
    }

    /// Writes it.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        for (family, samples) in [
            (EVENTS, &self.sums.events),
            (PEER_FAILURES, &self.sums.peer_failures),
            (SERVER_FAILURES, &self.sums.server_failures),
            (CLIENTS, &self.clients),
        ] {
            write_family(out, &family, samples)?;
        }
        writeln!(out, "# EOF")
    }
}

/// How many distinct clients rows have together.
fn distinct(rows: &[&Row]) -> i64 {
    if let [row] = rows {
        return row.clients.estimate() as i64;
    }
    let mut together = ClientsTogether::default();
    rows.iter().for_each(|row| together.add(&row.clients));
    together.estimate() as i64
}

const EVENTS: Family = Family {
    name: "badgateway_events",
    unit: Some("events"),
    help: "Upstream events in the bucket that ends with this second.",
};

const PEER_FAILURES: Family = Family {
    name: "badgateway_peer_failures",
    unit: Some("failures"),
    help: "Failed attempts in the bucket that ends with this second, by the address that was tried.",
};

const SERVER_FAILURES: Family = Family {
    name: "badgateway_server_failures",
    unit: Some("failures"),
    help: "Failed attempts in the bucket that ends with this second, by server_name.",
};

const CLIENTS: Family = Family {
    name: "badgateway_clients",
    unit: Some("clients"),
    help: "Distinct clients that met failures in the bucket that ends with this second; those of several \
           buckets, pools or hosts do not add up.",
};
