use std::borrow::Cow;

use super::{Record, Records, Span};

/// A record that was read, or is when somebody asks for it.
#[derive(Debug, Clone, Copy)]
pub struct Deferred<'a>(State<'a>);

#[derive(Debug, Clone, Copy)]
enum State<'a> {
    Read(&'a Record<'a>),
    Unread(&'a Records<'a>, &'a Span, u64),
}

impl<'a> Deferred<'a> {
    /// One that was read.
    pub fn read(record: &'a Record<'a>) -> Self {
        Self(State::Read(record))
    }

    /// One that stands here, and is known to be a record.
    pub(crate) fn unread(records: &'a Records<'a>, span: &'a Span, offset: u64) -> Self {
        Self(State::Unread(records, span, offset))
    }

    /// The record.
    pub fn get(&self) -> Cow<'a, Record<'a>> {
        match self.0 {
            State::Read(record) => Cow::Borrowed(record),
            State::Unread(records, span, offset) => {
                let record = records.read(span, offset);
                Cow::Owned(record.expect("a head that was read is read again"))
            }
        }
    }
}
