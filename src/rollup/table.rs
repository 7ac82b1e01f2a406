use std::hash::{BuildHasher, Hash, Hasher};

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use crate::record::{Level, Moment, OsError, Text};
use crate::taxonomy::{Class, Kind, Phase};

use super::examples::{self, Examples};
use super::{Clients, Event, Minutes, Row};

/// Events counted by bucket and by everything that tells them apart.
#[derive(Debug, Clone)]
pub struct Rollup {
    /// Microseconds.
    width: i64,
    hasher: RandomState,
    index: HashTable<usize>,
    cells: Vec<Cell>,
    examples: Examples,
}

#[derive(Debug, Clone)]
struct Cell {
    hash: u64,
    key: Key,
    texts: Box<[u8]>,
    events: u64,
    clients: Clients,
    minutes: Minutes,
    /// The lowest of its failures, by which the example is chosen.
    lot: u64,
    first_seen: Moment,
    last_seen: Moment,
}

/// What an event is counted under, but for its texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    bucket: i64,
    class: Class,
    phase: Option<Phase>,
    os_error: Option<OsError>,
    level: Option<Level>,
    status: Option<u16>,
    /// Lengths of host, pool, scheme, peer and server, whose bytes stand behind each other.
    lengths: [Option<u32>; 5],
}

impl Rollup {
    /// An empty rollup with buckets of `width` microseconds, counted from 1970-01-01 00:00 UTC.
    pub fn new(width: i64) -> Self {
        Self {
            width: width.max(1),
            hasher: RandomState::default(),
            index: HashTable::new(),
            cells: Vec::new(),
            examples: Examples::default(),
        }
    }

    /// Counts an event.
    pub fn add(&mut self, event: &Event<'_>) {
        let verdict = &event.verdict;
        let tail = &event.record.tail;
        let texts = [
            Some(event.host),
            Some(event.pool),
            tail.upstream.and_then(|upstream| upstream.scheme),
            verdict.peer,
            tail.server,
        ];
        let key = Key {
            bucket: event.moment.0.div_euclid(self.width) * self.width,
            class: verdict.class,
            phase: verdict.phase,
            os_error: verdict.os_error,
            level: event.record.head.level,
            status: verdict.status,
            lengths: texts.map(|text| text.map(|text| text.len() as u32)),
        };
        let mut hasher = self.hasher.build_hasher();
        key.hash(&mut hasher);
        texts.iter().flatten().for_each(|text| hasher.write(text));
        let hash = hasher.finish();
        let cells = &self.cells;
        let is_same = |&at: &usize| {
            let cell: &Cell = &cells[at];
            cell.hash == hash && cell.key == key && same_texts(&cell.texts, &texts)
        };
        let at = match self.index.find(hash, is_same) {
            Some(&at) => at,
            None => {
                let mut bytes =
                    Vec::with_capacity(texts.iter().flatten().map(|text| text.len()).sum());
                texts
                    .iter()
                    .flatten()
                    .for_each(|text| bytes.extend_from_slice(text));
                self.insert(Cell {
                    hash,
                    key,
                    texts: bytes.into_boxed_slice(),
                    events: 0,
                    clients: Clients::default(),
                    minutes: Minutes::default(),
                    lot: u64::MAX,
                    first_seen: event.moment,
                    last_seen: event.moment,
                })
            }
        };
        let cell = &mut self.cells[at];
        cell.events += 1;
        cell.minutes.add(Moment(key.bucket), event.moment);
        cell.first_seen = cell.first_seen.min(event.moment);
        cell.last_seen = cell.last_seen.max(event.moment);
        if let Some(client) = tail.client {
            cell.clients.add(client);
        }
        if key.class.kind() == Kind::Failed {
            let raw = event.record.raw;
            let lot = examples::lot(raw);
            if lot <= cell.lot {
                cell.lot = lot;
                self.examples.offer(key.bucket, key.class, event.pool, raw);
            }
        }
    }

    fn insert(&mut self, cell: Cell) -> usize {
        let at = self.cells.len();
        let cells = &self.cells;
        self.index
            .insert_unique(cell.hash, at, |&at| cells[at].hash);
        self.cells.push(cell);
        at
    }

    /// Adds all that another rollup has counted. The widths must be the same.
    pub fn merge(&mut self, other: Self) {
        assert_eq!(self.width, other.width, "rollups of one run have one width");
        self.examples.merge(other.examples);
        for mut cell in other.cells {
            let mut hasher = self.hasher.build_hasher();
            cell.key.hash(&mut hasher);
            split_texts(&cell.texts, &cell.key.lengths)
                .into_iter()
                .flatten()
                .for_each(|text| hasher.write(text));
            cell.hash = hasher.finish();
            let cells = &self.cells;
            let is_same = |&at: &usize| cells[at].key == cell.key && cells[at].texts == cell.texts;
            match self.index.find(cell.hash, is_same) {
                Some(&at) => {
                    let into = &mut self.cells[at];
                    into.events += cell.events;
                    into.clients.merge(cell.clients);
                    into.minutes.merge(&cell.minutes);
                    into.lot = into.lot.min(cell.lot);
                    into.first_seen = into.first_seen.min(cell.first_seen);
                    into.last_seen = into.last_seen.max(cell.last_seen);
                }
                None => {
                    self.insert(cell);
                }
            }
        }
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

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
        let texts = split_texts(&self.texts, &self.key.lengths);
        let [host, pool, scheme, peer, server] =
            texts.map(|text| text.map(|text| Text(text).to_str().into_owned()));
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

/// The lengths are known to be the same.
fn same_texts(bytes: &[u8], texts: &[Option<&[u8]>; 5]) -> bool {
    let mut rest = bytes;
    texts.iter().flatten().all(|text| {
        let (one, behind) = rest.split_at(text.len());
        rest = behind;
        one == *text
    })
}

fn split_texts<'a>(bytes: &'a [u8], lengths: &[Option<u32>; 5]) -> [Option<&'a [u8]>; 5] {
    let mut rest = bytes;
    lengths.map(|length| {
        let (text, behind) = rest.split_at(length? as usize);
        rest = behind;
        Some(text)
    })
}
