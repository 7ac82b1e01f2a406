use std::borrow::Cow;
use std::fmt;

use chrono::SecondsFormat;
use memchr::memchr2;
use serde::{Serialize, Serializer};

use crate::record::{Level, Moment, OsError, Text};
use crate::rollup::Event;
use crate::taxonomy::Phase;

/// An event's fields, in the order in which every format writes them. What is absent is null. Numbers are
/// such that every reader knows them: one that takes more than 63 bits, which NGINX has none of, is absent.
/// Texts are as they stand in the log, UTF-8 or not.
#[derive(Debug, Clone)]
#[allow(
    missing_docs,
    reason = "the README's table of event fields says what each one is"
)]
pub struct Fields<'a> {
    pub time: Option<Time>,
    pub level: Option<&'static str>,
    pub pid: Option<i64>,
    pub tid: Option<i64>,
    pub connection: Option<i64>,
    pub class: &'static str,
    pub kind: &'static str,
    pub phase: Option<&'static str>,
    pub os_error: Option<&'static str>,
    pub status: Option<u16>,
    pub scheme: Option<&'a [u8]>,
    pub peer: Option<&'a [u8]>,
    pub pool: &'a [u8],
    pub upstream: Option<&'a [u8]>,
    pub server: Option<&'a [u8]>,
    pub client: Option<&'a [u8]>,
    pub request: Option<&'a [u8]>,
    pub host_header: Option<&'a [u8]>,
    pub referrer: Option<&'a [u8]>,
    pub message: &'a [u8],
    pub action: Option<Cow<'a, [u8]>>,
    pub host: &'a [u8],
    pub source: &'a str,
    pub offset: i64,
}

impl<'a> Fields<'a> {
    /// The fields of an event.
    pub fn new(event: &Event<'a>) -> Self {
        let record = event.record.get();
        let verdict = &event.verdict;
        let tail = &record.tail;
        Self {
            time: event.is_dated.then_some(Time(event.moment)),
            level: record.head.level.map(Level::name),
            pid: record.head.pid().and_then(number),
            tid: record.head.tid().and_then(number),
            connection: record.head.connection().and_then(number),
            class: verdict.class.name(),
            kind: verdict.class.kind().letter(),
            phase: verdict.phase.map(Phase::name),
            os_error: verdict.os_error.map(OsError::name),
            status: verdict.status,
            scheme: tail.upstream.and_then(|upstream| upstream.scheme),
            peer: verdict.peer,
            pool: event.pool,
            upstream: tail.upstream.map(|upstream| upstream.value),
            server: tail.server,
            client: event.client,
            request: tail.request,
            host_header: tail.host,
            referrer: tail.referrer,
            message: record.message,
            action: record.action.map(words),
            host: event.host,
            source: event.source,
            offset: record.offset as i64,
        }
    }
}

fn number(value: u64) -> Option<i64> {
    value.try_into().ok()
}

/// An action, without the line breaks that somebody's editor may have put between its words.
fn words(action: &[u8]) -> Cow<'_, [u8]> {
    if memchr2(b'\n', b'\r', action).is_none() {
        return Cow::Borrowed(action);
    }
    let text = Text(action).to_str();
    let words: Vec<&str> = text.split_whitespace().collect();
    Cow::Owned(words.join(" ").into_bytes())
}

/// A moment as RFC 3339 in UTC, `2026-11-01T09:15:02Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Time(pub Moment);

impl fmt::Display for Time {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(
            &self
                .0
                .utc()
                .and_utc()
                .to_rfc3339_opts(SecondsFormat::AutoSi, true),
        )
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
