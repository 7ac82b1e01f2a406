//! What the row says at which a reading is: as much of it as is asked for.

use std::cmp::Ordering;
use std::io;
use std::ops::Range;
use std::str::from_utf8;
use std::sync::Arc;

use crate::record::Moment;
use crate::rollup::stored::Stored;
use crate::rollup::{Clients, Mention, Minutes, Row};

use super::Traits;
use super::read::{Reading, damaged};

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

impl Reading {
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
