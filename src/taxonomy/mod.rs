//! What a record means for an upstream.
//!
//! [`classify`] turns a record into a [`Verdict`]: the class (an actionable cause), the phase of
//! the exchange, the symbolic errno, and the status that the client was sent. A class is decided by
//! how a message *begins*, which NGINX wrote, never by a text found somewhere inside it, which a
//! client may have put there. An operator's [`Rules`] add classes.

mod class;
mod explanation;
mod look;
mod messages;
mod phase;
mod quoted;
mod rules;
mod status;
mod stderr;
mod verdict;
mod words;

pub use class::{Class, Kind, UserClass};
pub use explanation::{Cause, Explanation, Mention, PLACEHOLDERS, Source, Visitor};
pub(crate) use look::names_upstream;
pub use look::{is_message, may_concern_upstream};
pub use phase::Phase;
pub use rules::{RuleError, Rules};
pub use verdict::{Verdict, classify};
