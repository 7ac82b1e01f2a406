use std::io::{self, Write};

use crate::rollup::Row;

use super::exposition::{Counted, Family, write_family};

/// Writes rows as OpenMetrics 1.0: the history of each series, to be back-filled into Prometheus.
///
/// Everything is a gauge, for nothing here counts on from one bucket to the next. A sample bears the time of
/// its bucket's last second, in UTC. So the range that ends at a full bucket holds each bucket once, whether
/// it takes in both its ends, as in Prometheus 2, or the later one only, as in Prometheus 3:
/// `sum_over_time(badgateway_events[1h])` at 11:00 is what happened from 10:00 to 11:00.
///
/// `bucket_seconds` is the buckets' width. Narrower ones are added up to it.
pub fn openmetrics(rows: &[Row], bucket_seconds: i64, out: &mut impl Write) -> io::Result<()> {
    let counted = Counted::new(rows, |row| {
        let bucket = row.bucket.0.div_euclid(1_000_000 * bucket_seconds) * bucket_seconds;
        Some(bucket + bucket_seconds - 1)
    });
    for (family, samples) in [
        (EVENTS, &counted.events),
        (PEER_FAILURES, &counted.peer_failures),
        (SERVER_FAILURES, &counted.server_failures),
        (CLIENTS, &counted.clients),
    ] {
        write_family(out, &family, samples)?;
    }
    writeln!(out, "# EOF")
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
