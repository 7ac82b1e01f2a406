use crate::record::{Moment, Text};

use super::cell::Cell;
use super::{Rollup, Row};

impl Rollup {
    /// The rows, sorted by bucket, pool and the rest: the same for every order of events.
    pub fn into_rows(self) -> Vec<Row> {
        drop(self.index);
        let mut examples = self.examples;
        let mut rows: Vec<(Row, u64)> = self.cells.into_iter().map(Cell::into_row).collect();
        rows.sort_unstable();
        let with_example = |(mut row, lot): (Row, u64)| {
            let example = examples.take(row.bucket.0, row.class, row.pool.as_bytes(), lot);
            row.example = example.map(|text| Text(&text).to_str().into_owned());
            row
        };
        rows.into_iter().map(with_example).collect()
    }
}

impl Cell {
    /// The row, but for its example, and the lot of that.
    fn into_row(self) -> (Row, u64) {
        let [host, pool, scheme, peer, server] = self
            .texts()
            .map(|text| text.map(|text| Text(text).to_str().into_owned()));
        let row = Row {
            bucket: Moment(self.key.bucket),
            pool: pool.unwrap_or_default(),
            host: host.unwrap_or_default(),
            class: self.key.class,
            phase: self.key.phase,
            os_error: self.key.os_error,
            level: self.key.level,
            status: self.key.status,
            scheme,
            peer,
            server,
            events: self.events,
            clients: self.clients.estimate(),
            clients_sketch: self.clients.sketch(),
            minutes: self.minutes,
            first_seen: self.first_seen,
            last_seen: self.last_seen,
            example: None,
        };
        (row, self.lot)
    }
}
