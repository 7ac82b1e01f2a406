use std::collections::BTreeMap;
use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use crate::rollup::{ClientsTogether, Row, choose_example};

use super::{Kept, OTHER};

/// Rows of one pool in one bucket, or of all pools in it that lose their names. Those that have everything in common
/// then are one.
pub(super) struct Gathering {
    kept: Arc<Kept>,
    rows: Vec<Row>,
    /// The clients of rows to which those of others were added, where they are many.
    clients: BTreeMap<usize, ClientsTogether>,
    /// The places of rows, once one has lost a name; before that all are different.
    index: Option<HashTable<usize>>,
    hasher: RandomState,
    /// With more rows than that, the least of them lose their names.
    most: usize,
}

/// A pool has so many rows in a bucket at most.
const MOST: usize = 32_768;

impl Gathering {
    pub(super) fn new(kept: Arc<Kept>) -> Self {
        Self {
            kept,
            rows: Vec::new(),
            clients: BTreeMap::new(),
            index: None,
            hasher: RandomState::default(),
            most: MOST,
        }
    }

    pub(super) fn add(&mut self, mut row: Row) {
        if self.kept.fold(&mut row) && self.index.is_none() {
            self.begin_index();
        }
        self.put(row);
        if self.rows.len() > self.most {
            self.fold_the_least();
            // What is still too much would be looked at again and again.
            self.most = MOST.max(2 * self.rows.len());
        }
    }

    /// All rows, in order.
    pub(super) fn finish(mut self) -> Vec<Row> {
        if self.rows.len() > MOST {
            self.fold_the_least();
        }
        self.settle_clients();
        if self.index.is_some() {
            self.rows.sort_unstable_by(Row::order);
        }
        self.rows
    }

    fn put(&mut self, row: Row) {
        let Some(index) = &mut self.index else {
            return self.rows.push(row);
        };
        let hash = hash(&self.hasher, &row);
        let rows = &mut self.rows;
        match index.find(hash, |&at| rows[at].order(&row).is_eq()) {
            Some(&at) => {
                let same = &mut rows[at];
                same.add_but_clients(&row);
                same.example = choose_example(same.example.take(), row.example);
                match self.clients.get_mut(&at) {
                    Some(clients) => clients.add(&row.clients),
                    None if same.clients.are_many() || row.clients.are_many() => {
                        let mut clients = ClientsTogether::of(&same.clients);
                        clients.add(&row.clients);
                        self.clients.insert(at, clients);
                    }
                    None => same.clients.merge(&row.clients),
                }
            }
            None => {
                let hasher = &self.hasher;
                index.insert_unique(hash, rows.len(), |&at| self::hash(hasher, &rows[at]));
                rows.push(row);
            }
        }
    }

    /// From now on, rows may be alike.
    fn begin_index(&mut self) {
        self.settle_clients();
        self.index = Some(HashTable::new());
        for row in std::mem::take(&mut self.rows) {
            self.put(row);
        }
    }

    fn settle_clients(&mut self) {
        for (at, clients) in std::mem::take(&mut self.clients) {
            self.rows[at].clients = clients.into_clients();
        }
    }

    /// Each of its names is kept, but together they are too many: the lesser half loses them.
    fn fold_the_least(&mut self) {
        let mut counts: Vec<u64> = self.rows.iter().map(|row| row.events).collect();
        let (_, &mut least, _) = counts.select_nth_unstable(self.rows.len() - MOST / 2);
        let lesser = self.rows.iter_mut().filter(|row| row.events <= least);
        for row in lesser {
            for name in [&mut row.peer, &mut row.server].into_iter().flatten() {
                *name = OTHER.into();
            }
        }
        self.begin_index();
    }
}

/// Of what tells rows apart, but for bucket and pool.
fn hash(hasher: &RandomState, row: &Row) -> u64 {
    let traits = (row.class, row.phase, row.os_error, row.level, row.status);
    hasher.hash_one((traits, &row.host, &row.scheme, &row.peer, &row.server))
}
