use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::io;
use std::sync::Arc;

use crate::record::{Moment, Text};
use crate::rollup::Row;
use crate::rollup::other::Few;

use super::aside::Aside;
use super::read::{Item, Reading};
use super::{Drawn, Run, Runs, Shelf};

/// Runs that are read side by side, as one: what has everything in common in several of them is one row.
pub struct Merge {
    heads: BinaryHeap<Head>,
    /// The bucket and the pool that are at hand, and the examples of its classes.
    at_hand: (Moment, Arc<str>),
    drawn: Vec<Drawn>,
    /// The row to which others may be added yet, and its lot.
    row: Option<(Row, u64)>,
}

/// A run, and what comes next in it.
struct Head {
    item: Item,
    reading: Reading,
}

/// So many runs are read side by side.
const ABREAST: usize = 64;

/// Makes fewer runs of very many: some become one, again and again.
pub(super) fn few(mut runs: Vec<Run>, shelf: &dyn Shelf) -> io::Result<Runs> {
    while runs.len() > ABREAST {
        let mut aside = Aside::new(shelf)?;
        let mut rest = runs.into_iter();
        while rest.len() > 0 {
            aside.put_merged(Merge::new(rest.by_ref().take(ABREAST))?)?;
        }
        // Nobody asks again.
        runs = aside.into_runs(&mut Few::default());
    }
    Ok(Runs(runs))
}

impl Merge {
    pub(super) fn new(runs: impl IntoIterator<Item = Run>) -> io::Result<Self> {
        let mut heads = BinaryHeap::new();
        for run in runs {
            let mut reading = Reading::new(run);
            if let Some(item) = reading.next()? {
                heads.push(Head { item, reading });
            }
        }
        Ok(Self {
            heads,
            at_hand: (Moment(i64::MIN), Arc::default()),
            drawn: Vec::new(),
            row: None,
        })
    }

    /// The next row, with its example; nothing at the end.
    fn next_with_example(&mut self) -> io::Result<Option<Row>> {
        let Some((mut row, lot)) = self.next_row()? else {
            return Ok(None);
        };
        // Whoever comes first of those that have drawn it has it.
        let is_its = |one: &Drawn| (one.class, one.lot) == (row.class, lot);
        if let Some(at) = self.drawn.iter().position(is_its) {
            let text = self.drawn.swap_remove(at).text;
            row.example = Some(Text(&text).to_str().into_owned());
        }
        Ok(Some(row))
    }

    /// The next row, and its lot: whether it has an example is asked later.
    pub(super) fn next_row(&mut self) -> io::Result<Option<(Row, u64)>> {
        loop {
            // A row is whole before the next pool begins.
            let is_row = |head: &Head| matches!(head.item, Item::Row(..));
            if self.row.is_some() && !self.heads.peek().is_some_and(is_row) {
                return Ok(self.row.take());
            }
            match (self.next_item()?, &mut self.row) {
                (None, _) => return Ok(None),
                (Some(Item::Pool(bucket, pool, drawn)), _) => self.begin((bucket, pool), drawn),
                (Some(Item::Row(row, lot)), Some((same, kept))) if row.order(same).is_eq() => {
                    same.add(&row);
                    *kept = lot.min(*kept);
                }
                (Some(Item::Row(row, lot)), before) => {
                    if let Some(before) = before.replace((row, lot)) {
                        return Ok(Some(before));
                    }
                }
            }
        }
    }

    /// The first of what comes next in all runs.
    fn next_item(&mut self) -> io::Result<Option<Item>> {
        let Some(mut head) = self.heads.peek_mut() else {
            return Ok(None);
        };
        Ok(Some(match head.reading.next()? {
            Some(next) => std::mem::replace(&mut head.item, next),
            None => PeekMut::pop(head).item,
        }))
    }

    /// The examples of the pool to which the row belongs that came last.
    pub(super) fn drawn(&self) -> &[Drawn] {
        &self.drawn
    }

    /// What a run tells of a pool is added to what others have told of it.
    fn begin(&mut self, pool: (Moment, Arc<str>), drawn: Vec<Drawn>) {
        if self.at_hand != pool {
            self.at_hand = pool;
            self.drawn.clear();
        }
        for one in drawn {
            match self.drawn.iter_mut().find(|kept| kept.class == one.class) {
                Some(kept) if (one.lot, &one.text) < (kept.lot, &kept.text) => *kept = one,
                Some(_) => {}
                None => self.drawn.push(one),
            }
        }
    }
}

impl Iterator for Merge {
    type Item = io::Result<Row>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_with_example().transpose()
    }
}

impl Head {
    /// In which order items come, of all runs.
    fn order(&self, other: &Self) -> Ordering {
        match (&self.item, &other.item) {
            (Item::Row(one, _), Item::Row(other, _)) => one.order(other),
            (one, other) => {
                let is_row = |item: &Item| matches!(item, Item::Row(..));
                let by_pool = one.pool().cmp(&other.pool());
                by_pool.then_with(|| is_row(one).cmp(&is_row(other)))
            }
        }
    }
}

impl Ord for Head {
    /// The first is the greatest, as heaps have it.
    fn cmp(&self, other: &Self) -> Ordering {
        other.order(self)
    }
}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Head {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Head {}
