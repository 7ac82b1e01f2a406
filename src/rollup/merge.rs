use std::hash::{BuildHasher, Hash, Hasher};

use super::Rollup;

impl Rollup {
    /// Adds all that another rollup has counted. The widths must be the same.
    pub fn merge(&mut self, other: Self) {
        assert_eq!(self.width, other.width, "rollups of one run have one width");
        self.examples.merge(other.examples);
        for mut cell in other.cells {
            let mut hasher = self.hasher.build_hasher();
            cell.key.hash(&mut hasher);
            cell.texts()
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
}
