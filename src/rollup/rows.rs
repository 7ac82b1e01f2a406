use std::sync::Arc;

use rayon::prelude::*;

use crate::record::{Level, Moment, OsError};
use crate::taxonomy::{Class, Phase};

use super::cell::Cell;
use super::names::Names;
use super::{Rollup, Row};

/// Where a row is sorted to; names are told by their ranks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    bucket: i64,
    pool: u32,
    host: u32,
    class: Class,
    phase: Option<Phase>,
    os_error: Option<OsError>,
    level: Option<Level>,
    status: Option<u16>,
    scheme: u32,
    peer: u32,
    server: u32,
}

impl Rollup {
    /// The rows, sorted by bucket, pool and the rest: the same for every order of events.
    pub fn into_rows(self) -> Vec<Row> {
        let Self {
            index,
            cells,
            examples,
            ..
        } = self;
        drop(index);
        let names = Names::of(&cells);
        let places = cells.par_iter().enumerate();
        let mut order: Vec<(Place, usize)> = places
            .map(|(at, cell)| (Place::of(cell, names.ranks(at)), at))
            .collect();
        let rows = cells.into_par_iter().enumerate();
        let (mut rows, found): (Vec<Row>, Vec<Option<usize>>) = rows
            .map(|(at, cell)| {
                let (row, lot) = cell.into_row(names.texts(at));
                let found = examples.find(row.bucket.0, row.class, &row.pool, lot);
                (row, found)
            })
            .unzip();
        order.par_sort_unstable_by(|(one, at), (other, other_at)| {
            let by_place = one.cmp(other);
            by_place.then_with(|| rows[*at].order(&rows[*other_at]))
        });
        let mut texts = examples.into_texts();
        for &(_, at) in &order {
            if let Some(found) = found[at] {
                rows[at].example = texts[found].take();
            }
        }
        permute(&mut rows, order.into_iter().map(|(_, at)| at).collect());
        rows
    }
}

impl Place {
    fn of(cell: &Cell, [host, pool, scheme, peer, server]: [u32; 5]) -> Self {
        let key = &cell.key;
        Self {
            bucket: key.bucket,
            pool,
            host,
            class: key.class,
            phase: key.phase,
            os_error: key.os_error,
            level: key.level,
            status: key.status,
            scheme,
            peer,
            server,
        }
    }
}

impl Cell {
    /// The row, but for its example, and the lot of that.
    fn into_row(self, texts: [Option<Arc<str>>; 5]) -> (Row, u64) {
        let [host, pool, scheme, peer, server] = texts;
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
            clients: self.clients,
            minutes: self.minutes,
            first_seen: self.first_seen,
            last_seen: self.last_seen,
            example: None,
        };
        (row, self.lot)
    }
}

/// Puts at each place the row that `order` names, which is all of them.
fn permute(rows: &mut [Row], mut order: Vec<usize>) {
    for start in 0..order.len() {
        let mut at = start;
        loop {
            let from = std::mem::replace(&mut order[at], at);
            if from == start || from == at {
                break;
            }
            rows.swap(at, from);
            at = from;
        }
    }
}
