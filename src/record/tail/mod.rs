mod ends;
mod place;
mod probe;
mod regular;
mod request;
mod whole;

use super::Upstream;
use ends::{login_end, plain_end, quoted_end, referrer_end, request_end, subrequest_end};
pub(super) use place::{find, find_regular, find_without_action, first, is_foreign, next};
use probe::Probe;
pub(super) use regular::begin;
pub(crate) use request::Request;
pub(super) use whole::{begins_whole, is_whole};

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

/// Whether this is the beginning of the name of a field later than `field`: NGINX may have cut the
/// record inside.
fn begins_field(begun: &[u8], field: Option<Field>) -> bool {
    NAMES
        .iter()
        .any(|name| Field::from_name(name) > field && name.starts_with(begun))
}

/// Whether fields behind `last` follow, in order and to the line's end. A Host has no spaces, and no
/// header that a client can send has a line feed.
fn reads_in_order(text: &[u8], last: Option<Field>) -> bool {
    let (tail, fields) = Fields::read(text, last, false);
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
        if let Some(tail) = regular::read(text) {
            return tail;
        }
        if let Some(probe) = Probe::read(text) {
            return Self {
                upstream: Some(Upstream::read(probe.peer, true)),
                ..Self::default()
            };
        }
        Fields::read(text, None, is_cut).0
    }
}

struct Fields<'a> {
    rest: &'a [u8],
    last: Option<Field>,
    is_cut: bool,
}

impl<'a> Fields<'a> {
    /// Reads the fields with which a text begins, behind `last`; what is left is in [`Fields::rest`].
    fn read(text: &'a [u8], last: Option<Field>, is_cut: bool) -> (Tail<'a>, Self) {
        let mut fields = Self {
            rest: text,
            last,
            is_cut,
        };
        let mut tail = Tail::default();
        while fields.read_one(&mut tail) {}
        (tail, fields)
    }

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

/// `, name: value…`: the name, and everything behind it.
fn name_and_value(text: &[u8]) -> Option<(&[u8], &[u8])> {
    // A client's URI has no blanks.
    let text = text.strip_prefix(b", ")?;
    let colon = memchr::memchr(b':', &text[..text.len().min(LONGEST_NAME)])?;
    let (name, value) = (&text[..colon], &text[colon + 1..]);
    let is_of_name = |byte: &u8| byte.is_ascii_alphabetic() || matches!(byte, b' ' | b'/' | b'_');
    let has_blanks = || memchr::memmem::find(name, b"  ").is_some();
    let is_name = match Field::from_name(name) {
        Some(_) => value.first().is_none_or(|byte| *byte == b' '),
        None => {
            name.first().is_some_and(u8::is_ascii_alphabetic)
                && name.iter().all(is_of_name)
                && !has_blanks()
        }
    };
    // An empty value, `server: , request: …`, is followed by its own comma.
    is_name.then_some((name, value.strip_prefix(b" ").unwrap_or(value)))
}

/// Longer than `bytes from/to upstream`.
const LONGEST_NAME: usize = 32;

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
