use crate::record::{Errno, Level, OsError, Record};

use super::class::Class;
use super::look::{is_at_least, names_upstream};
use super::messages::{self, Decision};
use super::phase::{Phase, Side, side};
use super::status::status;
use super::{quoted, stderr};

/// What a record means for an upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict<'a> {
    /// The actionable cause.
    pub class: Class,
    /// Where in the exchange it happened.
    pub phase: Option<Phase>,
    /// The system's error.
    pub os_error: Option<OsError>,
    /// The HTTP status that the client is sent if no other peer takes over; `None` when a header had
    /// been sent already, or the record is not about HTTP.
    pub status: Option<u16>,
    /// The peer: from the upstream field, or else from the message.
    pub peer: Option<&'a [u8]>,
    /// The pool, if a rule of the operator names it.
    pub pool: Option<&'a [u8]>,
}

fn is_connect(found: Option<(Decision, Option<&[u8]>)>) -> bool {
    matches!(found, Some((Decision::Connect, _)))
}

/// Decides what a record means; `None` when it is not about an upstream.
///
/// ```
/// use badgateway::record::Splitter;
/// use badgateway::source::Start;
/// use badgateway::taxonomy::{Class, classify};
///
/// let log = b"2026/11/01 09:15:02 [crit] 12#12: *23 connect() to unix:/run/php/www.sock failed \
///     (2: No such file or directory) while connecting to upstream, client: 192.0.2.1, server: a, \
///     request: \"GET / HTTP/1.1\", upstream: \"fastcgi://unix:/run/php/www.sock:\", host: \"a\"\n";
/// let mut splitter = Splitter::default();
/// let records = splitter.split(log, Start::Input, true);
/// let record = records.read(&records.spans()[0], 0).unwrap();
/// let verdict = classify(&record).unwrap();
/// assert_eq!(verdict.class, Class::SocketMissing);
/// assert_eq!(verdict.peer, Some(b"unix:/run/php/www.sock".as_slice()));
/// ```
pub fn classify<'a>(record: &Record<'a>) -> Option<Verdict<'a>> {
    consider(record)
        .filter(|verdict| verdict.class != Class::UpstreamOther || tells_failure(record))
}

/// Like [`classify`], but also of a message that nobody has heard of and that tells of no failure.
pub(super) fn consider<'a>(record: &Record<'a>) -> Option<Verdict<'a>> {
    if record.head.level == Some(Level::Debug) {
        return None;
    }
    let side = side(record.action);
    let upstream = record.tail.upstream;
    let os_error = record.errno.as_ref().and_then(Errno::os_error);
    let found = messages::find(record.message).or_else(|| quoted::find(record));
    let peer = upstream
        .and_then(|upstream| upstream.peer)
        .or(found.and_then(|(_, name)| name));
    let class = match found {
        Some((decision, _)) => decide(decision, record, side, peer, os_error)?,
        None => unheard_of(record, side, peer, os_error)?,
    };
    let phase = match class {
        Class::ResolveFailed | Class::ResolveTimeout | Class::ResolverMissing => {
            Some(Phase::Resolve)
        }
        Class::HostNotFound | Class::UpstreamMisconfigured => Some(Phase::Config),
        // Connecting says where it happened, even if the action was cut off.
        Class::NoLiveUpstreams if record.action.is_none() => Some(Phase::Connect),
        _ if record.action.is_none() && is_connect(found) => Some(Phase::Connect),
        _ => side.phase(),
    };
    Some(Verdict {
        class,
        phase,
        // A resolver's `(3: Host not found)` is DNS's code, not the system's
        // (`src/core/ngx_resolver.c`, `ngx_resolver_strerror`); only its timeout is an errno.
        os_error: os_error.filter(|_| class != Class::ResolveFailed),
        status: status(record, class, phase, side),
        peer,
        pool: None,
    })
}

/// The class of a message that the table does not have: of another module, of a newer version, or
/// quoted in part. A system call that failed says what it says, whoever made it.
fn unheard_of(
    record: &Record<'_>,
    side: Side,
    peer: Option<&[u8]>,
    os_error: Option<OsError>,
) -> Option<Class> {
    let concerns = match side {
        Side::Upstream(_) => true,
        Side::Client => false,
        Side::Unknown => record.tail.upstream.is_some(),
    };
    // Without the word, it may be a client's upgraded connection.
    let is_named = || names_upstream(&record.head);
    if !concerns || !is_at_least(&record.head, Level::Error) || !is_named() {
        return None;
    }
    let is_call = record.errno.is_some()
        && record.message.ends_with(b"failed")
        && os_error != Some(OsError::ENOMEM);
    let class = match side.phase() {
        Some(Phase::TlsHandshake) if memchr::memmem::find(record.message, b"SSL").is_some() => {
            Some(Class::TlsHandshakeFailed)
        }
        Some(Phase::Header | Phase::Body)
            if is_fastcgi(record) && record.message.ends_with(b"\"") =>
        {
            Some(stderr::class(record.message))
        }
        Some(Phase::Connect) if is_call => Some(connect(record, os_error, is_unix(peer))),
        Some(phase) if is_call => exchange(record, phase, os_error),
        _ => None,
    };
    Some(class.unwrap_or(Class::UpstreamOther))
}

/// Whether a message tells of something that went wrong: at level error, modules log anything.
pub(super) fn tells_failure(record: &Record<'_>) -> bool {
    const SIGNS: [&str; 32] = [
        "fail",
        "error",
        "err:",
        "invalid",
        "time",
        "refus",
        "clos",
        "reset",
        "not ",
        "n't",
        "no ",
        "unable",
        "deni",
        "unexpected",
        "too ",
        "bad ",
        "miss",
        "exceed",
        "overflow",
        "broke",
        "abort",
        "unavailable",
        "unsupported",
        "reject",
        "lost",
        "unknown",
        "wrong",
        "mismatch",
        "exhaust",
        "limit",
        "full",
        "pending",
    ];
    let message = record.message.to_ascii_lowercase();
    let says = |sign: &&str| memchr::memmem::find(&message, sign.as_bytes()).is_some();
    let is_grave = record.head.level.is_some_and(|level| level <= Level::Crit);
    is_grave || record.errno.is_some() || SIGNS.iter().any(says)
}

fn is_fastcgi(record: &Record<'_>) -> bool {
    let upstream = record.tail.upstream;
    upstream.is_some_and(|upstream| upstream.scheme == Some(b"fastcgi"))
}

fn is_unix(peer: Option<&[u8]>) -> bool {
    peer.is_some_and(|peer| peer.starts_with(b"unix:"))
}

/// The class that a decision leads to here; `None` when it is not about an upstream after all.
fn decide(
    decision: Decision,
    record: &Record<'_>,
    side: Side,
    peer: Option<&[u8]>,
    os_error: Option<OsError>,
) -> Option<Class> {
    let phase = side.phase();
    let named = record.tail.upstream.is_some() && side != Side::Client;
    // On a connection NGINX always says what it was doing, so a record without that was quoted in part.
    let is_part =
        record.head.has_connection() && record.action.is_none() && record.tail.client.is_none();
    // Of other connections it says so before the message.
    let is_bare = record.head.level.is_none() && record.action.is_none();
    let towards_upstream =
        phase.is_some() || named || ((is_part || is_bare) && record.errno.is_some());
    match decision {
        Decision::Aborted => {
            let is_stream = record.message.ends_with(b" stream")
                || memchr::memmem::find(record.message, b" stream ").is_some();
            let worked = phase.is_some() || (record.tail.upstream.is_some() && !is_stream);
            worked.then_some(Class::ClientAborted)
        }
        // NGINX warns where it tolerates, and fails with an error where it does not.
        Decision::Always(Class::InvalidResponse)
            if !is_at_least(&record.head, Level::Error)
                || record.message.ends_with(b", ignored") =>
        {
            Some(Class::ResponseIrregular)
        }
        Decision::Always(class) => Some(class),
        Decision::Connect | Decision::Bind => {
            // What else NGINX connects to for a client has an action.
            let is_lost = record.action.is_none() && record.head.has_connection();
            let towards_upstream = towards_upstream || (is_lost && record.errno.is_some());
            towards_upstream.then(|| connect(record, os_error, is_unix(peer)))
        }
        Decision::TimedOut => timed_out(record, side),
        Decision::Closed => Some(match side {
            // What had come of the response was on its way to the client.
            Side::Upstream(Phase::Body) | Side::Client => Class::BodyTruncated,
            Side::Upstream(Phase::Session) => Class::SessionReset,
            _ => Class::ResponseClosed,
        }),
        // The level tells whose connection it is: what the client's suffers is logged at level info
        // (`c->log_error = NGX_ERROR_INFO`).
        Decision::Exchange if side == Side::Client && record.tail.upstream.is_some() => {
            let is_grave = record.head.level.is_some_and(|level| level <= Level::Error);
            let is_sending = record.action == Some(b"sending to client");
            let is_timeout = os_error == Some(OsError::ETIMEDOUT);
            let class = if is_timeout {
                Class::BodyTimeout
            } else {
                Class::BodyReset
            };
            (is_grave && is_sending).then_some(class)
        }
        Decision::Exchange => exchange(record, phase?, os_error),
        Decision::Handshake => {
            let is_theirs = match phase {
                Some(phase) => phase == Phase::TlsHandshake,
                // Quoted without its action.
                None => named && record.action.is_none(),
            };
            is_theirs.then_some(Class::TlsHandshakeFailed)
        }
        Decision::Towards(class) => towards_upstream.then_some(class),
        // A missing static file is logged at level error, NGINX's own files at level crit
        // (src/http/modules/ngx_http_static_module.c, src/core/ngx_file.c). So no path that a client
        // chooses can pass for a temporary file.
        Decision::Files => {
            let is_grave = is_at_least(&record.head, Level::Crit);
            let is_exhausted = matches!(os_error, Some(OsError::EMFILE | OsError::ENFILE));
            let class = match phase? {
                Phase::Connect if is_exhausted => Class::FilesExhausted,
                _ => Class::TempFileFailed,
            };
            is_grave.then_some(class)
        }
        Decision::Resolve => resolve(record, os_error),
        Decision::Stderr => {
            let is_rest = record.message.starts_with(b"PHP ");
            let quote = memchr::memchr(b'"', record.message).filter(|_| !is_rest);
            Some(stderr::class(
                &record.message[quote.map_or(0, |at| at + 1)..],
            ))
        }
        Decision::Script => {
            let is_grave = is_at_least(&record.head, Level::Error);
            (phase == Some(Phase::Connect) && is_grave).then_some(Class::UpstreamOther)
        }
        Decision::Never => None,
    }
}

fn connect(record: &Record<'_>, os_error: Option<OsError>, is_unix: bool) -> Class {
    if record
        .message
        .ends_with(b" worker_connections are not enough")
    {
        return Class::ConnectionsExhausted;
    }
    match os_error {
        Some(OsError::ECONNREFUSED) => Class::ConnectRefused,
        Some(OsError::ETIMEDOUT) => Class::ConnectTimeout,
        Some(
            OsError::EHOSTUNREACH | OsError::ENETUNREACH | OsError::EHOSTDOWN | OsError::ENETDOWN,
        ) => Class::ConnectUnreachable,
        Some(OsError::EACCES | OsError::EPERM) => Class::ConnectDenied,
        Some(OsError::ENOENT) if is_unix => Class::SocketMissing,
        Some(OsError::EAGAIN) if is_unix => Class::BacklogFull,
        Some(OsError::EADDRNOTAVAIL) => Class::PortsExhausted,
        Some(OsError::EMFILE | OsError::ENFILE) => Class::FilesExhausted,
        _ => Class::ConnectFailed,
    }
}

fn timed_out(record: &Record<'_>, side: Side) -> Option<Class> {
    let names_upstream = record.message.starts_with(b"upstream timed out");
    Some(match side {
        Side::Upstream(Phase::Connect) => Class::ConnectTimeout,
        Side::Upstream(Phase::TlsHandshake) => Class::TlsHandshakeTimeout,
        Side::Upstream(Phase::Send) => Class::SendTimeout,
        Side::Upstream(Phase::Header) => Class::ResponseTimeout,
        Side::Upstream(Phase::Body) => Class::BodyTimeout,
        Side::Upstream(Phase::Session) => Class::SessionTimeout,
        Side::Upstream(Phase::Config | Phase::Resolve) => return None,
        Side::Client if names_upstream => Class::BodyTimeout,
        Side::Unknown if names_upstream || record.tail.upstream.is_some() => Class::UpstreamOther,
        Side::Client | Side::Unknown => return None,
    })
}

fn exchange(record: &Record<'_>, phase: Phase, os_error: Option<OsError>) -> Option<Class> {
    let timed_out = os_error == Some(OsError::ETIMEDOUT);
    Some(match phase {
        Phase::Config | Phase::Resolve => return None,
        Phase::Connect => connect(record, os_error, false),
        // Over UDP, and in the mail proxy, a refused connection shows only in the first recv().
        _ if os_error == Some(OsError::ECONNREFUSED) => Class::ConnectRefused,
        Phase::TlsHandshake => Class::TlsHandshakeFailed,
        Phase::Send if timed_out => Class::SendTimeout,
        Phase::Send => Class::SendFailed,
        Phase::Header if timed_out => Class::ResponseTimeout,
        Phase::Header => Class::ResponseReset,
        Phase::Body if timed_out => Class::BodyTimeout,
        Phase::Body => Class::BodyReset,
        Phase::Session => {
            // While bytes go both ways, the level tells the sides apart: NGINX logs what a client's
            // connection suffers at level info (`c->log_error = NGX_ERROR_INFO`), unless the action
            // names the upstream.
            let by_action = record
                .action
                .is_some_and(|action| action.ends_with(b"upstream"));
            if !by_action && !is_at_least(&record.head, Level::Error) {
                return None;
            }
            if timed_out {
                Class::SessionTimeout
            } else {
                Class::SessionReset
            }
        }
    })
}

fn resolve(record: &Record<'_>, os_error: Option<OsError>) -> Option<Class> {
    // NGINX looks up other names too: a mail client's address, an OCSP responder. Those are done
    // while something else, and an upstream's while nothing, while connecting, or, for a subrequest in
    // the background, while the response is sent to the client.
    let for_upstream = match record.action {
        None | Some(b"sending to client") => true,
        Some(action) => action.ends_with(b"upstream") || action.starts_with(b"resolving service"),
    };
    let is_grave = is_at_least(&record.head, Level::Error);
    let is_missing = record.message.starts_with(b"no resolver ");
    // NGINX always says why; without that, a client's words may end here, cut.
    if !is_missing && record.errno.is_none() {
        return None;
    }
    (for_upstream && is_grave).then_some(match os_error {
        _ if is_missing => Class::ResolverMissing,
        Some(OsError::ETIMEDOUT) => Class::ResolveTimeout,
        _ => Class::ResolveFailed,
    })
}
