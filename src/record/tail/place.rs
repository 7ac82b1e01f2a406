//! Where a tail begins.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::probe::{PROBE, Probe};
use super::request::UPSTREAM;
use super::{Tail, reads_in_order, regular};
use crate::record::message::{self, End};
use crate::record::{Head, Span};

/// What stands before the client's address: `, client: `, for UDP `, udp client: `.
const CLIENT: &[u8] = b" client: ";

/// Building a searcher costs more than searching a record with it.
static CLIENT_FINDER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(CLIENT));

/// Where a tail may begin in `text` for the first time, from a place on: the comma's place.
pub(in crate::record) fn first(text: &[u8], mut from: usize) -> Option<usize> {
    for _ in 0..FEW_COMMAS {
        let comma = from + memchr::memchr(b',', &text[from..])?;
        from = comma + 1;
        if STARTS.iter().any(|start| text[from..].starts_with(start)) {
            return Some(comma);
        }
    }
    search(text, from)
}

/// Where a tail may begin for the next time, behind the one at `at`.
pub(in crate::record) fn next(text: &[u8], at: usize) -> Option<usize> {
    search(text, at + 1 + CLIENT.len())
}

fn search(text: &[u8], mut from: usize) -> Option<usize> {
    loop {
        let at = from + CLIENT_FINDER.find(text.get(from..)?)?;
        let before = &text[..at];
        if before.ends_with(b",") {
            return Some(at - 1);
        }
        if before.ends_with(b", udp") {
            return Some(at - 5);
        }
        from = at + CLIENT.len();
    }
}

/// Hardly any message has more, and to look for one byte is quicker than to look for a word.
const FEW_COMMAS: usize = 8;

/// What stands behind the comma.
const STARTS: [&[u8]; 2] = [CLIENT, b" udp client: "];

/// Where the tail begins in the text of a record's head. With more than one candidate, the first
/// one that reads as a tail to the record's end, so that a second tail inside a Referer is none; and
/// behind a message that quotes an upstream only one before which the quote is closed.
pub(in crate::record) fn find(head: &Head<'_>, span: &Span) -> Option<usize> {
    let text = head.text;
    let first = match span.tail {
        Some(at) => at.checked_sub(span.length() - text.len())?,
        None => {
            return probe(text)
                .filter(|_| !span.is_cut_from(span))
                .or_else(|| without_client(text, span));
        }
    };
    let is_foreign = is_foreign(text);
    if next(text, first).is_none() {
        let is_end = || first < FARTHEST && is_closed(&text[..first]);
        return (!is_foreign || is_end()).then_some(first);
    }
    let finished = || {
        std::iter::successors(Some(first), |&at| next(text, at))
            .take_while(|&at| at < FARTHEST)
            .filter(|&at| !is_foreign || is_closed(&text[..at]))
    };
    finished()
        .find(|&at| reads_in_order(&text[at..], None))
        .or_else(|| finished().next())
        .or((!is_foreign).then_some(first))
}

/// Where the tail begins of a request that dealt with an upstream, and the tail, if it is one that reads as a tail to the
/// record's end at the first glance: whatever looks like a second one is within it.
pub(in crate::record) fn find_regular<'a>(
    head: &Head<'a>,
    span: &Span,
) -> Option<(usize, Tail<'a>)> {
    let text = head.text;
    let first = span.tail?.checked_sub(span.length() - text.len())?;
    let is_plain = span.is_line && text[..first].ends_with(b"upstream") && !is_foreign(text);
    let tail = is_plain.then(|| regular::read(&text[first..])).flatten()?;
    let has_blank = |host: &[u8]| memchr::memchr(b' ', host).is_some();
    let is_read = match tail.request {
        Some(_) => !tail.host.is_some_and(has_blank),
        // What follows the upstream was not looked at.
        None => next(text, first).is_none(),
    };
    is_read.then_some((first, tail))
}

/// The tail behind a message that quotes an upstream and has no action: NGINX took it out of its cache.
/// What the message quotes may look like a tail, so it is the last, and whole.
pub(in crate::record) fn find_without_action(head: &Head<'_>, span: &Span) -> Option<usize> {
    let text = head.text;
    let first = span.tail?.checked_sub(span.length() - text.len())?;
    if !is_foreign(text) || span.is_cut_from(span) {
        return None;
    }
    let is_quoted = |at: &usize| {
        let before = &text[..*at];
        let before = before.strip_suffix(b", ignored").unwrap_or(before);
        let is_whole = || Tail::read(&text[*at..], false).request.is_some();
        before.ends_with(b"\"") && is_whole() && reads_in_order(&text[*at..], None)
    };
    std::iter::successors(Some(first), |&at| next(text, at))
        .take_while(|&at| at < FARTHEST)
        .filter(is_quoted)
        .last()
}

/// No NGINX writes a record in which a tail begins farther behind. A bound is needed: whoever fills a
/// record with beginnings of tails must not make reading it take the square of its length.
pub(super) const FARTHEST: usize = 4096;

/// What NGINX Plus puts there for a health check: `, health check "…" of peer … in upstream "…"`, to
/// the record's end.
fn probe(text: &[u8]) -> Option<usize> {
    let at = memchr::memmem::find(text, PROBE)?;
    Probe::read(&text[at..]).map(|_| at)
}

/// A tail of which somebody who quoted a record left out the client. Only of quotations: in others, what
/// stands behind the message may be a client's.
fn without_client(text: &[u8], span: &Span) -> Option<usize> {
    let place = |name: &[u8]| memchr::memmem::find(text, name);
    let places = [b", server: ".as_slice(), b", request: \"", UPSTREAM].map(place);
    span.is_quoted.then(|| places.into_iter().flatten().min())?
}

/// Whether a message that quotes an upstream, read up to here, has its closing quote and its action.
fn is_closed(text: &[u8]) -> bool {
    let is_usual = |end: &&&[u8]| text.ends_with(end);
    let (message, has_action) = match USUAL_ENDS.iter().find(is_usual) {
        // The quote is the message's.
        Some(end) => (&text[..text.len() + 1 - end.len()], true),
        // Nothing but the tail may follow the action, and such messages have no errno.
        None => match message::split(text, End::Cut) {
            (_, Some(_), _) => return false,
            (message, None, action) => (message, action.is_some()),
        },
    };
    let message = message.strip_suffix(b", ignored").unwrap_or(message);
    let Some(first) = opened(message) else {
        return has_action;
    };
    // The opening quote is not the closing one.
    let is_opening = first == message.len()
        || message.ends_with(b"previous value: \"")
        || message.ends_with(b"\" for key \"");
    has_action && message.ends_with(b"\"") && !is_opening
}

/// How a quotation and the action behind it mostly end.
const USUAL_ENDS: [&[u8]; 2] = [
    b"\" while reading response header from upstream",
    b"\" while reading upstream",
];

/// Where the first quotation in a message begins.
fn opened(message: &[u8]) -> Option<usize> {
    // What an application wrote is quoted from its first word on.
    if message.starts_with(STDERR) {
        return Some(STDERR.len());
    }
    let ends = OPENINGS
        .iter()
        .filter_map(|opening| Some(memchr::memmem::find(message, opening)? + opening.len()));
    ends.min()
}

/// How quotations open that an upstream wrote. The other quotes in such messages are NGINX's.
const OPENINGS: [&[u8]; 5] = [
    b": \"",
    b"status \"",
    b"response \"",
    b"header \"",
    b"trailer \"",
];

/// How a record begins that holds what an application wrote, which may be anything.
const STDERR: &[u8] = b"FastCGI sent in stderr: \"";

/// Whether a message quotes what an upstream sent.
pub(in crate::record) fn is_foreign(text: &[u8]) -> bool {
    FOREIGN.iter().any(|start| text.starts_with(start))
}

/// How records begin that quote what an upstream sent. They always have an action.
const FOREIGN: [&[u8]; 3] = [STDERR, b"upstream sent ", b"memcached sent "];
