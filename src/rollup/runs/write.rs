use std::borrow::Cow;
use std::io;

use crate::record::Moment;
use crate::rollup::cell::{Cell, Key};
use crate::rollup::examples::Example;
use crate::rollup::stored::Storing;
use crate::rollup::{Clients, Minutes, Rollup, Row};
use crate::taxonomy::Class;

use super::aside::Aside;
use super::merge::Merge;
use super::{Drawn, POOL, ROW, Traits};

/// A run that is being written.
struct Writing<'a> {
    aside: &'a mut Aside,
    out: Storing,
}

/// A row as it is put aside, but for its pool, which stands before it.
struct Line<'a> {
    bucket: Moment,
    host: &'a [u8],
    traits: Traits,
    /// Scheme, peer and server.
    texts: [Option<&'a [u8]>; 3],
    events: u64,
    lot: u64,
    first_seen: Moment,
    last_seen: Moment,
    clients: Cow<'a, Clients>,
    minutes: &'a Minutes,
}

/// Where a cell is sorted to: as its row would be.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Sorted<'a> {
    bucket: i64,
    pool: &'a [u8],
    host: &'a [u8],
    traits: Traits,
    texts: [Option<&'a [u8]>; 3],
    at: usize,
}

impl Aside {
    /// Puts aside all that a rollup has counted, as one run. No other thread is asked to help: they count.
    pub(super) fn put(&mut self, rollup: Rollup) -> io::Result<()> {
        let Rollup {
            index,
            mut cells,
            examples,
            ..
        } = rollup;
        drop(index);
        cells.iter_mut().for_each(Cell::read_as_text);
        let places = cells.iter().enumerate();
        let mut places: Vec<Sorted<'_>> = places.map(|(at, cell)| Sorted::of(cell, at)).collect();
        places.sort_unstable();
        let mut drawn = examples.in_order().into_iter().peekable();
        let mut writing = Writing::new(self);
        let same_pool = |one: &Sorted<'_>, other: &Sorted<'_>| {
            (one.bucket, one.pool) == (other.bucket, other.pool)
        };
        for places in places.chunk_by(same_pool) {
            let Sorted { bucket, pool, .. } = places[0];
            let mut its = Vec::new();
            let is_its = |one: &Example| one.bucket == bucket && one.pool.as_bytes() == pool;
            while let Some(Example {
                class, lot, text, ..
            }) = drawn.next_if(is_its)
            {
                its.push(Drawn { class, lot, text });
            }
            writing.begin(Moment(bucket), pool, &its)?;
            for place in places {
                let [_, peer, server] = place.texts;
                writing.aside.names.add([pool, place.host], [peer, server]);
                writing.row(&Line::of_cell(&cells[place.at], place))?;
            }
        }
        writing.end()
    }

    /// Puts aside what other runs come to, as one run.
    pub(super) fn put_merged(&mut self, mut merge: Merge) -> io::Result<()> {
        let mut writing = Writing::new(self);
        let mut before = None;
        while let Some((row, lot)) = merge.next_row()? {
            let pool = (row.bucket, row.pool.clone());
            if before.as_ref() != Some(&pool) {
                writing.begin(row.bucket, row.pool.as_bytes(), merge.drawn())?;
                before = Some(pool);
            }
            writing.row(&Line::of_row(&row, lot))?;
        }
        writing.end()
    }
}

impl<'a> Writing<'a> {
    fn new(aside: &'a mut Aside) -> Self {
        Self {
            aside,
            out: Storing::default(),
        }
    }

    /// The rows that follow are of this bucket and pool, and these are the examples of its classes.
    fn begin(&mut self, bucket: Moment, pool: &[u8], drawn: &[Drawn]) -> io::Result<()> {
        let classes: Vec<u64> = drawn
            .iter()
            .map(|one| self.aside.number(Traits::of_class(one.class)))
            .collect();
        self.out.item(|out| {
            out.number(POOL);
            out.long(bucket.0 as u64);
            out.text(pool);
            out.number(drawn.len() as u64);
            for (class, one) in classes.into_iter().zip(drawn) {
                out.number(class);
                out.long(one.lot);
                out.text(&one.text);
            }
        });
        self.aside.pour_much(&mut self.out)
    }

    fn row(&mut self, line: &Line<'_>) -> io::Result<()> {
        let traits = self.aside.number(line.traits);
        let since = |moment: Moment| moment.0.wrapping_sub(line.bucket.0) as u64;
        self.out.item(|out| {
            out.number(ROW);
            out.text(line.host);
            out.number(traits);
            line.texts.iter().for_each(|text| out.text_or_none(*text));
            out.number(line.events);
            out.long(line.lot);
            out.number(since(line.first_seen));
            out.number(since(line.last_seen));
            line.minutes.store(out);
            line.clients.store(out);
        });
        self.aside.pour_much(&mut self.out)
    }

    fn end(self) -> io::Result<()> {
        self.aside.end_run(self.out)
    }
}

impl<'a> Sorted<'a> {
    fn of(cell: &'a Cell, at: usize) -> Self {
        let [host, pool, scheme, peer, server] = cell.texts();
        Self {
            bucket: cell.key.bucket,
            pool: pool.unwrap_or_default(),
            host: host.unwrap_or_default(),
            traits: Traits::of_key(&cell.key),
            texts: [scheme, peer, server],
            at,
        }
    }
}

impl<'a> Line<'a> {
    fn of_cell(cell: &'a Cell, sorted: &Sorted<'a>) -> Self {
        Self {
            bucket: Moment(sorted.bucket),
            host: sorted.host,
            traits: sorted.traits,
            texts: sorted.texts,
            events: cell.events,
            lot: cell.lot,
            first_seen: cell.first_seen,
            last_seen: cell.last_seen,
            clients: cell.clients.clients(),
            minutes: &cell.minutes,
        }
    }

    fn of_row(row: &'a Row, lot: u64) -> Self {
        let texts = [&row.scheme, &row.peer, &row.server];
        Self {
            bucket: row.bucket,
            host: row.host.as_bytes(),
            traits: Traits::of_row(row),
            texts: texts.map(|text| text.as_ref().map(|text| text.as_bytes())),
            events: row.events,
            lot,
            first_seen: row.first_seen,
            last_seen: row.last_seen,
            clients: Cow::Borrowed(&row.clients),
            minutes: &row.minutes,
        }
    }
}

impl Traits {
    fn of_key(key: &Key) -> Self {
        Self {
            class: key.class,
            phase: key.phase,
            os_error: key.os_error,
            level: key.level,
            status: key.status,
        }
    }

    fn of_row(row: &Row) -> Self {
        Self {
            class: row.class,
            phase: row.phase,
            os_error: row.os_error,
            level: row.level,
            status: row.status,
        }
    }

    /// What tells a class, where nothing else is to be told.
    fn of_class(class: Class) -> Self {
        Self {
            class,
            phase: None,
            os_error: None,
            level: None,
            status: None,
        }
    }
}
