use super::Damage;

/// What came of one step.
pub(super) struct Step {
    /// Compressed bytes that were taken.
    pub(super) taken: usize,
    /// Decompressed bytes that were given.
    pub(super) given: usize,
    /// Whether the member ends here.
    pub(super) end: Option<End>,
}

pub(super) enum End {
    Whole,
    Damaged(Damage),
}

impl Step {
    /// What came of it by the counters of a library.
    pub(super) fn between(before: (u64, u64), after: (u64, u64), end: Option<End>) -> Self {
        Self {
            taken: (after.0 - before.0) as usize,
            given: (after.1 - before.1) as usize,
            end,
        }
    }
}

impl End {
    pub(super) fn corrupt(reason: impl ToString) -> Self {
        Self::Damaged(Damage::Corrupt(reason.to_string()))
    }
}
