use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::iter::Peekable;
use std::sync::Arc;

use crate::record::Moment;
use crate::rollup::examples::is_chosen;
use crate::rollup::{ClientsTogether, Row, choose_example};
use crate::taxonomy::Class;

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

/// With fewer rows it is not looked whether some have become alike.
const MANY: usize = 4_096;

/// A pool has so many rows in a bucket at most.
const MOST: usize = 65_536;

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
            self.ready.extend(std::mem::take(&mut self.of_others));
            self.bucket = None;
            return Ok(true);
        };
        if *first.pool > *OTHER {
            self.ready.extend(std::mem::take(&mut self.of_others));
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

/// Rows of one pool in one bucket.
struct Gathering {
    kept: Arc<Kept>,
    rows: Vec<Row>,
    is_folded: bool,
    /// With so many it is looked whether some have become alike.
    many: usize,
}

impl Gathering {
    fn new(kept: Arc<Kept>) -> Self {
        Self {
            kept,
            rows: Vec::new(),
            is_folded: false,
            many: MANY,
        }
    }

    fn add(&mut self, mut row: Row) {
        self.is_folded |= self.kept.fold(&mut row);
        self.rows.push(row);
        if self.rows.len() >= self.many {
            self.settle();
            if self.rows.len() > MOST {
                self.fold_the_least();
            }
            self.many = MANY.max(2 * self.rows.len());
        }
    }

    fn finish(mut self) -> Vec<Row> {
        self.settle();
        if self.rows.len() > MOST {
            self.fold_the_least();
        }
        self.rows
    }

    fn settle(&mut self) {
        if self.is_folded {
            unite(&mut self.rows);
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
        self.is_folded = true;
        self.settle();
    }
}

/// Makes one of those rows that have everything in common.
fn unite(rows: &mut Vec<Row>) {
    rows.sort_by(Row::order);
    // There may be very many, each with a client or two.
    let mut clients: Option<ClientsTogether> = None;
    rows.dedup_by(|again, row| {
        let is_same = again.order(row).is_eq();
        if is_same {
            let clients = clients.get_or_insert_with(|| {
                let mut clients = ClientsTogether::default();
                clients.add(&row.clients);
                clients
            });
            clients.add(&again.clients);
            row.add_but_clients(again);
            row.example = choose_example(row.example.take(), again.example.take());
        } else if let Some(clients) = clients.take() {
            row.clients = clients.into_clients();
        }
        is_same
    });
    if let (Some(row), Some(clients)) = (rows.last_mut(), clients) {
        row.clients = clients.into_clients();
    }
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
