//! What a record is recognised by at a glance.

use std::ops::Range;

use smallvec::SmallVec;

use crate::record::{Glance, Record, Request, is_same};
use crate::taxonomy::{Class, Verdict, names_upstream};

use super::Understood;
use super::known::Meaning;
use super::places::LONGEST;

/// What a record is recognised by, and what it means.
pub(super) struct Face {
    /// Level, and what it has.
    sort: u8,
    /// Statement, server, and what follows the request up to the end of the upstream's address.
    texts: SmallVec<[u8; USUAL]>,
    /// How long the statement is.
    statement: usize,
    /// `None`: it names no upstream, and is no event.
    features: Option<Features>,
}

/// Most texts together are not longer; so all that is compared lies together.
const USUAL: usize = 192;

/// What a record that names an upstream is recognised by besides, and what it means.
struct Features {
    /// Where a number stands in the statement that means nothing.
    number: Range<usize>,
    /// How long the server is, and what follows the request.
    server: usize,
    upstream: usize,
    /// Where the peer stands in that.
    peer: usize,
    is_socket: bool,
    /// What stands behind the address, if it depends on that where it ends: as with sockets, and with what has no scheme.
    end: Option<u8>,
    /// `None`: it is no event all the same.
    meaning: Option<Meaning>,
    likeness: u64,
}

impl Face {
    /// Of a record that was read; `None` if the glance has not seen all that its meaning depends on. The numbers of
    /// temporary files matter where there are rules, which may ask for them.
    pub(super) fn of(
        glance: &Glance<'_>,
        record: &Record<'_>,
        found: Option<(&Verdict<'_>, &[u8])>,
        has_rules: bool,
        likeness: u64,
    ) -> Option<Self> {
        if record.statement != glance.statement || !glance.has_one_tail() {
            return None;
        }
        let mut texts = SmallVec::from_slice(glance.statement);
        let features = match &glance.request {
            Some(request) => {
                let mut features = Features::of(request, record, found, likeness)?;
                if !has_rules {
                    features.number = number(glance.statement);
                }
                texts.extend_from_slice(request.server);
                texts.extend_from_slice(&request.behind[..features.upstream]);
                Some(features)
            }
            None if found.is_none() && !names_upstream(&glance.head) => None,
            None => return None,
        };
        if texts.len() > LONGEST {
            return None;
        }
        Some(Self {
            sort: sort(glance),
            texts,
            statement: glance.statement.len(),
            features,
        })
    }

    /// Whether a record has this face.
    pub(super) fn is_of(&self, glance: &Glance<'_>) -> bool {
        let (statement, rest) = self.texts.split_at(self.statement);
        let is_same = match (&self.features, &glance.request) {
            (Some(features), Some(request)) => {
                features.is_said(statement, glance.statement) && features.are_of(rest, request)
            }
            (None, None) => statement == glance.statement && !names_upstream(&glance.head),
            _ => false,
        };
        is_same && self.sort == sort(glance)
    }

    /// What a record means that has this face.
    pub(super) fn understand<'a>(&'a self, glance: &Glance<'a>) -> Option<Understood<'a>> {
        let features = self.features.as_ref()?;
        let peer = &glance.request?.behind[features.peer..features.upstream];
        let meaning = features.meaning.as_ref()?;
        let (verdict, pool) = meaning.verdict(Some(peer), glance.statement);
        Some(Understood {
            verdict,
            pool,
            likeness: features.likeness,
        })
    }
}

impl Features {
    /// `None` if the glance has not seen all that the meaning depends on.
    fn of(
        request: &Request<'_>,
        record: &Record<'_>,
        found: Option<(&Verdict<'_>, &[u8])>,
        likeness: u64,
    ) -> Option<Self> {
        let tail = &record.tail;
        let is_seen = tail.client == Some(request.client)
            && tail.server == Some(request.server)
            && tail.request == request.line
            && tail.subrequest.is_none();
        let upstream = tail.upstream?;
        let peer = upstream.peer?;
        // Each of those that nothing is known about is shown.
        let is_understood = |verdict: &Verdict<'_>| {
            verdict.class != Class::UpstreamOther && verdict.peer == Some(peer)
        };
        if !is_seen || found.is_some_and(|(verdict, _)| !is_understood(verdict)) {
            return None;
        }
        let meaning = match found {
            Some((verdict, pool)) => Some(Meaning::of(record, verdict, pool)?),
            None => None,
        };
        let length = request.up_to(&upstream)?;
        let is_socket = peer.starts_with(b"unix:");
        let end = request.end(length, is_socket)?;
        // Without a scheme, what has no end may be no address.
        if upstream.scheme.is_none() && end != b'"' {
            return None;
        }
        Some(Self {
            number: 0..0,
            server: request.server.len(),
            upstream: length,
            peer: length - peer.len(),
            is_socket,
            end: Some(end).filter(|_| is_socket || upstream.scheme.is_none()),
            meaning,
            likeness,
        })
    }

    fn are_of(&self, texts: &[u8], request: &Request<'_>) -> bool {
        let (server, upstream) = texts.split_at(self.server);
        let end = request.end(self.upstream, self.is_socket);
        is_same(server, request.server)
            && request.behind.starts_with(upstream)
            && end.is_some()
            && (self.end.is_none() || self.end == end)
    }

    /// Whether a statement says what a known one says.
    fn is_said(&self, known: &[u8], statement: &[u8]) -> bool {
        if self.number.is_empty() || statement.len() != known.len() {
            return known == statement;
        }
        let Range { start, end } = self.number;
        let is_number = |byte: &u8| byte.is_ascii_digit() || *byte == b'/';
        known[..start] == statement[..start]
            && known[end..] == statement[end..]
            && statement[start..end].iter().all(is_number)
    }
}

/// The level, and what a record has: ids, and a request line.
fn sort(glance: &Glance<'_>) -> u8 {
    let head = &glance.head;
    let level = head.level.map_or(0, |level| 1 + level as u8);
    let has = [
        head.has_process(),
        head.has_connection(),
        glance.request.is_some_and(|request| request.line.is_some()),
    ];
    has.into_iter()
        .fold(level, |sort, has| sort << 1 | u8::from(has))
}

/// The number of a temporary file, folders and all: each file has another one, and nothing follows from it
/// (`src/core/ngx_file.c`, `ngx_create_temp_file`).
fn number(statement: &[u8]) -> Range<usize> {
    let named = [
        (
            b"an upstream response is buffered to a temporary file ".as_slice(),
            b' ',
        ),
        (b"open() \"", b'"'),
    ];
    let found = named.iter().find_map(|(before, behind)| {
        let name = statement.strip_prefix(*before)?;
        let name = &name[..memchr::memchr(*behind, name)?];
        let is_number = |byte: &&u8| byte.is_ascii_digit() || **byte == b'/';
        let length = name.iter().rev().take_while(is_number).count();
        let end = before.len() + name.len();
        Some(end - length..end)
    });
    found.unwrap_or_default()
}
