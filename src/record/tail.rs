use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::forged::{normalized, percent_decoded};
use super::message::{self, End};
use super::{Head, Span, Upstream};

/// The context fields that NGINX appends to a record, in its order. What is not there is `None`.
///
/// Everything but `server` and the peer was chosen by a client, raw: quotes, spaces, whole forged
/// fields. Two facts keep them apart: the order is fixed, and a value ends only at a quote behind
/// which the record ends or a *later* field begins. So a Referer, which comes last, can hold
/// anything and change nothing before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tail<'a> {
    /// The client's address; `unix:` for a client on a unix socket.
    pub client: Option<&'a [u8]>,
    /// The `server_name`, for stream and mail the address; may be empty.
    pub server: Option<&'a [u8]>,
    /// The request line.
    pub request: Option<&'a [u8]>,
    /// The subrequest's URI.
    pub subrequest: Option<&'a [u8]>,
    /// Who was asked.
    pub upstream: Option<Upstream<'a>>,
    /// The request's Host header.
    pub host: Option<&'a [u8]>,
    /// The request's Referer header.
    pub referrer: Option<&'a [u8]>,
}

/// In NGINX's order. `URL` stood for `request` before 0.7; `login` is mail's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Field {
    Client,
    Server,
    Request,
    Subrequest,
    Upstream,
    Host,
    Referrer,
}

/// Every name that NGINX writes, for the place where one may be cut short.
const NAMES: [&[u8]; 10] = [
    b"client",
    b"udp client",
    b"server",
    b"request",
    b"URL",
    b"login",
    b"subrequest",
    b"upstream",
    b"host",
    b"referrer",
];

impl Field {
    fn from_name(name: &[u8]) -> Option<Self> {
        Some(match name {
            b"client" | b"udp client" => Self::Client,
            b"server" => Self::Server,
            b"request" | b"URL" | b"login" => Self::Request,
            b"subrequest" => Self::Subrequest,
            b"upstream" => Self::Upstream,
            b"host" => Self::Host,
            b"referrer" => Self::Referrer,
            _ => return None,
        })
    }
}

/// What stands before the client's address: `, client: `, for UDP `, udp client: `.
const CLIENT: &[u8] = b" client: ";

/// Building a searcher costs more than searching a record with it.
static CLIENT_FINDER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(CLIENT));

/// Where a tail may begin in `text` for the first time: the comma's place.
pub(super) fn first(text: &[u8]) -> Option<usize> {
    from(text, 0)
}

/// Where a tail may begin for the next time, behind the one at `at`.
pub(super) fn next(text: &[u8], at: usize) -> Option<usize> {
    from(text, at + 1 + CLIENT.len())
}

fn from(text: &[u8], mut from: usize) -> Option<usize> {
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

/// Where the tail begins in the text of a record's head. With more than one candidate, the first
/// one that reads as a tail to the record's end, so that a second tail inside a Referer is none; and
/// behind a message that quotes an upstream only one before which the quote is closed.
pub(super) fn find(head: &Head<'_>, span: &Span) -> Option<usize> {
    let text = head.text;
    let first = match span.tail {
        Some(at) => at.checked_sub(span.length() - text.len())?,
        None => {
            let wrapped = next_wrapped(text).or_else(|| without_client(text, span));
            return wrapped.filter(|&at| !is_foreign(text) || is_closed(&text[..at]));
        }
    };
    let is_foreign = is_foreign(text);
    if !span.second_tail && !is_foreign {
        return Some(first);
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

/// The tail behind a message that quotes an upstream and has no action: NGINX took it out of its cache.
/// What the message quotes may look like a tail, so it is the last, and whole.
pub(super) fn find_without_action(head: &Head<'_>, span: &Span) -> Option<usize> {
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
const FARTHEST: usize = 4096;

/// A tail whose `, client: ` was broken over two lines by whoever pasted the record.
fn next_wrapped(text: &[u8]) -> Option<usize> {
    memchr::memchr(b'\n', text)?;
    memchr::memmem::find_iter(text, b"client:").find_map(|at| {
        let comma = text[..at].trim_ascii_end().strip_suffix(b",")?.len();
        memchr::memchr(b'\n', &text[comma..at]).map(|_| comma)
    })
}

/// A tail of which somebody who quoted a record left out the client. Only of records that were quoted
/// without their time: in others, what stands behind the message may be a client's.
fn without_client(text: &[u8], span: &Span) -> Option<usize> {
    let place = |name: &[u8]| memchr::memmem::find(text, name);
    let places = [place(b", server: "), place(b", upstream: \"")];
    (!span.is_stamped()).then(|| places.into_iter().flatten().min())?
}

/// Whether a message that quotes an upstream, read up to here, has its closing quote and its action.
fn is_closed(text: &[u8]) -> bool {
    // Nothing but the tail may follow the action.
    let (message, errno, action) = message::split(text, End::Cut);
    // Such messages have no errno.
    if errno.is_some() {
        return false;
    }
    let message = message.strip_suffix(b", ignored").unwrap_or(message);
    let first = OPENINGS
        .iter()
        .filter_map(|opening| Some(memchr::memmem::find(message, opening)? + opening.len()))
        .min();
    let Some(first) = first else {
        return action.is_some();
    };
    // The opening quote is not the closing one.
    let is_opening = first == message.len()
        || message.ends_with(b"previous value: \"")
        || message.ends_with(b"\" for key \"");
    action.is_some() && message.ends_with(b"\"") && !is_opening
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
pub(super) const STDERR: &[u8] = b"FastCGI sent in stderr: \"";

/// Whether a message quotes what an upstream sent.
pub(super) fn is_foreign(text: &[u8]) -> bool {
    FOREIGN.iter().any(|start| text.starts_with(start))
}

/// How records begin that quote what an upstream sent. They always have an action.
const FOREIGN: [&[u8]; 3] = [STDERR, b"upstream sent ", b"memcached sent "];

/// Whether fields behind `last` follow, in order and to the line's end. A Host has no spaces, and no
/// header that a client can send has a line feed.
fn reads_in_order(text: &[u8], last: Option<Field>) -> bool {
    let mut fields = Fields {
        rest: text,
        last,
        is_cut: false,
    };
    let mut tail = Tail::default();
    while fields.read_one(&mut tail) {}
    let is_line = |value: &[u8]| memchr::memchr(b'\n', value).is_none();
    // What follows on other lines is none of NGINX's.
    let is_line_end = matches!(fields.rest.first(), Some(b'\n' | b'\r'));
    let rest = fields.rest.trim_ascii();
    let begun = rest.strip_prefix(b",").map(<[u8]>::trim_ascii_start);
    (rest.is_empty() || is_line_end || begun.is_some_and(|begun| begins_field(begun, fields.last)))
        && [tail.request, tail.host, tail.referrer]
            .into_iter()
            .flatten()
            .all(is_line)
        && tail.host.is_none_or(|host| !host.contains(&b' '))
}

impl<'a> Tail<'a> {
    /// Reads the fields of a text that begins at `, client: `; NGINX may have cut it.
    pub(super) fn read(text: &'a [u8], is_cut: bool) -> Self {
        let mut fields = Fields {
            rest: text,
            last: None,
            is_cut,
        };
        let mut tail = Self::default();
        while fields.read_one(&mut tail) {}
        tail
    }
}

struct Fields<'a> {
    rest: &'a [u8],
    last: Option<Field>,
    is_cut: bool,
}

impl<'a> Fields<'a> {
    /// Reads the next field into `tail`; `false` when there is none.
    fn read_one(&mut self, tail: &mut Tail<'a>) -> bool {
        let Some((name, value)) = name_and_value(self.rest) else {
            return false;
        };
        let field = Field::from_name(name);
        if field.is_some() && field <= self.last {
            return false;
        }
        let Some(field) = field else {
            // A field of another module, or `bytes from/to client`: stepped over.
            let quoted = value.strip_prefix(b"\"");
            let end = match quoted {
                Some(quoted) => quoted_end(quoted, self.last).map_or(value.len(), |end| end + 2),
                None => plain_end(value),
            };
            self.rest = &value[end..];
            return true;
        };
        self.last = Some(field);
        let (value, whole) = match value.strip_prefix(b"\"") {
            Some(quoted) => {
                let end = match field {
                    Field::Request if name == b"login" => login_end(quoted, self.is_cut),
                    Field::Request => request_end(quoted),
                    Field::Subrequest => subrequest_end(quoted, tail.request),
                    Field::Referrer => referrer_end(quoted),
                    _ => quoted_end(quoted, self.last),
                };
                self.rest = end.map_or(&[][..], |end| &quoted[end + 1..]);
                if end.is_none() && quoted.is_empty() {
                    return false;
                }
                (&quoted[..end.unwrap_or(quoted.len())], end.is_some())
            }
            None => {
                let end = plain_end(value);
                self.rest = &value[end..];
                // A server may be empty, with fields behind it, and who quotes a record may empty the
                // client; else the record was cut here.
                if end == 0 && (field > Field::Server || value.is_empty()) {
                    return false;
                }
                let value = value[..end].trim_ascii_end();
                (value.strip_suffix(b"\"").unwrap_or(value), true)
            }
        };
        match field {
            Field::Client => {
                let value = value.strip_suffix(b" using starttls").unwrap_or(value);
                tail.client = Some(value);
            }
            Field::Server => tail.server = Some(value),
            Field::Request if name != b"login" => tail.request = Some(value),
            Field::Request => {}
            Field::Subrequest => tail.subrequest = Some(value),
            Field::Upstream => tail.upstream = Some(Upstream::read(value, whole)),
            Field::Host => tail.host = Some(value),
            Field::Referrer => tail.referrer = Some(value),
        }
        true
    }
}

/// `, name: value…`: the name, and everything behind it. Space may be a line break that somebody's
/// editor put there.
fn name_and_value(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let text = text.trim_ascii_start();
    let text = match text.strip_prefix(b",") {
        // NGINX puts a space there; a client's URI cannot.
        Some(text) if text.first().is_some_and(u8::is_ascii_whitespace) => text.trim_ascii_start(),
        Some(_) => return None,
        // Somebody left out the comma behind a client or a server.
        None if LATER.iter().any(|name| text.starts_with(name)) => text,
        None => return None,
    };
    let colon = memchr::memchr(b':', &text[..text.len().min(LONGEST_NAME)])?;
    let (name, value) = (&text[..colon], &text[colon + 1..]);
    let is_of_name = |byte: &u8| byte.is_ascii_alphabetic() || matches!(byte, b' ' | b'/' | b'_');
    let is_name = match Field::from_name(name) {
        Some(_) => value.first().is_none_or(u8::is_ascii_whitespace),
        None => colon > 0 && name.iter().all(is_of_name),
    };
    // An empty value, `server: , request: …`, is followed by its own comma.
    let value = match value.trim_ascii_start() {
        trimmed if trimmed.starts_with(b"\"") => trimmed,
        trimmed if value.starts_with(b"\n") || value.starts_with(b" \n") => trimmed,
        _ => value.strip_prefix(b" ").unwrap_or(value),
    };
    is_name.then_some((name, value))
}

/// Longer than `bytes from/to upstream`.
const LONGEST_NAME: usize = 32;

/// How the fields behind a client and a server begin.
const LATER: [&[u8]; 3] = [b"server: ", b"request: \"", b"upstream: \""];

/// Addresses and server names: up to the comma before the next field, or the line's end.
fn plain_end(value: &[u8]) -> usize {
    let line = memchr::memchr2(b'\n', b'\r', value).unwrap_or(value.len());
    let comma = comma(value, line);
    // Neither has blanks, so the comma before a name behind one was left out.
    let blanks = memchr::memchr_iter(b' ', &value[..comma]);
    blanks
        .into_iter()
        .find(|&at| LATER.iter().any(|name| value[at + 1..].starts_with(name)))
        .unwrap_or(comma)
}

/// The first comma behind which a field can begin, or `line`.
fn comma(value: &[u8], line: usize) -> usize {
    let mut from = 0;
    while let Some(at) = memchr::memchr(b',', &value[from..line]) {
        let comma = from + at;
        if value[comma + 1..]
            .first()
            .is_none_or(u8::is_ascii_whitespace)
        {
            return comma;
        }
        from = comma + 1;
    }
    line
}

/// The closing quote of a value: the first one behind which a field later than `field` begins or
/// the record ends.
fn quoted_end(value: &[u8], field: Option<Field>) -> Option<usize> {
    memchr::memchr_iter(b'"', value).find(|&at| closes(&value[at + 1..], field))
}

/// A request line ends in its HTTP version, which no valid URI contains with a space before it.
/// HTTP/0.9 and broken requests have none; then any closing quote will do.
fn request_end(value: &[u8]) -> Option<usize> {
    let has_version = |at: usize| {
        let line = &value[..at];
        memchr::memrchr(b' ', line).is_some_and(|space| line[space + 1..].starts_with(b"HTTP/"))
    };
    memchr::memchr_iter(b'"', value)
        .find(|&at| has_version(at) && closes(&value[at + 1..], Some(Field::Request)))
        .or_else(|| quoted_end(value, Some(Field::Request)))
}

/// A subrequest's URI is decoded and may hold quotes and fields. They came with the request, which is
/// logged as it was sent: what stands behind the first quote belongs to the URI as far as the request
/// holds it, too.
fn subrequest_end(value: &[u8], request: Option<&[u8]>) -> Option<usize> {
    let field = Some(Field::Subrequest);
    let first = memchr::memchr(b'"', value)?;
    let ends = || {
        memchr::memchr_iter(b'"', value).filter(|&at| {
            let rest = &value[at + 1..];
            closes(rest, field) && reads_in_order(rest, field)
        })
    };
    let decoded = request
        .filter(|request| memchr::memmem::find(request, b"%22").is_some())
        .map(|request| normalized(&percent_decoded(request)));
    let is_held = |&end: &usize| {
        decoded.as_ref().is_some_and(|decoded| {
            memchr::memmem::find(decoded, &normalized(&value[first..end])).is_some()
        })
    };
    // NGINX cut it before it ended.
    if is_held(&value.len()) {
        return None;
    }
    let held = ends()
        .take_while(|&at| at < FARTHEST)
        .filter(is_held)
        .last();
    held.or_else(|| ends().next())
        .or_else(|| quoted_end(value, field))
}

/// A mail login is whatever the client sent. What NGINX writes behind it has no quotes: `upstream: `
/// and an address, and nothing after that.
fn login_end(value: &[u8], is_cut: bool) -> Option<usize> {
    const UPSTREAM: &[u8] = b"\", upstream: ";
    // Where NGINX cut, all that is there may be the login.
    if is_cut {
        return None;
    }
    let is_address = |at: &usize| {
        let address = value[at + UPSTREAM.len()..].trim_ascii_end();
        !address
            .iter()
            .any(|byte| matches!(byte, b'"' | b' ' | b','))
    };
    memchr::memmem::rfind(value, UPSTREAM)
        .filter(is_address)
        .or_else(|| {
            let end = value.trim_ascii_end();
            end.ends_with(b"\"").then(|| end.len() - 1)
        })
}

/// The last field runs to the last quote of the line.
fn referrer_end(value: &[u8]) -> Option<usize> {
    let line = memchr::memchr(b'\n', value).unwrap_or(value.len());
    let last = |text: &[u8]| {
        let end = text.trim_ascii_end();
        end.ends_with(b"\"").then(|| end.len() - 1)
    };
    last(&value[..line]).or_else(|| last(value)).or_else(|| {
        // Something stands behind it: another module's field, or text of another program.
        quoted_end(value, Some(Field::Referrer))
    })
}

/// Whether a value that ends here leaves something sensible behind: nothing, a line end, or a field
/// later than `field`.
fn closes(rest: &[u8], field: Option<Field>) -> bool {
    let Some(after) = rest.strip_prefix(b",") else {
        let first = rest.first();
        return first.is_none_or(|byte| matches!(byte, b'\n' | b'\r')) || is_dots(rest);
    };
    if is_dots(after) {
        return true;
    }
    let Some((name, value)) = name_and_value(rest) else {
        return begins_field(after.trim_ascii_start(), field);
    };
    match Field::from_name(name) {
        // Behind a quoted value only quoted ones follow; the record may be cut before the quote.
        Some(next) => Some(next) > field && (value.starts_with(b"\"") || is_dots(value)),
        None => name.starts_with(b"bytes from/to") || name == b"context",
    }
}

/// Whether this is the beginning of the name of a field later than `field`: NGINX may have cut the
/// record inside.
fn begins_field(begun: &[u8], field: Option<Field>) -> bool {
    NAMES
        .iter()
        .any(|name| Field::from_name(name) > field && name.starts_with(begun))
}

/// Whether nothing is left, or but the dots of a quotation.
fn is_dots(text: &[u8]) -> bool {
    text.iter()
        .all(|byte| byte.is_ascii_whitespace() || *byte == b'.')
}

#[cfg(test)]
mod tests {
    use crate::record::Splitter;
    use crate::source::Start;

    #[test]
    fn an_application_that_begins_with_an_action_does_not_close_its_own_quote() {
        let log = b"2026/11/01 09:15:02 [error] 1#1: *2 FastCGI sent in stderr: \" while reading \
            upstream, client: 198.51.100.9, server: evil, request: \"GET / HTTP/1.1\", upstream: \
            \"fastcgi://evil:9000\", host: \"e\", referrer: \"x\" while reading response header from \
            upstream, client: 192.0.2.1, server: shop, request: \"GET / HTTP/1.1\", upstream: \
            \"fastcgi://127.0.0.1:9000\", host: \"shop\"\n";
        let mut splitter = Splitter::default();
        let records = splitter.split(log, Start::Input, true);
        let record = records.read(&records.spans()[0], 0).unwrap();
        assert_eq!(record.tail.client, Some(b"192.0.2.1".as_slice()));
        assert_eq!(record.tail.server, Some(b"shop".as_slice()));
        let peer = record.tail.upstream.unwrap().peer;
        assert_eq!(peer, Some(b"127.0.0.1:9000".as_slice()));
    }
}
