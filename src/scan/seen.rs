use crate::record::{Deferred, Glance, Record, Records, Span, Written};

/// What is known of a record that is an event before all of it is read.
pub(super) struct Seen<'a> {
    pub(super) record: Deferred<'a>,
    pub(super) raw: &'a [u8],
    pub(super) offset: u64,
    pub(super) written: Written<'a>,
    /// The machine that its envelope names.
    pub(super) host: Option<&'a [u8]>,
    pub(super) client: Option<&'a [u8]>,
    pub(super) request: Option<&'a [u8]>,
}

impl<'a> Seen<'a> {
    /// A record that was read.
    pub(super) fn whole(record: &'a Record<'a>) -> Self {
        Self {
            record: Deferred::read(record),
            raw: record.raw,
            offset: record.offset,
            written: record.written,
            host: record.host,
            client: record.tail.client,
            request: record.tail.request,
        }
    }

    /// A record of a chunk that begins at `offset`, at which a glance was cast.
    pub(super) fn at(
        glance: &Glance<'a>,
        records: &'a Records<'a>,
        span: &'a Span,
        offset: u64,
    ) -> Self {
        Self {
            record: Deferred::unread(records, span, offset),
            raw: glance.raw,
            offset: offset + span.place() as u64,
            written: glance.written(),
            host: None,
            client: glance.request.map(|request| request.client),
            request: glance.request.and_then(|request| request.line),
        }
    }
}
