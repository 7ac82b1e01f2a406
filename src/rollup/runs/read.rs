use std::io;
use std::ops::Range;
use std::str::from_utf8;

use crate::record::Moment;
use crate::rollup::stored::{LENGTH, Stored, item_length};

use super::{Drawn, POOL, Pool, ROW, Run};

/// A run that is read, item by item. Of a row only what tells it apart is looked at: most are added to one that is there.
pub(super) struct Reading {
    pub(super) run: Run,
    /// Bytes that were read, and where those begin that were not looked at yet.
    pub(super) bytes: Vec<u8>,
    begin: usize,
    /// The pool at hand, and the examples of its classes.
    pub(super) pool: Pool,
    pub(super) drawn: Vec<Drawn>,
    pub(super) row: Place,
}

/// What comes next in a run.
#[derive(Debug, PartialEq)]
pub(super) enum Item {
    /// The rows behind it are of another bucket or pool.
    Pool,
    Row,
}

/// Where in the bytes a row says what, which is there until the next item is read.
#[derive(Default)]
pub(super) struct Place {
    pub(super) host: Range<usize>,
    pub(super) traits: usize,
    /// Scheme, peer and server.
    pub(super) texts: [Option<Range<usize>>; 3],
    pub(super) rest: Range<usize>,
}

/// So many bytes are read at once.
const AT_ONCE: usize = 16 << 10;

impl Reading {
    pub(super) fn new(run: Run) -> Self {
        Self {
            run,
            bytes: Vec::new(),
            begin: 0,
            pool: Pool::default(),
            drawn: Vec::new(),
            row: Place::default(),
        }
    }

    /// Goes on to the next item of the run's part that is to be read; nothing at its end.
    pub(super) fn next(&mut self) -> io::Result<Option<Item>> {
        loop {
            let item = self.next_of_all()?;
            if item != Some(Item::Pool) {
                return Ok(item);
            }
            let Run { from, until, .. } = &self.run;
            if until.as_ref().is_some_and(|until| self.pool >= **until) {
                return Ok(None);
            }
            if from.as_ref().is_none_or(|from| self.pool >= **from) {
                return Ok(item);
            }
            self.skip()?;
        }
    }

    /// Goes to where the rows of the pool at hand end.
    pub(super) fn skip(&mut self) -> io::Result<()> {
        while let Some(length) = self.next_length()? {
            let item = &self.bytes[self.begin + LENGTH..][..length];
            if Stored::new(item).number() != Some(ROW) {
                break;
            }
            self.begin += LENGTH + length;
        }
        Ok(())
    }

    fn next_of_all(&mut self) -> io::Result<Option<Item>> {
        let Some(length) = self.next_length()? else {
            return Ok(None);
        };
        let begin = self.begin + LENGTH;
        self.begin = begin + length;
        let bytes = std::mem::take(&mut self.bytes);
        let item = self.item(Stored::new(&bytes[begin..self.begin]));
        self.bytes = bytes;
        item.map(Some).ok_or_else(damaged)
    }

    /// How long the next item is, all of which was read; nothing at the end.
    fn next_length(&mut self) -> io::Result<Option<usize>> {
        let is_there = self.has(LENGTH)?;
        if !is_there && self.begin == self.bytes.len() {
            return Ok(None);
        }
        let length = item_length(&self.bytes[self.begin..]).ok_or_else(damaged)?;
        match self.has(LENGTH + length)? {
            true => Ok(Some(length)),
            false => Err(damaged()),
        }
    }

    /// Reads on, if need be, until there are so many bytes that were not looked at yet.
    fn has(&mut self, wanted: usize) -> io::Result<bool> {
        while self.bytes.len() - self.begin < wanted {
            self.bytes.drain(..self.begin);
            self.begin = 0;
            let held = self.bytes.len();
            let range = &mut self.run.range;
            let left = usize::try_from(range.end - range.start).unwrap_or(usize::MAX);
            let more = left.min(AT_ONCE.max(wanted - held));
            if more == 0 {
                return Ok(false);
            }
            self.bytes.resize(held + more, 0);
            let read = self
                .run
                .shelved
                .place
                .read_at(range.start, &mut self.bytes[held..])?;
            self.bytes.truncate(held + read);
            range.start += read as u64;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(true)
    }

    fn item(&mut self, mut from: Stored<'_>) -> Option<Item> {
        match from.number()? {
            POOL => {
                self.pool = Pool {
                    bucket: Moment(from.long()? as i64),
                    name: from_utf8(from.text()?).ok()?.into(),
                };
                self.drawn.clear();
                for _ in 0..from.number()? {
                    self.drawn.push(Drawn {
                        class: self.run.shelved.traits(from.number()?)?.class,
                        lot: from.long()?,
                        text: from.text()?.into(),
                    });
                }
                Some(Item::Pool)
            }
            ROW => {
                self.row = self.place(from)?;
                Some(Item::Row)
            }
            _ => None,
        }
    }

    /// Where the last of the items that were looked at says what, if that is a row.
    fn place(&self, mut from: Stored<'_>) -> Option<Place> {
        let end = self.begin;
        let range = |text: &[u8], from: &Stored<'_>| {
            let behind = end - from.left();
            behind - text.len()..behind
        };
        let host = from.text()?;
        let host = range(host, &from);
        let traits = from.number()? as usize;
        self.run.shelved.traits.get(traits)?;
        let mut text = || {
            let text = from.text_or_none()?;
            Some(text.map(|text| range(text, &from)))
        };
        Some(Place {
            host,
            traits,
            texts: [text()?, text()?, text()?],
            rest: end - from.left()..end,
        })
    }
}

pub(super) fn damaged() -> io::Error {
    let what = "what was put aside is damaged";
    io::Error::new(io::ErrorKind::InvalidData, what)
}
