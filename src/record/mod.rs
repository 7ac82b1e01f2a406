//! One record out of bytes.
//!
//! [`Splitter`] finds where records begin and end in a chunk, out of whatever envelopes other programs
//! put them into; [`Head`] and [`Record`] read what stands in one: time, level, ids, message, action
//! and the context fields, which we call the tail. Everything borrows from the chunk, or from its text
//! without the envelopes. What a message means is the business of the rooms
//! above; this one only knows how NGINX writes.
//!
//! The authority on the format is NGINX's source: `src/core/ngx_log.c` (time, level, ids, errno,
//! the cut at 2,048 bytes) and the log handlers in `src/http/ngx_http_request.c`,
//! `src/stream/ngx_stream_handler.c` and `src/mail/ngx_mail_handler.c` (action and tail).

mod boundaries;
mod clock;
mod deferred;
mod envelope;
mod errno;
mod forged;
mod glance;
mod head;
mod layout;
mod level;
mod mended;
mod message;
mod outline;
mod passage;
mod path;
mod quotation;
mod records;
mod span;
mod split;
mod tail;
mod text;
mod unwrap;
mod upstream;
mod wanted;

pub use boundaries::Boundaries;
pub use clock::{Clock, Moment, Told, Written, Zone, ZoneError};
pub use deferred::Deferred;
pub use errno::{Errno, OsError};
pub(crate) use glance::Glance;
pub use head::Head;
pub use level::Level;
pub(crate) use outline::{Outline, Parts, place};
pub use passage::Passage;
pub use records::Records;
pub use span::Span;
pub use split::Splitter;
pub(crate) use tail::Request;
pub use tail::Tail;
pub use text::Text;
pub(crate) use text::{are_texts, is_same};
pub use upstream::Upstream;
pub use wanted::IsWanted;

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
    /// The record as NGINX wrote it, without envelope and last line end.
    pub raw: &'a [u8],
    /// When it was written: NGINX's time, or else the envelope's.
    pub written: Written<'a>,
    /// The machine that the envelope names.
    pub host: Option<&'a [u8]>,
    /// Level, and ids.
    pub head: Head<'a>,
    /// Message, errno and action as they stand: what NGINX wrote before the context fields.
    pub statement: &'a [u8],
    /// What happened, without errno and action.
    pub message: &'a [u8],
    /// The system's error, `(111: Connection refused)`.
    pub errno: Option<Errno<'a>>,
    /// What NGINX was doing: the text behind ` while `.
    pub action: Option<&'a [u8]>,
    /// The context fields.
    pub tail: Tail<'a>,
}
