//! The order in which cells are put aside: that of their rows.

use foldhash::{HashMap, HashMapExt};

use crate::rollup::cell::Cell;
use crate::rollup::examples::Example;

use super::Traits;

/// What cells of one bucket and pool are sorted by: as their rows would be.
pub(super) struct Sorted<'a> {
    pub(super) host: &'a [u8],
    pub(super) traits: Traits,
    /// Scheme, peer and server.
    pub(super) texts: [Option<&'a [u8]>; 3],
    pub(super) cell: &'a Cell,
}

/// The pools of cells in their order: they are compared once, not with each cell.
pub(super) struct Ranks<'a> {
    pub(super) names: Vec<&'a [u8]>,
    ranks: HashMap<&'a [u8], u32>,
    pub(super) of_cells: Vec<u32>,
}

impl<'a> Ranks<'a> {
    pub(super) fn of(cells: &'a [Cell]) -> Self {
        let mut ranks: HashMap<&[u8], u32> = HashMap::new();
        let mut of_cells = Vec::with_capacity(cells.len());
        for cell in cells {
            let [_, pool, ..] = cell.texts();
            let number = ranks.len() as u32;
            of_cells.push(*ranks.entry(pool.unwrap_or_default()).or_insert(number));
        }
        // They are numbered as they were met yet.
        let mut by_name: Vec<(&mut u32, &[u8])> = Vec::with_capacity(ranks.len());
        by_name.extend(ranks.iter_mut().map(|(name, number)| (number, *name)));
        by_name.sort_unstable_by_key(|(_, name)| *name);
        let mut rank_of = vec![0; by_name.len()];
        for (rank, (number, _)) in (0..).zip(&mut by_name) {
            rank_of[**number as usize] = rank;
            **number = rank;
        }
        let names = by_name.into_iter().map(|(_, name)| name).collect();
        for number in &mut of_cells {
            *number = rank_of[*number as usize];
        }
        Self {
            names,
            ranks,
            of_cells,
        }
    }

    /// Examples by bucket, pool and class.
    pub(super) fn in_order(&self, examples: Vec<Example>) -> Vec<(i64, u32, Example)> {
        let ranked = examples.into_iter().filter_map(|example| {
            let rank = self.ranks.get(example.pool.as_bytes())?;
            Some((example.bucket, *rank, example))
        });
        let mut ranked: Vec<(i64, u32, Example)> = ranked.collect();
        ranked.sort_unstable_by_key(|(bucket, rank, example)| (*bucket, *rank, example.class));
        ranked
    }
}

impl<'a> Sorted<'a> {
    pub(super) fn of(cell: &'a Cell) -> Self {
        let [host, _, scheme, peer, server] = cell.texts();
        Self {
            host: host.unwrap_or_default(),
            traits: Traits::of_key(&cell.key),
            texts: [scheme, peer, server],
            cell,
        }
    }

    pub(super) fn key(&self) -> (&'a [u8], Traits, [Option<&'a [u8]>; 3]) {
        (self.host, self.traits, self.texts)
    }
}
