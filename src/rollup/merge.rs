use std::sync::LazyLock;

use foldhash::fast::RandomState;
use rayon::prelude::*;

use super::Rollup;
use super::cell::Cell;

/// All rollups hash alike, so that they merge without hashing again; other processes hash otherwise, so that nobody
/// can write a log whose hashes collide.
pub(super) fn hasher() -> RandomState {
    static HASHER: LazyLock<RandomState> = LazyLock::new(RandomState::default);
    HASHER.clone()
}

impl Rollup {
    /// Adds all that another rollup has counted. The widths must be the same.
    pub fn merge(&mut self, other: Self) {
        assert_eq!(self.width, other.width, "rollups of one run have one width");
        self.examples.merge(other.examples);
        drop(other.index);
        let places: Vec<Option<usize>> = other
            .cells
            .par_iter()
            .map(|cell| self.place(cell))
            .collect();
        let mut same = vec![None; self.cells.len()];
        for (cell, place) in other.cells.iter().zip(&places) {
            if let Some(at) = *place {
                same[at] = Some(cell);
            }
        }
        let cells = self.cells.par_iter_mut().zip(same);
        cells.for_each(|(cell, other)| other.into_iter().for_each(|other| cell.merge(other)));
        let cells = other.cells.into_par_iter().zip(places);
        let new: Vec<Cell> = cells
            .filter_map(|(cell, place)| place.is_none().then_some(cell))
            .collect();
        self.cells.reserve(new.len());
        new.into_iter().for_each(|cell| {
            self.insert(cell);
        });
    }

    /// Where there is a cell of the same key.
    fn place(&self, cell: &Cell) -> Option<usize> {
        let is_same = |&at: &usize| {
            let known = &self.cells[at];
            known.hash == cell.hash && known.key == cell.key && known.texts == cell.texts
        };
        self.index.find(cell.hash, is_same).copied()
    }
}

impl Cell {
    fn merge(&mut self, other: &Self) {
        self.events += other.events;
        self.clients.merge(&other.clients);
        self.minutes.merge(&other.minutes);
        self.lot = self.lot.min(other.lot);
        self.first_seen = self.first_seen.min(other.first_seen);
        self.last_seen = self.last_seen.max(other.last_seen);
    }
}
