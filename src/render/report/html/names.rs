use crate::render::{count, plural};

use super::super::Named;

/// Of more names than this the first are shown, and how many there are.
const SHOWN: usize = 4;

/// Names with their failures, the first few of them.
#[derive(Debug, Default)]
pub(super) struct Names<'a> {
    pub shown: Vec<(&'a str, String)>,
    pub more: usize,
}

pub(super) fn names(named: &[Named]) -> Names<'_> {
    Names::counted(
        named
            .iter()
            .map(|named| (named.name.as_str(), named.failures)),
    )
}

impl<'a> Names<'a> {
    pub(super) fn counted(counts: impl Iterator<Item = (&'a str, u64)>) -> Self {
        let mut all: Vec<(&str, String)> =
            counts.map(|(name, events)| (name, count(events))).collect();
        let more = all.len().saturating_sub(SHOWN);
        all.truncate(SHOWN);
        Self { shown: all, more }
    }
}

/// How many are not shown, if any.
pub(super) fn more(left: u64, noun: &str) -> Option<String> {
    (left > 0).then(|| plural(left, noun))
}
