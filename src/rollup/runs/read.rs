use std::cmp::Ordering;
use std::io;
use std::ops::Range;
use std::str::from_utf8;
use std::sync::Arc;

use crate::record::Moment;
use crate::rollup::stored::{LENGTH, Stored, item_length};
use crate::rollup::{Clients, Mention, Minutes, Row};

use super::{Drawn, POOL, Pool, ROW, Run, Traits};

/// A run that is read, item by item. Of a row only what tells it apart is looked at: most are added to one that is there.
pub(super) struct Reading {
    run: Run,
    /// Bytes that were read, and where those begin that were not looked at yet.
    bytes: Vec<u8>,
    begin: usize,
    /// The pool at hand, and the examples of its classes.
    pub(super) pool: Pool,
    pub(super) drawn: Vec<Drawn>,
    row: Place,
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
struct Place {
    host: Range<usize>,
    traits: usize,
    /// Scheme, peer and server.
    texts: [Option<Range<usize>>; 3],
    rest: Range<usize>,
}

/// What a row has counted.
pub(super) struct Tally {
    pub(super) events: u64,
    /// The lowest lot of its failures.
    pub(super) lot: u64,
    pub(super) first_seen: Moment,
    pub(super) last_seen: Moment,
    pub(super) minutes: Minutes,
    pub(super) clients: Clients,
    /// Its own, not one that was drawn for its pool.
    pub(super) example: Option<String>,
}

/// Host, scheme, peer and server of the row before: the next one has some of them as well.
#[derive(Default)]
pub(super) struct Texts([Option<Arc<str>>; 4]);

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

    /// In which order rows of one pool come.
    pub(super) fn order(&self, other: &Self) -> Ordering {
        let by_host = self.host().cmp(other.host());
        by_host
            .then_with(|| self.traits().cmp(other.traits()))
            .then_with(|| self.texts().cmp(other.texts()))
    }

    /// Whether nothing tells its row apart from this one, which is of the same pool.
    pub(super) fn is_at(&self, row: &Row) -> bool {
        let texts = [&row.scheme, &row.peer, &row.server];
        let texts = texts.map(|text| text.as_ref().map(|text| text.as_bytes()));
        let is_same = self.texts().eq(texts);
        is_same && *self.traits() == Traits::of_row(row) && self.host() == row.host.as_bytes()
    }

    /// The row at hand, and its lot.
    pub(super) fn row(&self, texts: &mut Texts) -> io::Result<(Row, u64)> {
        let Tally {
            events,
            lot,
            first_seen,
            last_seen,
            minutes,
            clients,
            example,
        } = self.tally()?;
        let Traits {
            class,
            phase,
            os_error,
            level,
            status,
        } = *self.traits();
        let [host, scheme, peer, server] = texts.of(self).ok_or_else(damaged)?;
        let row = Row {
            bucket: self.pool.bucket,
            pool: Arc::clone(&self.pool.name),
            host: host.unwrap_or_default(),
            class,
            phase,
            os_error,
            level,
            status,
            scheme,
            peer,
            server,
            events,
            first_seen,
            last_seen,
            minutes,
            clients,
            example,
        };
        Ok((row, lot))
    }

    /// What the row at hand is called by.
    pub(super) fn mention(&self) -> io::Result<Mention<'_>> {
        let [_, peer, server] = &self.row.texts;
        let text = |place: &Range<usize>| from_utf8(&self.bytes[place.clone()]).ok();
        let name = |place: &Option<Range<usize>>| match place {
            Some(place) => text(place).map(Some),
            None => Some(None),
        };
        let mention = || {
            Some(Mention {
                pool: &self.pool.name,
                host: text(&self.row.host)?,
                peer: name(peer)?,
                server: name(server)?,
                events: Stored::new(&self.bytes[self.row.rest.clone()]).number()?,
            })
        };
        mention().ok_or_else(damaged)
    }

    /// What the row at hand has counted.
    pub(super) fn tally(&self) -> io::Result<Tally> {
        let mut from = Stored::new(&self.bytes[self.row.rest.clone()]);
        let bucket = self.pool.bucket.0;
        let moment =
            |from: &mut Stored<'_>| Some(Moment(bucket.wrapping_add(from.number()? as i64)));
        let mut tally = || {
            Some(Tally {
                events: from.number()?,
                lot: from.long()?,
                first_seen: moment(&mut from)?,
                last_seen: moment(&mut from)?,
                minutes: Minutes::stored(&mut from)?,
                clients: Clients::stored(&mut from)?,
                example: match from.text_or_none()? {
                    Some(text) => Some(from_utf8(text).ok()?.to_owned()),
                    None => None,
                },
            })
        };
        tally().ok_or_else(damaged)
    }

    fn host(&self) -> &[u8] {
        &self.bytes[self.row.host.clone()]
    }

    fn traits(&self) -> &Traits {
        &self.run.shelved.traits[self.row.traits]
    }

    fn texts(&self) -> impl Iterator<Item = Option<&[u8]>> {
        let texts = self.row.texts.iter();
        texts.map(|text| Some(&self.bytes[text.clone()?]))
    }
}

impl Texts {
    /// Those of the row at hand.
    fn of(&mut self, reading: &Reading) -> Option<[Option<Arc<str>>; 4]> {
        let texts = std::iter::once(Some(reading.host())).chain(reading.texts());
        for (known, text) in self.0.iter_mut().zip(texts) {
            if known.as_ref().map(|known| known.as_bytes()) != text {
                *known = match text {
                    Some(text) => Some(from_utf8(text).ok()?.into()),
                    None => None,
                };
            }
        }
        Some(self.0.clone())
    }
}

fn damaged() -> io::Error {
    let what = "what was put aside is damaged";
    io::Error::new(io::ErrorKind::InvalidData, what)
}
