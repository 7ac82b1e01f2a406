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
        let examples = examples.chosen();
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
        order.par_sort_unstable();
        let mut texts = examples.into_texts();
        for &(_, at) in &order {
            if let Some(found) = found[at] {
                rows[at].example = texts[found].take();
            }
        }
        // Bytes that are no text may read like others that are.
        let are_alike = order.windows(2).any(|pair| pair[0].0 == pair[1].0);
        permute(&mut rows, order.into_iter().map(|(_, at)| at).collect());
        if are_alike {
            rows.dedup_by(|again, row| {
                let is_same = again.order(row).is_eq();
                if is_same {
                    row.add(again);
                    row.example = row.example.take().or_else(|| again.example.take());
                }
                is_same
            });
        }
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
            clients: self.clients.into_clients(),
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

#[cfg(test)]
mod tests {
    use std::hash::{BuildHasher, Hash, Hasher};

    use rand::rngs::Xoshiro256PlusPlus;
    use rand::seq::SliceRandom;
    use rand::{RngExt, SeedableRng};

    use super::super::Minutes;
    use super::super::cell::{Key, Length};
    use super::super::clients::{Gathering, Met};
    use super::*;

    /// Rollups of two threads: some cells are in both, and some texts that are no UTF-8 read like others that are.
    fn rollups() -> [Rollup; 2] {
        let mut dice = Xoshiro256PlusPlus::seed_from_u64(7);
        let mut rollup = |seed: u64| {
            let mut keys: Vec<u32> = (0..20_000).collect();
            keys.shuffle(&mut dice);
            let mut rollup = Rollup::new(3_600_000_000);
            for key in keys.into_iter().take(13_000) {
                let odd = [&b"a\\xE9"[..], b"a\xe9", b"", b"b"][key as usize % 4];
                let texts = [b"web", odd, &key.to_string().into_bytes()];
                let length = |at: usize| Length::of(Some(texts[at]));
                let key = Key {
                    bucket: i64::from(key % 3),
                    class: Class::ALL[key as usize % 5],
                    phase: None,
                    os_error: None,
                    level: None,
                    status: (key % 2 == 0).then_some(502),
                    lengths: [
                        length(0),
                        length(1),
                        Length::of(None),
                        length(2),
                        Length::of(None),
                    ],
                };
                let mut hasher = rollup.hasher.build_hasher();
                key.hash(&mut hasher);
                texts.iter().for_each(|text| hasher.write(text));
                let mut clients = Gathering::default();
                let client = dice.random_range(0..9_u8).to_le_bytes();
                clients.add(Met::default().coupon(&client).unwrap());
                let mut minutes = Minutes::default();
                minutes.add(Moment(0), Moment(dice.random_range(0..3_600_000_000)));
                let lot: u64 = dice.random();
                let pool = texts[1];
                rollup
                    .examples
                    .offer(key.bucket, key.class, pool, &lot.to_be_bytes(), lot);
                rollup.insert(Cell {
                    hash: hasher.finish(),
                    key,
                    texts: texts.concat().into(),
                    events: 1,
                    clients,
                    minutes,
                    lot,
                    first_seen: Moment(dice.random_range(0..90)),
                    last_seen: Moment(dice.random_range(90..100) + seed as i64),
                });
            }
            rollup
        };
        [rollup(0), rollup(1)]
    }

    #[test]
    fn rows_are_those_that_one_after_the_other_would_be() {
        let [one, other] = rollups();
        let mut expected: Vec<(Row, u64)> = Vec::new();
        for cell in one.cells.iter().chain(&other.cells) {
            let texts = cell.texts();
            let texts = texts.map(|text| Some(crate::record::Text(text?).to_str().into()));
            let (row, lot) = cell.clone().into_row(texts);
            expected.push((row, lot));
        }
        // Cells that are in both.
        let same = |row: &Row, other: &Row| {
            let key = |row: &Row| (row.bucket, row.class, row.pool.clone(), row.peer.clone());
            key(row) == key(other)
        };
        expected.sort_by(|one, other| one.0.order(&other.0));
        expected.dedup_by(|(again, lot), (row, kept)| {
            let is_same = same(again, row);
            if is_same {
                row.events += again.events;
                row.clients.merge(&again.clients);
                row.minutes.merge(&again.minutes);
                row.first_seen = row.first_seen.min(again.first_seen);
                row.last_seen = row.last_seen.max(again.last_seen);
                *kept = (*kept).min(*lot);
            }
            is_same
        });
        let mut merged = one;
        merged.merge(other);
        assert_eq!(merged.len(), expected.len());
        let rows = merged.into_rows();
        assert!(rows.len() > 2 * 8_192);
        let mut with_example = 0;
        for (row, (expected, lot)) in rows.iter().zip(&mut expected) {
            if let Some(example) = &row.example {
                with_example += 1;
                let lot = crate::record::Text(&lot.to_be_bytes()).to_string();
                assert_eq!(*example, lot);
                expected.example = Some(example.clone());
            }
            assert_eq!(row, expected);
        }
        // Of each bucket, class and pool, as they read.
        assert_eq!(with_example, 3 * 5 * 3);
    }
}
