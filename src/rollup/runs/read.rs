use std::io;
use std::str::from_utf8;
use std::sync::Arc;

use crate::record::Moment;
use crate::rollup::stored::{LENGTH, Stored, item_length};
use crate::rollup::{Clients, Minutes, Row};

use super::{Drawn, POOL, ROW, Run, Traits};

/// A run that is read, item by item.
pub(super) struct Reading {
    run: Run,
    /// Bytes that were read, and where those begin that were not looked at yet.
    bytes: Vec<u8>,
    begin: usize,
    bucket: Moment,
    pool: Arc<str>,
    /// Host, scheme, peer and server of the row before: the next one has some of them as well.
    texts: [Option<Arc<str>>; 4],
}

/// What stands in a run.
pub(super) enum Item {
    /// The rows behind it are of another bucket or pool; these are the examples of its classes.
    Pool(Moment, Arc<str>, Vec<Drawn>),
    /// A row, and the lowest lot of its failures.
    Row(Row, u64),
}

impl Item {
    /// The bucket and the pool of which it tells.
    pub(super) fn pool(&self) -> (Moment, &str) {
        match self {
            Self::Pool(bucket, pool, _) => (*bucket, pool),
            Self::Row(row, _) => (row.bucket, &row.pool),
        }
    }
}

/// So many bytes are read at once.
const AT_ONCE: usize = 32 << 10;

impl Reading {
    pub(super) fn new(run: Run) -> Self {
        Self {
            run,
            bytes: Vec::new(),
            begin: 0,
            bucket: Moment(0),
            pool: Arc::default(),
            texts: [const { None }; 4],
        }
    }

    /// The next item; nothing at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Item>> {
        let is_there = self.has(LENGTH)?;
        if !is_there && self.begin == self.bytes.len() {
            return Ok(None);
        }
        let damaged = || {
            let what = "what was put aside is damaged";
            io::Error::new(io::ErrorKind::InvalidData, what)
        };
        let length = item_length(&self.bytes[self.begin..]).ok_or_else(damaged)?;
        if !self.has(LENGTH + length)? {
            return Err(damaged());
        }
        let begin = self.begin + LENGTH;
        self.begin = begin + length;
        let bytes = std::mem::take(&mut self.bytes);
        let item = self.item(Stored::new(&bytes[begin..self.begin]));
        self.bytes = bytes;
        item.map(Some).ok_or_else(damaged)
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
                self.bucket = Moment(from.long()? as i64);
                self.pool = from_utf8(from.text()?).ok()?.into();
                let mut drawn = Vec::new();
                for _ in 0..from.number()? {
                    drawn.push(Drawn {
                        class: self.traits(from.number()?)?.class,
                        lot: from.long()?,
                        text: from.text()?.into(),
                    });
                }
                Some(Item::Pool(self.bucket, Arc::clone(&self.pool), drawn))
            }
            ROW => self.row(from),
            _ => None,
        }
    }

    fn row(&mut self, mut from: Stored<'_>) -> Option<Item> {
        let host = self.text(0, Some(from.text()?))?;
        let Traits {
            class,
            phase,
            os_error,
            level,
            status,
        } = self.traits(from.number()?)?;
        let scheme = self.text(1, from.text_or_none()?)?;
        let peer = self.text(2, from.text_or_none()?)?;
        let server = self.text(3, from.text_or_none()?)?;
        let events = from.number()?;
        let lot = from.long()?;
        let bucket = self.bucket;
        let mut moment = || Some(Moment(bucket.0.wrapping_add(from.number()? as i64)));
        let row = Row {
            bucket,
            pool: Arc::clone(&self.pool),
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
            first_seen: moment()?,
            last_seen: moment()?,
            minutes: Minutes::stored(&mut from)?,
            clients: Clients::stored(&mut from)?,
            example: None,
        };
        Some(Item::Row(row, lot))
    }

    fn traits(&self, number: u64) -> Option<Traits> {
        self.run.shelved.traits.get(number as usize).copied()
    }

    /// A text of a row, which may be that of the row before.
    fn text(&mut self, at: usize, text: Option<&[u8]>) -> Option<Option<Arc<str>>> {
        let known = &mut self.texts[at];
        if known.as_ref().map(|known| known.as_bytes()) != text {
            *known = match text {
                Some(text) => Some(from_utf8(text).ok()?.into()),
                None => None,
            };
        }
        Some(known.clone())
    }
}
