use std::io;

use crate::rollup::other::{Few, Named, Source};
use crate::rollup::{Count, Event, Rollup};

use super::aside::Aside;
use super::{Rows, Run, Runs, Shelf, fewer, with_few_names};

/// A rollup that is put aside, and begun anew, where it holds much.
pub struct Bounded<'a> {
    rollup: Rollup,
    width: i64,
    /// About so many bytes it may hold.
    most: usize,
    /// What it held when it was weighed last, how many cells that were, and how long their texts; and what was added since.
    weight: usize,
    cells: usize,
    texts: usize,
    events: usize,
    shelf: &'a dyn Shelf,
    aside: Option<Aside>,
    /// Runs of other threads, and the names of their rows.
    runs: Vec<Run>,
    names: Few,
    /// Why nothing can be put aside any more, and nothing is counted.
    fault: Option<io::Error>,
}

/// After so many events it is looked whether there may be much.
const OFTEN: usize = 1_024;

/// About so many bytes a new cell takes, with an example, and at most an event that is counted in a known one.
const CELL: usize = 1_024;
const EVENT: usize = 48;

impl<'a> Bounded<'a> {
    /// Counts in buckets of `width` microseconds, and holds about so many bytes at most.
    pub fn new(width: i64, most: usize, shelf: &'a dyn Shelf) -> Self {
        Self {
            rollup: Rollup::new(width),
            width,
            most,
            weight: 0,
            cells: 0,
            texts: 0,
            events: 0,
            shelf,
            aside: None,
            runs: Vec::new(),
            names: Few::default(),
            fault: None,
        }
    }

    /// All rows, in their order. Where names are too many, the pools that `is_known` tells keep theirs.
    pub fn into_rows(mut self, is_known: impl Fn(&str) -> bool) -> io::Result<Rows> {
        if !self.has_much() {
            return with_few_names(self.rollup.into_rows(), is_known).map(Rows::Held);
        }
        self.put_aside();
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let mut runs = self.runs;
        let aside = self.aside.into_iter();
        runs.extend(aside.flat_map(|aside| aside.into_runs(&mut self.names)));
        let runs = match self.names.are_few() {
            true => fewer::few(runs, self.shelf)?,
            false => {
                // All are read again and again, until it is known which names are kept.
                let all = Runs(fewer::apart(runs, self.shelf)?);
                let named = Named::chosen(all, is_known)?;
                fewer::made_of(named.rows()?, self.shelf)?
            }
        };
        Ok(Rows::Aside(Runs(runs)))
    }

    /// Whether anything was put aside, or should have been.
    fn has_much(&self) -> bool {
        self.aside.is_some() || !self.runs.is_empty() || self.fault.is_some()
    }

    /// Weighing takes its time, so it is done where there may be too much by what was added since the last time.
    fn look(&mut self) {
        let cells = self.rollup.len() - self.cells;
        let texts = self.rollup.texts() - self.texts;
        if self.weight + cells * CELL + texts + self.events * EVENT <= self.most {
            return;
        }
        self.weight = self.rollup.weight();
        self.cells = self.rollup.len();
        self.texts = self.rollup.texts();
        self.events = 0;
        // What is nearly too much would be weighed again and again.
        if self.weight > self.most - self.most / 8 {
            self.put_aside();
        }
    }

    fn put_aside(&mut self) {
        if self.rollup.is_empty() {
            return;
        }
        let rollup = std::mem::replace(&mut self.rollup, Rollup::new(self.width));
        (self.weight, self.cells, self.texts, self.events) = (0, 0, 0, 0);
        if let Err(fault) = self.try_put(rollup) {
            self.fault.get_or_insert(fault);
        }
    }

    fn try_put(&mut self, rollup: Rollup) -> io::Result<()> {
        let aside = match &mut self.aside {
            Some(aside) => aside,
            None => self.aside.insert(Aside::new(self.shelf)?),
        };
        aside.put(rollup)
    }
}

impl Count for Bounded<'_> {
    fn add(&mut self, event: &Event<'_>) {
        if self.fault.is_some() {
            return;
        }
        self.rollup.add(event);
        self.events += 1;
        if self.events.is_multiple_of(OFTEN) {
            self.look();
        }
    }

    fn merge(&mut self, mut other: Self) {
        // What one of them had to put aside, both together would have to.
        if self.has_much() || other.has_much() {
            rayon::join(|| self.put_aside(), || other.put_aside());
        }
        Count::merge(&mut self.rollup, other.rollup);
        self.runs.extend(other.runs);
        self.names.merge(other.names);
        let aside = other.aside.into_iter();
        let runs = aside.flat_map(|aside| aside.into_runs(&mut self.names));
        self.runs.extend(runs);
        self.fault = self.fault.take().or(other.fault);
    }
}
