//! What is planted: which pools fail, how, and when.

use super::plan::WEEK;
use super::site::POOLS;
use std::ops::Range;

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The socket is gone: every request fails.
    SocketMissing,
    /// The first server of a block refuses connections; in the last so many seconds all of them do.
    PeerDown {
        /// Seconds.
        all: u64,
    },
    /// More than half of the requests are not answered in time.
    Slow,
}

/// A planted outage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outage {
    pub(super) cause: Cause,
    /// Indices.
    pub(super) pools: Vec<usize>,
    /// Seconds after the beginning of the week.
    pub(super) start: u64,
    /// Seconds.
    pub(super) length: u64,
}

impl Outage {
    /// Checks that the pools exist and can fail in this way, and that it is within the week; `start` and `length` in
    /// seconds.
    pub fn new(cause: Cause, pools: &[&str], start: u64, length: u64) -> Result<Outage, String> {
        let find = |name: &&str| {
            let pool = POOLS.iter().position(|spec| spec.name == *name);
            let pool = pool.ok_or_else(|| format!("there is no pool `{name}`"))?;
            match cause {
                Cause::SocketMissing if !POOLS[pool].is_socket() => {
                    Err(format!("`{name}` has no socket"))
                }
                Cause::PeerDown { .. } if POOLS[pool].is_socket() => {
                    Err(format!("`{name}` is no upstream block"))
                }
                _ => Ok(pool),
            }
        };
        if length == 0 || start.saturating_add(length).saturating_mul(1000) > WEEK {
            return Err("is not within the week".to_owned());
        }
        Ok(Outage {
            cause,
            pools: pools.iter().map(find).collect::<Result<_, _>>()?,
            start,
            length,
        })
    }

    /// Three that differ in cause, width and length: a socket missing on Tuesday night, a server down on Thursday, a slow
    /// database on Friday.
    pub fn usual() -> Vec<Outage> {
        let at = |day: u64, hour: u64, minute: u64, second: u64| {
            ((day * 24 + hour) * 60 + minute) * 60 + second
        };
        let all = at(0, 0, 20, 6);
        let outages = [
            (
                Cause::SocketMissing,
                &["shop"][..],
                at(1, 20, 41, 23),
                at(0, 0, 47, 11),
            ),
            (
                Cause::PeerDown { all },
                &["catalog"],
                at(3, 9, 52, 41),
                at(0, 3, 12, 17),
            ),
            (
                Cause::Slow,
                &["account", "checkout", "orders"],
                at(4, 17, 33, 8),
                at(0, 0, 26, 14),
            ),
        ];
        outages
            .map(|(cause, pools, start, length)| {
                Outage::new(cause, pools, start, length).expect("pools of the site")
            })
            .into()
    }

    /// The class of most of its failures.
    pub(super) fn class(&self) -> &'static str {
        match self.cause {
            Cause::SocketMissing => "socket_missing",
            Cause::PeerDown { .. } => "connect_refused",
            Cause::Slow => "response_timeout",
        }
    }

    /// When it is the turn of one of its pools, in milliseconds: they begin within a minute of each other and end together.
    pub(super) fn span(&self, turn: usize) -> Range<u64> {
        let behind = [0, 21, 47, 34][turn % 4].min(self.length / 2);
        (self.start + behind) * 1000..(self.start + self.length) * 1000
    }

    /// Whether no request to this pool goes well at this time, so that nothing but the outage is heard of it.
    pub(super) fn is_nothing_else(&self, pool: usize, at: u64) -> bool {
        let end = (self.start + self.length) * 1000;
        let whole = match self.cause {
            Cause::SocketMissing => self.length,
            Cause::PeerDown { all } => all.min(self.length),
            Cause::Slow => 0,
        };
        self.pools.contains(&pool) && (end - whole * 1000..end).contains(&at)
    }
}
