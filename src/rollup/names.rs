use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};
use rayon::prelude::*;

use crate::record::Text;

use super::cell::Cell;

/// The texts of cells: each once, though many cells have it.
pub(super) struct Names {
    parts: Vec<Part>,
}

/// The texts of some cells. Each part has its own: where two threads counted the users of one text, they would wait
/// for each other all the time.
struct Part {
    /// The texts, and their ranks among all.
    texts: Vec<(Arc<str>, u32)>,
    /// Those of each cell, counted from 1; 0 is none.
    cells: Vec<[u32; 5]>,
}

/// So many cells are a part.
const PART: usize = 8_192;

impl Names {
    pub(super) fn of(cells: &[Cell]) -> Self {
        let mut parts: Vec<Part> = cells.par_chunks(PART).map(Part::of).collect();
        let texts = parts.iter().flat_map(|part| &part.texts);
        let mut sorted: Vec<Arc<str>> = texts.map(|(text, _)| Arc::clone(text)).collect();
        sorted.par_sort_unstable();
        sorted.dedup();
        let rank = |text: &Arc<str>| sorted.partition_point(|other| other < text) as u32;
        parts.par_iter_mut().for_each(|part| {
            let texts = part.texts.iter_mut();
            texts.for_each(|(text, place)| *place = rank(text));
        });
        Self { parts }
    }

    /// What tells the order of the texts of a cell; less than all is that there is none.
    pub(super) fn ranks(&self, at: usize) -> [u32; 5] {
        let part = &self.parts[at / PART];
        part.cells[at % PART].map(|text| match text.checked_sub(1) {
            Some(text) => part.texts[text as usize].1 + 1,
            None => 0,
        })
    }

    /// The texts of a cell.
    pub(super) fn texts(&self, at: usize) -> [Option<Arc<str>>; 5] {
        let part = &self.parts[at / PART];
        part.cells[at % PART].map(|text| {
            let text = text.checked_sub(1)?;
            Some(Arc::clone(&part.texts[text as usize].0))
        })
    }
}

impl Part {
    fn of(cells: &[Cell]) -> Self {
        let mut texts = Vec::new();
        let mut known: HashMap<&[u8], u32> = HashMap::new();
        let mut number = |text| {
            *known.entry(text).or_insert_with(|| {
                texts.push((Text(text).to_str().into(), 0));
                texts.len() as u32
            })
        };
        // Most have the host and the scheme of the cell before.
        let mut last: [(Option<&[u8]>, u32); 5] = [(None, 0); 5];
        let cells = cells.iter().map(|cell| {
            for (last, text) in last.iter_mut().zip(cell.texts()) {
                if last.0 != text {
                    *last = (text, text.map_or(0, &mut number));
                }
            }
            last.map(|(_, number)| number)
        });
        Self {
            cells: cells.collect(),
            texts,
        }
    }
}
