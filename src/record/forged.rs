//! Lines that a client put into the log.
//!
//! `open() "…" failed` and its like carry a path that NGINX has percent-decoded, so `%0A` in a URL
//! begins a new line, and what follows can look like a perfect record. It cannot look innocent from
//! all sides, because the record it hides in goes on behind it:
//!
//! 1. The genuine first line has a connection number but stops inside a quote, without a tail and
//!    far from NGINX's cut; its own tail comes later, as a second tail on a forged line or with the
//!    missing quote before it.
//! 2. If the path holds a whole forged tail, the first line looks complete. But then the genuine
//!    tail, at the end of the last line, holds the request line, and in it `%0A` and the forged lines.
//! 3. If NGINX cut the record before its tail, the lines together are exactly as long as the cut.
//! 4. A `proxy_pass` with `$uri` puts the decoded path into `upstream: "…`: the genuine line then has a
//!    tail, but stops inside that quote, and its request line holds `%0A` and the forged lines. A mail
//!    login with a line feed leaves the same trace; what follows it ends in the genuine upstream.
//!
//! One case stays open: a path that holds a whole forged tail, whose last line is whole as well, and
//! that is cut by NGINX to the byte behind it. Nothing in those bytes tells it from genuine lines.

use std::collections::VecDeque;
use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::path::{normalized, percent_decoded};
use super::span::Found;
use super::{Head, Level, OPENRESTY_CUT, Span, message, tail};

/// No record is longer, so no forged line stands farther from its record.
pub(super) const WINDOW: usize = OPENRESTY_CUT;

/// Takes the lines of a chunk one after the other and joins what belongs together.
#[derive(Debug, Default)]
pub(super) struct Joiner {
    /// A record that stopped in the middle of its message.
    open: Option<usize>,
    /// A record that stopped in the middle of its tail.
    torn: Option<usize>,
    doubted: bool,
    /// Where percent-encoded line feeds stand in the chunk, as far as is known. Hardly any chunk has
    /// one, and knowing where saves looking into every request.
    line_feeds: VecDeque<usize>,
}

impl Joiner {
    /// One that knows where the line feeds of a text are.
    pub(super) fn of(text: &[u8]) -> Self {
        Self {
            line_feeds: line_feeds(text).collect(),
            ..Self::default()
        }
    }

    /// Where the line ends that begins at `at`, if it does. Looks for percent-encoded line feeds on the way.
    pub(super) fn next_line(&mut self, chunk: &[u8], mut at: usize) -> Option<usize> {
        loop {
            at += memchr::memchr2(b'\n', b'%', &chunk[at..])?;
            if chunk[at] == b'\n' {
                return Some(at);
            }
            if matches!(chunk[at..], [_, b'0', b'a' | b'A', ..]) {
                self.line_feeds.push_back(at);
            }
            at += 1;
        }
    }

    /// Adds the next record.
    pub(super) fn add(&mut self, chunk: &[u8], spans: &mut Vec<Span>, span: Span) {
        spans.push(span);
        if self.is_calm(span.end) && is_ordinary(chunk, &span) {
            return;
        }
        let torn = is_torn(chunk, &span);
        if let Some(begin) = self.first_of_forged(chunk, spans, torn) {
            self.join(chunk, spans, begin);
            // What was joined may be the end of something longer.
            let is_torn = self.torn.is_some();
            let longer = self
                .first_in_request(chunk, spans)
                .or_else(|| first_of_cut(spans).filter(|_| is_torn));
            if let Some(begin) = longer {
                self.join(chunk, spans, begin);
            }
            return;
        }
        let last = spans.len() - 1;
        let early = self.open.is_none() && stops_early(chunk, &span);
        self.doubted |= torn || early;
        if torn {
            self.torn = Some(last);
        }
        if early {
            self.open = Some(last);
        }
    }

    /// Whether nothing came before a record, which ends here, that it may belong to, and no line feed in it says so.
    pub(super) fn is_calm(&self, end: usize) -> bool {
        let is_behind = |&at: &usize| at >= end;
        self.open.is_none() && self.torn.is_none() && self.line_feeds.front().is_none_or(is_behind)
    }

    /// Makes one record of those from `begin` on.
    fn join(&mut self, chunk: &[u8], spans: &mut Vec<Span>, begin: usize) {
        let whole = Span::joined(chunk, &spans[begin], &spans[spans.len() - 1]);
        self.doubted = true;
        // What closed it may have been forged, too.
        self.open = stops_early(chunk, &whole).then_some(begin);
        self.torn = is_torn(chunk, &whole).then_some(begin);
        spans.truncate(begin);
        spans.push(whole);
    }

    /// Whether anything was seen that can tie lines together.
    pub(super) fn doubted(&self) -> bool {
        self.doubted
    }

    /// The record that may go on behind the last one: what ends it was not seen.
    pub(super) fn unfinished<'a>(&self, spans: &'a [Span]) -> Option<&'a Span> {
        let last = spans.last()?;
        let begun = [self.open, self.torn].into_iter().flatten().min()?;
        let first = spans.get(begun)?;
        (last.end - first.start <= WINDOW).then_some(first)
    }

    /// The record to which the last one belongs, because its request holds the lines between.
    fn first_in_request(&mut self, chunk: &[u8], spans: &[Span]) -> Option<usize> {
        let last = spans.last()?;
        while self.line_feeds.front().is_some_and(|&at| at < last.start) {
            self.line_feeds.pop_front();
        }
        if self.line_feeds.front().is_none_or(|&at| at >= last.end) {
            return None;
        }
        let request = Request::in_last_tail(chunk, last)?;
        self.doubted = true;
        first_held(&request, chunk, spans)
    }

    /// The record to which the last one belongs.
    fn first_of_forged(&mut self, chunk: &[u8], spans: &[Span], is_torn: bool) -> Option<usize> {
        let last = spans.last()?;
        let within = |first: &Span| last.end - first.start <= WINDOW;
        self.open = self.open.filter(|&open| within(&spans[open]));
        self.torn = self.torn.filter(|&torn| within(&spans[torn]));
        if let Some(open) = self.open
            && (last.has_second_tail(chunk)
                || last.is_cut_from(&spans[open])
                || closes_quote(chunk, last)
                || (quotes_upstream(chunk, &spans[open]) && closes_quotation(chunk, last)))
        {
            return Some(open);
        }
        if let Some(torn) = self.torn {
            let genuine = &spans[torn];
            let request = Request::in_first_tail(chunk, genuine);
            if request.is_some_and(|request| request.holds(chunk, last))
                || (is_torn_in_login(chunk, genuine) && names_mail_upstream(chunk, last))
            {
                return Some(torn);
            }
        }
        if let Some(held) = self.first_in_request(chunk, spans) {
            return Some(held);
        }
        first_of_cut(spans).filter(|_| is_torn && self.open.is_none())
    }
}

/// The record that NGINX cut, if the last one ends exactly there.
fn first_of_cut(spans: &[Span]) -> Option<usize> {
    let (last, before) = spans.split_last()?;
    let within = |first: &&Span| last.end - first.start <= WINDOW;
    let mut back = before.iter().rev().take_while(within);
    let back = back.position(|first| last.is_cut_from(first))?;
    Some(before.len() - 1 - back)
}

/// Whether a record ends like most that have a tail, and nobody has missed that: it is neither torn, nor does it stop
/// early. A quick look.
fn is_ordinary(chunk: &[u8], span: &Span) -> bool {
    let record = span.bytes(chunk);
    span.head.is_some_and(|head| match span.tail {
        Some(tail) => {
            let is_closed = record.ends_with(b"\"") || !has_quote(&record[tail..]);
            is_closed && span.found != Found::Nowhere
        }
        None => !head.has_connection,
    })
}

/// Whether nothing in a record that is no event can tie it to others: it is neither torn, nor does it stop early. A
/// glance, for which its tail need not have been found.
pub(super) fn is_harmless(span: &Span, head: &Head<'_>) -> bool {
    if !span.is_line || span.is_cut_from(span) || tail::is_foreign(head.text) {
        return false;
    }
    match head.text.ends_with(b"\"") {
        true => tail::first(head.text, 0).is_some(),
        false => !has_quote(head.text) && !is_of_script(head.text),
    }
}

/// Whether a record stops before its tail, though it should have one: it has a connection number, and
/// stops inside a quote (or behind more of them, which may be a client's), or its text is a script's,
/// which may hold line feeds without any quote.
fn stops_early(chunk: &[u8], span: &Span) -> bool {
    if span.is_cut_from(span) {
        return false;
    }
    let head = span.any_head(chunk);
    if !head.has_connection() || head.level == Some(Level::Debug) {
        return false;
    }
    if tail::is_foreign(head.text) && has_quote(head.text) {
        return match span.found {
            Found::Unknown => tail::find(&head, span).is_none(),
            found => found == Found::Nowhere,
        };
    }
    span.tail.is_none() && (has_quote(head.text) || is_of_script(head.text))
}

fn is_of_script(text: &[u8]) -> bool {
    SCRIPTS.iter().any(|start| text.starts_with(start))
}

/// How messages begin that scripts wrote (OpenResty, njs).
const SCRIPTS: [&[u8]; 3] = [b"[lua]", b"lua ", b"js: "];

fn has_quote(text: &[u8]) -> bool {
    memchr::memchr(b'"', text).is_some()
}

fn has_open_quote(text: &[u8]) -> bool {
    memchr::memchr_iter(b'"', text).count() % 2 == 1
}

/// Whether the text before a record's tail closes a quote that it did not open.
fn closes_quote(chunk: &[u8], span: &Span) -> bool {
    span.tail
        .is_some_and(|tail| has_open_quote(&span.bytes(chunk)[..tail]))
}

fn quotes_upstream(chunk: &[u8], span: &Span) -> bool {
    tail::is_foreign(Head::read(span.bytes(chunk)).text)
}

/// Whether the text before a record's tail ends like a message that quotes an upstream.
fn closes_quotation(chunk: &[u8], span: &Span) -> bool {
    span.tail.is_some_and(|tail| {
        let (message, _, action) = message::split(&span.bytes(chunk)[..tail], message::End::Cut);
        action.is_some() && message.ends_with(b"\"")
    })
}

/// Whether a record ends inside a quoted value of its tail, though NGINX did not cut it.
fn is_torn(chunk: &[u8], span: &Span) -> bool {
    let record = span.bytes(chunk);
    if record.ends_with(b"\"") || span.is_cut_from(span) {
        return false;
    }
    let Some(tail) = span.tail else { return false };
    // The last quote is one that opens a value.
    let tail = &record[tail..];
    memchr::memrchr(b'"', tail).is_some_and(|at| tail[..at].ends_with(b": "))
}

/// Whether a record ends inside a mail login, which may hold line feeds.
fn is_torn_in_login(chunk: &[u8], span: &Span) -> bool {
    let record = span.bytes(chunk);
    memchr::memmem::rfind(record, b": \"").is_some_and(|at| record[..at].ends_with(b", login"))
}

/// Whether a record ends in what stands behind a login: an upstream without quotes.
fn names_mail_upstream(chunk: &[u8], span: &Span) -> bool {
    const UPSTREAM: &[u8] = b"\", upstream: ";
    let record = span.bytes(chunk);
    let found = memchr::memmem::rfind(record, UPSTREAM);
    found.is_some_and(|at| memchr::memchr(b'"', &record[at + UPSTREAM.len()..]).is_none())
}

/// If the request of the last record holds the beginning of that record or of others shortly before
/// it: the record before the first of those.
fn first_held(request: &Request, chunk: &[u8], spans: &[Span]) -> Option<usize> {
    let last = spans.last()?;
    let back = spans
        .iter()
        .rev()
        .take_while(|span| last.end - span.start <= WINDOW)
        .enumerate()
        .filter(|(_, span)| request.holds(chunk, span))
        .map(|(back, _)| back)
        .last()?;
    Some((spans.len() - 1 - back).saturating_sub(1))
}

/// Where `%0A` stands in the bytes.
fn line_feeds(bytes: &[u8]) -> impl Iterator<Item = usize> {
    PERCENT_0
        .find_iter(bytes)
        .filter(|&at| matches!(bytes.get(at + 2), Some(b'a' | b'A')))
}

static PERCENT_0: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("%0"));

/// A request line that holds a percent-encoded line feed, decoded.
struct Request(Vec<u8>);

impl Request {
    fn in_first_tail(chunk: &[u8], span: &Span) -> Option<Self> {
        let record = span.bytes(chunk);
        let tail = &record[span.tail?..];
        Self::decoded(&tail[memchr::memmem::find(tail, REQUEST)? + REQUEST.len()..])
    }

    fn in_last_tail(chunk: &[u8], span: &Span) -> Option<Self> {
        let record = span.bytes(chunk);
        Self::decoded(&record[memchr::memmem::rfind(record, REQUEST)? + REQUEST.len()..])
    }

    fn decoded(text: &[u8]) -> Option<Self> {
        let request = &text[..memchr::memchr(b'"', text).unwrap_or(text.len())];
        let path = &request[..memchr::memchr(b'?', request).unwrap_or(request.len())];
        line_feeds(path)
            .next()
            .map(|_| Self(normalized(&percent_decoded(path))))
    }

    /// Whether a line that begins like this record stands in the request.
    fn holds(&self, chunk: &[u8], span: &Span) -> bool {
        let record = span.bytes(chunk);
        let head = record.len() - Head::read(record).text.len();
        // The lines behind the first may have lost an envelope.
        let line = memchr::memchr(b'\n', record).unwrap_or(record.len());
        let begin = normalized(&record[..line.min(head + TELLING)]);
        // Behind the first line feed; an envelope may stand before it.
        let lines = memchr::memchr(b'\n', &self.0).map(|at| &self.0[at..]);
        lines.is_some_and(|lines| memchr::memmem::find(lines, &begin).is_some())
            || self.ends_with_begin(&record[..head], &record[..line])
    }

    /// Whether the request ends shortly behind the head of a record, in what that record begins with.
    fn ends_with_begin(&self, head: &[u8], line: &[u8]) -> bool {
        let head = normalized(head);
        let Some(feed) = memchr::memrchr(b'\n', &self.0).filter(|_| !head.is_empty()) else {
            return false;
        };
        let last = &self.0[feed + 1..];
        let version = memchr::memmem::rfind(last, b" HTTP/");
        let last = &last[..version.unwrap_or(last.len())];
        let forged = memchr::memmem::find(last, &head).map(|at| &last[at..]);
        forged.is_some_and(|forged| normalized(line).starts_with(forged))
    }
}

const REQUEST: &[u8] = b", request: \"";

/// Enough of what follows a head to tell a line from its neighbours, short enough for the shortest text
/// that is worth forging.
const TELLING: usize = 8;
