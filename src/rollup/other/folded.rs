use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::iter::Peekable;
use std::sync::Arc;

use crate::record::Moment;
use crate::rollup::Row;
use crate::rollup::examples::is_chosen;
use crate::taxonomy::Class;

use super::gathering::Gathering;
use super::{Kept, OTHER};

/// Rows in their order, without the names that are not kept; those that have everything in common then are one.
///
/// What is held at once is what comes of one pool in a bucket, and what comes of all others in it.
pub(in crate::rollup) struct Folded<K: Iterator, O: Iterator> {
    kept: Arc<Kept>,
    /// The rows of pools that keep their names, and those of all others: both in order.
    rows: Peekable<K>,
    others: Peekable<O>,
    /// What comes of others in the bucket at hand.
    bucket: Option<Moment>,
    of_others: Vec<Row>,
    ready: VecDeque<Row>,
}

impl<K, O> Folded<K, O>
where
    K: Iterator<Item = io::Result<Row>>,
    O: Iterator<Item = io::Result<Row>>,
{
    /// `rows` are those of pools that `kept` has, `others` those of all others.
    pub(in crate::rollup) fn new(kept: Arc<Kept>, rows: K, others: O) -> Self {
        Self {
            kept,
            rows: rows.peekable(),
            others: others.peekable(),
            bucket: None,
            of_others: Vec::new(),
            ready: VecDeque::new(),
        }
    }

    /// Makes the next rows ready: those of a pool in a bucket, or none. It tells whether there may be more.
    fn go_on(&mut self) -> io::Result<bool> {
        let Some(bucket) = self.bucket else {
            return self.begin();
        };
        let is_of = |row: &Row| row.bucket == bucket;
        let Some(first) = next_if(&mut self.rows, is_of)? else {
            self.hand_on_others();
            self.bucket = None;
            return Ok(true);
        };
        if *first.pool > *OTHER {
            self.hand_on_others();
        }
        let pool = Arc::clone(&first.pool);
        let mut of_pool = Gathering::new(Arc::clone(&self.kept));
        of_pool.add(first);
        while let Some(row) = next_if(&mut self.rows, |row| is_of(row) && row.pool == pool)? {
            of_pool.add(row);
        }
        self.ready.extend(of_pool.finish());
        Ok(true)
    }

    /// Nothing was ready, so they need not be copied.
    fn hand_on_others(&mut self) {
        self.ready = std::mem::take(&mut self.of_others).into();
    }

    /// Begins the next bucket, if there is one.
    fn begin(&mut self) -> io::Result<bool> {
        let next = [peeked(&mut self.rows)?, peeked(&mut self.others)?];
        let Some(bucket) = next.into_iter().flatten().min() else {
            return Ok(false);
        };
        let mut of_others = Gathering::new(Arc::clone(&self.kept));
        while let Some(row) = next_if(&mut self.others, |row| row.bucket == bucket)? {
            of_others.add(row);
        }
        self.of_others = of_others.finish();
        only_one_example(&mut self.of_others);
        self.bucket = Some(bucket);
        Ok(true)
    }
}

impl<K, O> Iterator for Folded<K, O>
where
    K: Iterator<Item = io::Result<Row>>,
    O: Iterator<Item = io::Result<Row>>,
{
    type Item = io::Result<Row>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.ready.is_empty() {
            match self.go_on() {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => return Some(Err(error)),
            }
        }
        self.ready.pop_front().map(Ok)
    }
}

/// The bucket of what comes next.
fn peeked<I>(rows: &mut Peekable<I>) -> io::Result<Option<Moment>>
where
    I: Iterator<Item = io::Result<Row>>,
{
    match rows.next_if(Result::is_err) {
        Some(error) => error.map(|row| Some(row.bucket)),
        None => Ok(rows.peek().and_then(|row| Some(row.as_ref().ok()?.bucket))),
    }
}

/// The next row, if it is one of these.
fn next_if<I>(rows: &mut Peekable<I>, is_it: impl Fn(&Row) -> bool) -> io::Result<Option<Row>>
where
    I: Iterator<Item = io::Result<Row>>,
{
    let next = rows.next_if(|row| row.as_ref().map_or(true, &is_it));
    next.transpose()
}

/// Of each class one row has the example.
fn only_one_example(rows: &mut [Row]) {
    let mut chosen: BTreeMap<Class, String> = BTreeMap::new();
    for row in &*rows {
        let Some(example) = &row.example else {
            continue;
        };
        let kept = chosen.entry(row.class).or_insert_with(|| example.clone());
        if is_chosen(example, kept) {
            kept.clone_from(example);
        }
    }
    for row in rows {
        let example = row.example.take();
        row.example = example.filter(|example| chosen.get(&row.class) == Some(example));
        if row.example.is_some() {
            chosen.remove(&row.class);
        }
    }
}
