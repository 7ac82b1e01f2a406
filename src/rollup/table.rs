use std::hash::{BuildHasher, Hash, Hasher};

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use crate::record::{Moment, are_texts};
use crate::taxonomy::Kind;

use super::cell::{Cell, Key, Length};
use super::clients::{Gathering, Met};
use super::examples::{self, Examples};
use super::merge;
use super::other::not_too_long;
use super::{Event, Minutes};

/// Events counted by bucket and by everything that tells them apart.
#[derive(Debug, Clone)]
pub struct Rollup {
    /// Microseconds.
    pub(super) width: i64,
    pub(super) hasher: RandomState,
    pub(super) index: HashTable<usize>,
    pub(super) cells: Vec<Cell>,
    /// How many bytes the texts of all cells have.
    texts: usize,
    pub(super) examples: Examples,
    /// The bucket of the last event.
    bucket: i64,
    /// The cells of events that were met last, by their likeness.
    recent: Vec<Recent>,
    /// The clients that were met last.
    met: Met,
}

/// Where events of a likeness are counted in a bucket.
#[derive(Debug, Clone, Copy, Default)]
struct Recent {
    likeness: u64,
    bucket: i64,
    cell: usize,
}

/// So many cells are looked up without their texts.
const PLACES: usize = 1 << 14;

impl Rollup {
    /// An empty rollup with buckets of `width` microseconds, counted from 1970-01-01 00:00 UTC.
    pub fn new(width: i64) -> Self {
        Self {
            width: width.max(1),
            hasher: merge::hasher(),
            index: HashTable::new(),
            cells: Vec::new(),
            texts: 0,
            examples: Examples::default(),
            bucket: 0,
            recent: Vec::new(),
            met: Met::default(),
        }
    }

    /// Counts an event.
    pub fn add(&mut self, event: &Event<'_>) {
        let bucket = self.bucket(event.moment);
        let at = match event.likeness {
            0 => self.find(event, bucket),
            likeness => self.find_recent(event, bucket, likeness),
        };
        self.count(at, event);
    }

    /// Where the bucket of a moment begins: mostly where that of the moment before did.
    fn bucket(&mut self, moment: Moment) -> i64 {
        let behind = moment.0.wrapping_sub(self.bucket);
        if !(0..self.width).contains(&behind) {
            self.bucket = moment.0.div_euclid(self.width) * self.width;
        }
        self.bucket
    }

    /// The cell in which an event counts that has met its like.
    fn find_recent(&mut self, event: &Event<'_>, bucket: i64, likeness: u64) -> usize {
        let place = likeness as usize % PLACES;
        if let Some(recent) = self.recent.get(place)
            && (recent.likeness, recent.bucket) == (likeness, bucket)
        {
            return recent.cell;
        }
        let cell = self.find(event, bucket);
        if self.recent.is_empty() {
            self.recent.resize(PLACES, Recent::default());
        }
        self.recent[place] = Recent {
            likeness,
            bucket,
            cell,
        };
        cell
    }

    /// The cell in which an event counts.
    fn find(&mut self, event: &Event<'_>, bucket: i64) -> usize {
        let verdict = &event.verdict;
        let record = event.record.get();
        let tail = &record.tail;
        let texts = [
            Some(event.host),
            Some(event.pool),
            tail.upstream.and_then(|upstream| upstream.scheme),
            verdict.peer,
            tail.server,
        ];
        let texts = texts.map(|text| text.map(not_too_long));
        let key = Key {
            bucket,
            class: verdict.class,
            phase: verdict.phase,
            os_error: verdict.os_error,
            level: record.head.level,
            status: verdict.status,
            lengths: texts.map(Length::of),
        };
        let mut hasher = self.hasher.build_hasher();
        key.hash(&mut hasher);
        texts.iter().flatten().for_each(|text| hasher.write(text));
        let hash = hasher.finish();
        let cells = &self.cells;
        let is_same = |&at: &usize| {
            let cell: &Cell = &cells[at];
            cell.hash == hash && cell.key == key && are_texts(&cell.texts, &texts)
        };
        match self.index.find(hash, is_same) {
            Some(&at) => at,
            None => {
                let mut bytes =
                    Vec::with_capacity(texts.iter().flatten().map(|text| text.len()).sum());
                texts
                    .iter()
                    .flatten()
                    .for_each(|text| bytes.extend_from_slice(text));
                self.insert(Cell {
                    events: 0,
                    first_seen: event.moment,
                    last_seen: event.moment,
                    lot: u64::MAX,
                    clients: Gathering::default(),
                    minutes: Minutes::default(),
                    key,
                    hash,
                    texts: bytes.into_boxed_slice(),
                })
            }
        }
    }

    fn count(&mut self, at: usize, event: &Event<'_>) {
        let cell = &mut self.cells[at];
        let key = &cell.key;
        cell.events += 1;
        cell.minutes.add(Moment(key.bucket), event.moment);
        cell.first_seen = cell.first_seen.min(event.moment);
        cell.last_seen = cell.last_seen.max(event.moment);
        if let Some(coupon) = event.client.and_then(|client| self.met.coupon(client)) {
            cell.clients.add(coupon);
        }
        if key.class.kind() == Kind::Failed {
            let raw = event.raw;
            let lot = examples::lot(raw);
            if lot <= cell.lot {
                cell.lot = lot;
                let pool = not_too_long(event.pool);
                self.examples.offer(key.bucket, key.class, pool, raw, lot);
            }
        }
    }

    pub(super) fn insert(&mut self, cell: Cell) -> usize {
        let at = self.cells.len();
        self.texts += cell.texts.len();
        let cells = &self.cells;
        self.index
            .insert_unique(cell.hash, at, |&at| cells[at].hash);
        self.cells.push(cell);
        at
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// How many bytes the names of all rows have.
    pub(super) fn texts(&self) -> usize {
        self.texts
    }

    /// About how many bytes it takes.
    pub(super) fn weight(&self) -> usize {
        self.examples.weight() + self.cells.iter().map(Cell::weight).sum::<usize>()
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }
}
