//! Records that are recognised at a glance.

use std::hash::{BuildHasher, Hasher};
use std::ops::Range;

use foldhash::fast::RandomState;
use smallvec::SmallVec;

use crate::record::{Glance, Record, Request, is_same};
use crate::taxonomy::{Class, Verdict, names_upstream};

use super::Understood;
use super::known::Meaning;

/// The records that were met last, each at the place that its hash gives it.
pub(super) struct Familiar {
    hasher: RandomState,
    faces: Vec<Face>,
    /// Where the face of a place is; one more, for 0 is none. All places together are few bytes, which stay at hand.
    places: Vec<u16>,
    /// What was met once.
    met: Vec<u16>,
    /// Whether the numbers of temporary files matter: a rule may ask for them.
    has_rules: bool,
    /// How often it was asked lately, and how often it knew.
    asked: u32,
    found: u32,
    /// So often it is not asked: it hardly knew any.
    rest: u32,
}

/// So many are known.
const PLACES: usize = 1 << 14;

/// After so many questions it is judged whether they pay; if not, that is tried again after many times as many.
const OFTEN: u32 = 4_096;
const REST: u32 = 16 * OFTEN;

/// What a record is recognised by, and what it means.
struct Face {
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

impl Familiar {
    pub(super) fn new(has_rules: bool) -> Self {
        Self {
            hasher: RandomState::default(),
            faces: Vec::new(),
            places: Vec::new(),
            met: Vec::new(),
            has_rules,
            asked: 0,
            found: 0,
            rest: 0,
        }
    }

    /// Whether it pays to ask about the next record: in a log that hardly ever says the same again it does not.
    pub(super) fn is_asked(&mut self) -> bool {
        let is_asked = self.rest == 0;
        self.rest = self.rest.saturating_sub(1);
        is_asked
    }

    /// Where the face of a record is, if it is one of those that are known.
    pub(super) fn find(&mut self, glance: &Glance<'_>) -> Option<usize> {
        let found = self.look_up(glance);
        self.asked += 1;
        self.found += u32::from(found.is_some());
        if self.asked == OFTEN {
            if self.found < OFTEN / 4 {
                self.rest = REST;
            }
            (self.asked, self.found) = (0, 0);
        }
        found
    }

    fn look_up(&self, glance: &Glance<'_>) -> Option<usize> {
        let (place, _) = self.place(glance)?;
        let at = usize::from(*self.places.get(place)?).checked_sub(1)?;
        (self.faces[at].is_of(glance) && glance.has_one_tail()).then_some(at)
    }

    /// Where a record would be known, and what tells it from most others there; `None` if it never is.
    fn place(&self, glance: &Glance<'_>) -> Option<(usize, u16)> {
        let mut hasher = self.hasher.build_hasher();
        write_some(glance.statement, &mut hasher);
        if let Some(request) = &glance.request {
            write_some(request.server, &mut hasher);
            write_some(request.address()?, &mut hasher);
        }
        let hash = hasher.finish();
        Some((hash as usize % PLACES, (hash >> 48) as u16))
    }

    /// What a record means whose face was found there.
    pub(super) fn understand<'a>(
        &'a self,
        at: usize,
        glance: &Glance<'a>,
    ) -> Option<Understood<'a>> {
        let features = self.faces.get(at)?.features.as_ref()?;
        let peer = &glance.request?.behind[features.peer..features.upstream];
        let meaning = features.meaning.as_ref()?;
        let (verdict, pool) = meaning.verdict(Some(peer), glance.statement);
        Some(Understood {
            verdict,
            pool,
            likeness: features.likeness,
        })
    }

    /// Learns what a record means that was read, if others like it can be told at a glance and one has come before; tells
    /// whether it has.
    pub(super) fn learn(
        &mut self,
        glance: &Glance<'_>,
        record: &Record<'_>,
        found: Option<(&Verdict<'_>, &[u8])>,
        likeness: u64,
    ) -> bool {
        let Some((place, tag)) = self.place(glance) else {
            return false;
        };
        if self.met.is_empty() {
            self.met.resize(PLACES, 0);
        }
        let is_first = std::mem::replace(&mut self.met[place], tag) != tag;
        if is_first || record.statement != glance.statement || !glance.has_one_tail() {
            return false;
        }
        let features = match (&glance.request, found) {
            (Some(request), found) => {
                let features = Features::of(request, record, found, likeness);
                let Some(features) = features else {
                    return false;
                };
                let number = match self.has_rules {
                    true => 0..0,
                    false => number(glance.statement),
                };
                Some(Features { number, ..features })
            }
            (None, None) if !names_upstream(&glance.head) => None,
            _ => return false,
        };
        let mut texts = SmallVec::from_slice(glance.statement);
        if let (Some(features), Some(request)) = (&features, &glance.request) {
            texts.extend_from_slice(request.server);
            texts.extend_from_slice(&request.behind[..features.upstream]);
        }
        let face = Face {
            sort: sort(glance),
            texts,
            statement: glance.statement.len(),
            features,
        };
        if self.places.is_empty() {
            self.places.resize(PLACES, 0);
        }
        match usize::from(self.places[place]).checked_sub(1) {
            Some(at) => self.faces[at] = face,
            None => {
                self.faces.push(face);
                self.places[place] = self.faces.len() as u16;
            }
        }
        true
    }
}

impl Face {
    fn is_of(&self, glance: &Glance<'_>) -> bool {
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

/// Hashes enough of a text to tell it from most others. All of it is compared.
#[inline]
pub(super) fn write_some(text: &[u8], hasher: &mut impl Hasher) {
    let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) else {
        return hasher.write(text);
    };
    let number = |eight: &[u8; 8]| u64::from_le_bytes(*eight);
    hasher.write_u64(number(first) ^ text.len() as u64);
    hasher.write_u64(number(last));
    if let Some(middle) = text.get(SOMEWHERE..).and_then(<[u8]>::first_chunk) {
        hasher.write_u64(number(middle));
    }
}

/// Where most statements and addresses differ that begin and end alike.
const SOMEWHERE: usize = 20;
