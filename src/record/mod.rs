//! One record out of bytes.
//!
//! [`Splitter`] finds where records begin and end in a chunk, [`Head`] and [`Record`] read what
//! stands in one: time, level, ids, message, action and the context fields, which we call the
//! tail. Everything borrows from the chunk. What a message means is the business of the rooms
//! above; this one only knows how NGINX writes.
//!
//! The authority on the format is NGINX's source: `src/core/ngx_log.c` (time, level, ids, errno,
//! the cut at 2,048 bytes) and the log handlers in `src/http/ngx_http_request.c`,
//! `src/stream/ngx_stream_handler.c` and `src/mail/ngx_mail_handler.c` (action and tail).

mod clock;
mod errno;
mod forged;
mod head;
mod message;
mod split;
mod tail;
mod text;
mod upstream;

pub use clock::{Clock, Moment, Zone, ZoneError};
pub use errno::{Errno, OsError};
pub use head::{Head, Level};
pub use split::{Boundaries, Span, Splitter};
pub use tail::Tail;
pub use text::Text;
pub use upstream::Upstream;

/// NGINX cuts a record at this many bytes, line feed included
/// (`NGX_MAX_ERROR_STR`, `src/core/ngx_log.h`).
pub const NGINX_CUT: usize = 2048;

/// OpenResty builds NGINX with a larger `NGX_MAX_ERROR_STR`.
const OPENRESTY_CUT: usize = 4096;

/// Of a longer record only this much is read: no NGINX writes one, and an endless line must not
/// cost endless time.
const LONGEST_READ: usize = 64 * 1024;

/// What NGINX wrote at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record<'a> {
    /// Where the record's line begins in the (decompressed) log.
    pub offset: u64,
    /// The record as it stands in the log, without its last line end.
    pub raw: &'a [u8],
    /// Time, level, and ids.
    pub head: Head<'a>,
    /// What happened, without errno and action.
    pub message: &'a [u8],
    /// The system's error, `(111: Connection refused)`.
    pub errno: Option<Errno<'a>>,
    /// What NGINX was doing: the text behind ` while `.
    pub action: Option<&'a [u8]>,
    /// The context fields.
    pub tail: Tail<'a>,
}

impl<'a> Record<'a> {
    /// Reads the record that `span` marks in `chunk`; `offset` is where the chunk begins.
    ///
    /// ```
    /// use badgateway::record::{Record, Splitter};
    /// use badgateway::source::Start;
    ///
    /// let log = b"2026/11/01 09:15:02 [error] 12#12: *23 connect() failed (111: Connection refused) \
    ///     while connecting to upstream, client: 192.0.2.1, server: shop.example, \
    ///     request: \"GET / HTTP/1.1\", upstream: \"http://127.0.0.1:8080/\", host: \"shop.example\"\n";
    /// let mut splitter = Splitter::default();
    /// splitter.split(log, Start::Input, true);
    /// let record = Record::read(log, &splitter.spans()[0], 0).unwrap();
    /// assert_eq!(record.message, b"connect() failed");
    /// assert_eq!(record.errno.unwrap().number, 111);
    /// assert_eq!(record.action, Some(b"connecting to upstream".as_slice()));
    /// assert_eq!(record.tail.client, Some(b"192.0.2.1".as_slice()));
    /// assert_eq!(record.tail.upstream.unwrap().peer, Some(b"127.0.0.1:8080".as_slice()));
    /// ```
    pub fn read(chunk: &'a [u8], span: &Span, offset: u64) -> Option<Self> {
        Self::candidate(chunk, span, offset, |_| true)
    }

    /// Like [`Record::read`], but reads on behind the head only if `is_wanted` says so.
    pub fn candidate(
        chunk: &'a [u8],
        span: &Span,
        offset: u64,
        is_wanted: impl Fn(&Head<'_>) -> bool,
    ) -> Option<Self> {
        let raw = span.bytes(chunk);
        let head = Head::read_stamped(raw).filter(is_wanted)?;
        let found = tail::find(head.text, span);
        let (before, tail) = match found {
            Some(at) => (&head.text[..at], Tail::read(&head.text[at..])),
            None => (head.text, Tail::default()),
        };
        let (message, errno, action) = message::split(before, found.is_some());
        Some(Self {
            offset: offset + span.start as u64,
            raw,
            head,
            message,
            errno,
            action,
            tail,
        })
    }
}
