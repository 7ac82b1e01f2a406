use crate::record::{Deferred, Moment};
use crate::taxonomy::Verdict;

/// A record that concerns an upstream, with everything that was found out about it.
#[derive(Debug, Clone, Copy)]
pub struct Event<'a> {
    /// What NGINX wrote.
    pub record: Deferred<'a>,
    /// The record as it stands in the log.
    pub raw: &'a [u8],
    /// The client's address.
    pub client: Option<&'a [u8]>,
    /// The request line.
    pub request: Option<&'a [u8]>,
    /// What it means.
    pub verdict: Verdict<'a>,
    /// When it happened.
    pub moment: Moment,
    /// Whether the record or its envelope says so; if not, `moment` is that of the record before, or
    /// the latest possible.
    pub is_dated: bool,
    /// Events with the same number, but for 0, are counted alike: they have all in common but time, ids, client, request,
    /// and what follows from these.
    pub likeness: u64,
    /// The pool's name.
    pub pool: &'a [u8],
    /// The machine whose log it is.
    pub host: &'a [u8],
    /// The input's path, or `-`.
    pub source: &'a str,
}
