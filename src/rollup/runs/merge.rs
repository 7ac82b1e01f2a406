use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::io;

use crate::record::Text;
use crate::rollup::{ClientsTogether, Mention, Row, choose_example};

use super::read::{Item, Reading};
use super::row::Texts;
use super::{Drawn, Pool, Run};

/// Runs that are read side by side, as one: what has everything in common in several of them is one row.
pub struct Merge {
    /// Runs by the pool that comes next in them. That is compared once for all its rows.
    pools: BinaryHeap<ByPool>,
    /// Those of the pool at hand, by the row that comes next.
    rows: BinaryHeap<ByRow>,
    pool: Pool,
    /// The examples of its classes.
    drawn: Vec<Drawn>,
    texts: Texts,
    wants: Wants,
}

/// Of which pools rows are asked for.
type Wants = Box<dyn Fn(&str) -> bool + Send>;

struct ByPool(Box<Reading>);

struct ByRow(Box<Reading>);

impl Merge {
    pub(super) fn new(runs: impl IntoIterator<Item = Run>) -> io::Result<Self> {
        Self::of(runs, |_| true)
    }

    /// The rows of those pools that are wanted.
    pub(super) fn of(
        runs: impl IntoIterator<Item = Run>,
        wants: impl Fn(&str) -> bool + Send + 'static,
    ) -> io::Result<Self> {
        let mut merge = Self {
            pools: BinaryHeap::new(),
            rows: BinaryHeap::new(),
            pool: Pool::default(),
            drawn: Vec::new(),
            texts: Texts::default(),
            wants: Box::new(wants),
        };
        for run in runs {
            merge.read_on(Box::new(Reading::new(run)))?;
        }
        Ok(merge)
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
        let (mut row, mut lot) = loop {
            if let Some(first) = self.rows.peek() {
                break first.0.row(&mut self.texts)?;
            }
            if !self.begin()? {
                return Ok(None);
            }
        };
        self.go_on()?;
        // There may be very many, each with a client or two.
        let mut clients: Option<ClientsTogether> = None;
        while let Some(again) = self.rows.peek().filter(|again| again.0.is_at(&row)) {
            let tally = again.0.tally()?;
            lot = lot.min(tally.lot);
            row.events += tally.events;
            row.first_seen = row.first_seen.min(tally.first_seen);
            row.last_seen = row.last_seen.max(tally.last_seen);
            row.minutes.merge(&tally.minutes);
            row.example = choose_example(row.example, tally.example);
            let clients = clients.get_or_insert_with(|| ClientsTogether::of(&row.clients));
            clients.add(&tally.clients);
            self.go_on()?;
        }
        if let Some(clients) = clients {
            row.clients = clients.into_clients();
        }
        Ok(Some((row, lot)))
    }

    /// Tells what each row is called by, without making it.
    pub(super) fn mentions(&mut self, look: &mut dyn FnMut(&Mention<'_>)) -> io::Result<()> {
        loop {
            if let Some(first) = self.rows.peek() {
                look(&first.0.mention()?);
                self.go_on()?;
            } else if !self.begin()? {
                return Ok(());
            }
        }
    }

    /// The examples of the pool to which the row belongs that came last.
    pub(super) fn drawn(&self) -> &[Drawn] {
        &self.drawn
    }

    /// Begins the next pool; tells whether there is one.
    fn begin(&mut self) -> io::Result<bool> {
        let Some(ByPool(first)) = self.pools.pop() else {
            return Ok(false);
        };
        self.pool = first.pool.clone();
        self.drawn.clear();
        self.take_on(first)?;
        while let Some(ByPool(same)) = self.next_of_pool() {
            self.take_on(same)?;
        }
        Ok(true)
    }

    /// Another run in which the pool at hand comes next.
    fn next_of_pool(&mut self) -> Option<ByPool> {
        let next = self.pools.peek_mut()?;
        (next.0.pool == self.pool).then(|| PeekMut::pop(next))
    }

    /// What a run tells of the pool at hand is added to what others have told of it.
    fn take_on(&mut self, mut reading: Box<Reading>) -> io::Result<()> {
        for one in reading.drawn.drain(..) {
            match self.drawn.iter_mut().find(|kept| kept.class == one.class) {
                Some(kept) if (one.lot, &one.text) < (kept.lot, &kept.text) => *kept = one,
                Some(_) => {}
                None => self.drawn.push(one),
            }
        }
        self.read_on(reading)
    }

    /// Reads what comes behind the first row of all.
    fn go_on(&mut self) -> io::Result<()> {
        let Some(mut first) = self.rows.peek_mut() else {
            return Ok(());
        };
        match first.0.next()? {
            Some(Item::Row) => {}
            item => {
                let ByRow(reading) = PeekMut::pop(first);
                self.put_back(reading, item)?;
            }
        }
        Ok(())
    }

    fn read_on(&mut self, mut reading: Box<Reading>) -> io::Result<()> {
        let item = reading.next()?;
        self.put_back(reading, item)
    }

    /// Puts a run where it belongs by what comes next in it.
    fn put_back(&mut self, mut reading: Box<Reading>, mut item: Option<Item>) -> io::Result<()> {
        while item == Some(Item::Pool) && !(self.wants)(&reading.pool.name) {
            reading.skip()?;
            item = reading.next()?;
        }
        match item {
            Some(Item::Pool) => self.pools.push(ByPool(reading)),
            Some(Item::Row) => self.rows.push(ByRow(reading)),
            None => {}
        }
        Ok(())
    }
}

impl Iterator for Merge {
    type Item = io::Result<Row>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_with_example().transpose()
    }
}

impl Ord for ByPool {
    /// The first is the greatest, as heaps have it.
    fn cmp(&self, other: &Self) -> Ordering {
        other.0.pool.cmp(&self.0.pool)
    }
}

impl Ord for ByRow {
    /// The first is the greatest, as heaps have it.
    fn cmp(&self, other: &Self) -> Ordering {
        other.0.order(&self.0)
    }
}

/// Those are equal that come at once.
macro_rules! ordered {
    ($($heads:ty),*) => {$(
        impl PartialOrd for $heads {
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }

        impl PartialEq for $heads {
            fn eq(&self, other: &Self) -> bool {
                self.cmp(other).is_eq()
            }
        }

        impl Eq for $heads {}
    )*};
}

ordered!(ByPool, ByRow);
