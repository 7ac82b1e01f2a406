use std::hash::{BuildHasher, Hasher};

use foldhash::fast::RandomState;

use crate::record::{Head, Outline, place};
use crate::taxonomy::names_upstream;

use super::places::{LONGEST, write_some};

/// Of a text's length, or one more.
const LENGTH_BITS: u32 = 10;

/// Tells brief marks from others: it is more than those have of a level, and of what a record has.
const BRIEF: u64 = 1 << 12;

/// What a record is recognised by.
pub(super) struct Mark<'a> {
    pub(super) hash: u64,
    /// Its level, which fields it has, and how long the texts are.
    pub(super) sort: u64,
    /// Statement, upstream as far as the peer goes, server, host.
    pub(super) texts: [Option<&'a [u8]>; 4],
}

impl<'a> Mark<'a> {
    /// `None` for a record that is not like most: how it is read may depend on more than on what is compared.
    pub(super) fn new(outline: &Outline<'a>, hasher: &RandomState) -> Option<Self> {
        let record = outline.known();
        let (head, tail) = (&record.head, &record.tail);
        if !outline.is_whole() {
            return None;
        }
        let upstream = match tail.upstream {
            Some(upstream) => {
                let peer = place(upstream.value, upstream.peer?)?;
                Some(&upstream.value[..peer.end])
            }
            None => None,
        };
        let texts = [Some(record.statement), upstream, tail.server, record.host];
        let has = [
            head.has_process(),
            head.has_connection(),
            tail.client.is_some(),
            tail.request.is_some(),
            tail.subrequest.is_some(),
            tail.upstream.is_none() && names_upstream(head),
        ];
        Self::of(0, head, &has, texts, hasher)
    }

    /// Of a record whose statement tells that it is no event, whatever fields follow: none of them is an upstream. Only
    /// such records are remembered by it.
    pub(super) fn brief(outline: &Outline<'a>, hasher: &RandomState) -> Option<Self> {
        let record = outline.known();
        let (head, statement) = (&record.head, record.statement);
        let is_of_upstream = || statement.ends_with(b"upstream") || names_upstream(head);
        if is_of_upstream() || !outline.has_client() {
            return None;
        }
        let has = [head.has_process(), head.has_connection()];
        Self::of(
            BRIEF,
            head,
            &has,
            [Some(statement), None, None, None],
            hasher,
        )
    }

    fn of(
        kind: u64,
        head: &Head<'_>,
        has: &[bool],
        texts: [Option<&'a [u8]>; 4],
        hasher: &RandomState,
    ) -> Option<Self> {
        let mut sort = kind | head.level.map_or(0, |level| 1 + level as u64);
        for &has in has {
            sort = sort << 1 | u64::from(has);
        }
        for text in texts {
            let length = text.map_or(0, |text| 1 + text.len());
            if length > LONGEST {
                return None;
            }
            sort = sort << LENGTH_BITS | length as u64;
        }
        let mut hasher = hasher.build_hasher();
        hasher.write_u64(sort);
        texts
            .iter()
            .flatten()
            .for_each(|text| write_some(text, &mut hasher));
        Some(Self {
            hash: hasher.finish(),
            sort,
            texts,
        })
    }
}
