//! Rows of many files as one table, row by row: memory does not depend on how many rows there are.

#[cfg(test)]
mod tests;

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::ops::Range;

use parquet::arrow::ProjectionMask;

use super::DatasetError;
use super::columns::{Columns, Counts, Key, Place};
use super::merged::Merged;
use super::read::{NONE_OF_OURS, Reader, Table};

/// The rows of some buckets, those that have everything in common added up, in the order of their keys.
///
/// Each file has its rows in the order of their places. What is held is what stands at one place, of each file what was
/// read at once, and small files as a whole.
pub(super) struct Merging {
    heads: BinaryHeap<Reverse<Head>>,
    merged: Merged,
}

/// So many rows are held of small files together.
const SMALL: u64 = 16_384;

/// So many rows are read at once, of all files together, and of each at least.
const AT_ONCE: usize = 4_096;
const AT_LEAST: usize = 32;

/// A file that is read, and its next row.
struct Head {
    reader: Reader,
    columns: Columns,
    row: usize,
    buckets: Range<i64>,
}

impl Merging {
    pub(super) fn new<'t>(
        tables: impl IntoIterator<Item = &'t Table>,
        buckets: &Range<i64>,
    ) -> Result<Self, DatasetError> {
        let tables = tables.into_iter();
        let tables = tables.map(|table| (table.rows_of(buckets), table));
        let mut tables: Vec<(u64, &Table)> = tables.filter(|&(rows, _)| rows > 0).collect();
        tables.sort_by_key(|&(rows, _)| rows);
        let mut merged = Merged::default();
        let mut held = 0;
        let is_small = |&(rows, _): &(u64, &Table)| {
            held += rows;
            held <= SMALL
        };
        let small = match tables.len() {
            // Nothing is to be added to it.
            1 => 0,
            _ => tables.iter().copied().take_while(is_small).count(),
        };
        let (small, large) = tables.split_at(small);
        for (_, table) in small {
            table.add_to(&mut merged, buckets)?;
        }
        let at_once = (AT_ONCE / large.len().max(1)).max(AT_LEAST);
        let heads = large
            .iter()
            .filter_map(|(_, table)| Head::new(table, buckets, at_once).transpose());
        let heads = heads.map(|head| head.map(Reverse));
        Ok(Self {
            heads: heads.collect::<Result<_, _>>()?,
            merged,
        })
    }

    fn try_next(&mut self) -> Result<Option<(Key, Counts)>, DatasetError> {
        loop {
            let Some(mut head) = self.heads.peek_mut() else {
                return Ok(self.merged.pop_first());
            };
            let first = self.merged.first_place();
            if first.is_some_and(|first| first < head.0.place()) {
                // Nothing can be added to it any more.
                return Ok(self.merged.pop_first());
            }
            head.0.add_to(&mut self.merged)?;
            if !head.0.step()? {
                PeekMut::pop(head);
            }
        }
    }
}

impl Iterator for Merging {
    type Item = Result<(Key, Counts), DatasetError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.try_next().transpose()
    }
}

impl Head {
    /// Nothing, if there is no such row.
    fn new(
        table: &Table,
        buckets: &Range<i64>,
        at_once: usize,
    ) -> Result<Option<Self>, DatasetError> {
        let groups = table.groups_of(buckets);
        let mut reader = table.reader(groups, ProjectionMask::all(), at_once)?;
        let Some(columns) = next_columns(&mut reader)? else {
            return Ok(None);
        };
        let mut head = Self {
            reader,
            columns,
            row: 0,
            buckets: buckets.clone(),
        };
        let is_there = head.is_wanted() || head.step()?;
        Ok(is_there.then_some(head))
    }

    fn place(&self) -> Place<'_> {
        self.columns.place(self.row)
    }

    fn is_wanted(&self) -> bool {
        self.buckets.contains(&self.columns.bucket(self.row))
    }

    fn add_to(&self, merged: &mut Merged) -> Result<(), DatasetError> {
        let counts = self.columns.counts(self.row);
        let counts = counts.ok_or_else(|| self.reader.odd(NONE_OF_OURS))?;
        merged.add_row(self.columns.key(self.row), counts);
        Ok(())
    }

    /// Goes on to the next row, and tells whether there is one.
    fn step(&mut self) -> Result<bool, DatasetError> {
        loop {
            let (row, next) = (self.row, self.row + 1);
            let is_in_order = if next < self.columns.len() {
                self.row = next;
                self.columns.place(row) <= self.columns.place(next)
            } else {
                let Some(next) = next_columns(&mut self.reader)? else {
                    return Ok(false);
                };
                let before = std::mem::replace(&mut self.columns, next);
                self.row = 0;
                before.place(row) <= self.columns.place(0)
            };
            if !is_in_order {
                return Err(self.reader.odd("its rows are not in order"));
            }
            if self.is_wanted() {
                return Ok(true);
            }
        }
    }
}

/// The rows that are read next; nothing at the end.
fn next_columns(reader: &mut Reader) -> Result<Option<Columns>, DatasetError> {
    while let Some(batch) = reader.next()? {
        if batch.num_rows() > 0 {
            let columns = Columns::of(&batch).ok_or_else(|| reader.odd(NONE_OF_OURS))?;
            return Ok(Some(columns));
        }
    }
    Ok(None)
}

impl Ord for Head {
    fn cmp(&self, other: &Self) -> Ordering {
        self.place().cmp(&other.place())
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
