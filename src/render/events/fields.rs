use std::borrow::Cow;
use std::fmt;

use chrono::SecondsFormat;
use serde::{Serialize, Serializer};

use crate::record::{Level, Moment, OsError, Text};
use crate::rollup::Event;
use crate::taxonomy::Phase;

/// An event's fields, in the order in which every format writes them. What is absent is null. Numbers are
/// such that every reader knows them: one that takes more than 63 bits, which NGINX has none of, is absent.
#[derive(Debug, Clone, Serialize)]
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
    pub scheme: Option<Cow<'a, str>>,
    pub peer: Option<Cow<'a, str>>,
    pub pool: Cow<'a, str>,
    pub upstream: Option<Cow<'a, str>>,
    pub server: Option<Cow<'a, str>>,
    pub client: Option<Cow<'a, str>>,
    pub request: Option<Cow<'a, str>>,
    pub host_header: Option<Cow<'a, str>>,
    pub referrer: Option<Cow<'a, str>>,
    pub message: Cow<'a, str>,
    pub action: Option<Cow<'a, str>>,
    pub host: Cow<'a, str>,
    pub source: &'a str,
    pub offset: i64,
}

impl<'a> Fields<'a> {
    /// The fields of an event.
    pub fn new(event: &Event<'a>) -> Self {
        let text = |bytes: &'a [u8]| Text(bytes).to_str();
        let record = event.record;
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
            scheme: tail.upstream.and_then(|upstream| upstream.scheme).map(text),
            peer: verdict.peer.map(text),
            pool: text(event.pool),
            upstream: tail.upstream.map(|upstream| text(upstream.value)),
            server: tail.server.map(text),
            client: tail.client.map(text),
            request: tail.request.map(text),
            host_header: tail.host.map(text),
            referrer: tail.referrer.map(text),
            message: text(record.message),
            action: record.action.map(words),
            host: text(event.host),
            source: event.source,
            offset: record.offset as i64,
        }
    }
}

fn number(value: u64) -> Option<i64> {
    value.try_into().ok()
}

/// An action, without the line breaks that somebody's editor may have put between its words.
fn words(action: &[u8]) -> Cow<'_, str> {
    let text = Text(action).to_str();
    if text.contains(['\n', '\r']) {
        Cow::Owned(text.split_whitespace().collect::<Vec<_>>().join(" "))
    } else {
        text
    }
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
