use std::borrow::Cow;
use std::io;
use std::sync::Arc;

use crate::record::Moment;
use crate::rollup::cell::Cell;
use crate::rollup::examples::Example;
use crate::rollup::other::RowByRow;
use crate::rollup::stored::Storing;
use crate::rollup::{Clients, Minutes, Rollup, Row};

use super::aside::Aside;
use super::merge::Merge;
use super::sort::{Ranks, Sorted};
use super::{Drawn, POOL, Pool, ROW, Traits};

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
    /// Its own, not one that was drawn for its pool.
    example: Option<&'a [u8]>,
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
        let ranks = Ranks::of(&cells);
        let places = (0..).zip(&cells).zip(&ranks.of_cells);
        let mut places: Vec<(i64, u32, u32)> = places
            .map(|((at, cell), rank)| (cell.key.bucket, *rank, at))
            .collect();
        places.sort_unstable();
        let mut drawn = ranks.in_order(examples.into_all()).into_iter().peekable();
        let mut writing = Writing::new(self);
        for places in places.chunk_by(|one, other| (one.0, one.1) == (other.0, other.1)) {
            let (bucket, rank, _) = places[0];
            let pool = ranks.names[rank as usize];
            let mut its = Vec::new();
            while let Some((.., one)) = drawn.next_if(|one| (one.0, one.1) == (bucket, rank)) {
                let Example {
                    class, lot, text, ..
                } = one;
                its.push(Drawn { class, lot, text });
            }
            writing.begin(Moment(bucket), pool, &its)?;
            let places = places
                .iter()
                .map(|&(.., at)| Sorted::of(&cells[at as usize]));
            let mut places: Vec<Sorted<'_>> = places.collect();
            places.sort_unstable_by(|one, other| one.key().cmp(&other.key()));
            for place in &places {
                let [_, peer, server] = place.texts;
                writing.aside.names.add([pool, place.host], [peer, server]);
                writing.row(&Line::of_sorted(place))?;
            }
        }
        writing.end()
    }

    /// Puts aside what other runs come to, as one run.
    pub(super) fn put_merged(&mut self, mut merge: Merge) -> io::Result<()> {
        let mut writing = Writing::new(self);
        let mut before = Pool::default();
        while let Some((row, lot)) = merge.next_row()? {
            writing.begin_for(&row, &mut before, merge.drawn())?;
            writing.row(&Line::of_row(&row, lot))?;
        }
        writing.end()
    }

    /// Puts aside rows that are in order, and have their examples, as one run.
    pub(super) fn put_rows(&mut self, rows: RowByRow) -> io::Result<()> {
        let mut writing = Writing::new(self);
        let mut before = Pool::default();
        for row in rows {
            let row = row?;
            writing.begin_for(&row, &mut before, &[])?;
            writing.row(&Line::of_row(&row, u64::MAX))?;
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

    /// Begins the pool of a row, unless it is the one before.
    fn begin_for(&mut self, row: &Row, before: &mut Pool, drawn: &[Drawn]) -> io::Result<()> {
        if (before.bucket, &*before.name) != (row.bucket, &*row.pool) {
            self.begin(row.bucket, row.pool.as_bytes(), drawn)?;
            *before = Pool {
                bucket: row.bucket,
                name: Arc::clone(&row.pool),
            };
        }
        Ok(())
    }

    /// The rows that follow are of this bucket and pool, and these are the examples of its classes.
    fn begin(&mut self, bucket: Moment, pool: &[u8], drawn: &[Drawn]) -> io::Result<()> {
        let classes: Vec<u64> = drawn
            .iter()
            .map(|one| self.aside.number(Traits::of_class(one.class)))
            .collect();
        self.aside.mark(&self.out, || Pool {
            bucket,
            name: String::from_utf8_lossy(pool).into(),
        });
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
            out.text_or_none(line.example);
        });
        self.aside.pour_much(&mut self.out)
    }

    fn end(self) -> io::Result<()> {
        self.aside.end_run(self.out)
    }
}

impl<'a> Line<'a> {
    fn of_sorted(sorted: &Sorted<'a>) -> Self {
        let cell = sorted.cell;
        Self {
            bucket: Moment(cell.key.bucket),
            host: sorted.host,
            traits: sorted.traits,
            texts: sorted.texts,
            events: cell.events,
            lot: cell.lot,
            first_seen: cell.first_seen,
            last_seen: cell.last_seen,
            clients: cell.clients.clients(),
            minutes: &cell.minutes,
            example: None,
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
            example: row.example.as_deref().map(str::as_bytes),
        }
    }
}
