use smallvec::SmallVec;

use crate::record::Moment;

use super::stored::{Stored, Storing};

/// Microseconds.
pub(super) const MINUTE: i64 = 60_000_000;

/// Minutes of the widest bucket.
const A_DAY: u16 = 24 * 60;

/// How many events each minute of a bucket has.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Minutes {
    /// By minute; those without events are left out.
    counts: SmallVec<[(u16, u32); 2]>,
}

impl Minutes {
    /// Counts an event of the bucket that begins at `bucket`.
    pub fn add(&mut self, bucket: Moment, moment: Moment) {
        // A bucket is a day at most.
        let minute = (moment.0 - bucket.0).div_euclid(MINUTE) as u16;
        self.count(minute, 1);
    }

    /// The counts of the first, second, … minute, as a list; what is longer than a day is none of ours.
    pub fn from_list(list: impl IntoIterator<Item = u32>) -> Self {
        let minutes = (0..A_DAY).zip(list);
        let counts = minutes.filter(|&(_, events)| events > 0).collect();
        Self { counts }
    }

    /// The minutes that have events: how many minutes after the bucket's beginning, and how many events.
    pub fn counts(&self) -> impl Iterator<Item = (u16, u32)> {
        self.counts.iter().copied()
    }

    /// How many minutes there are up to the last that has events.
    pub(crate) fn length(&self) -> usize {
        self.counts
            .last()
            .map_or(0, |&(minute, _)| usize::from(minute) + 1)
    }

    /// Adds what another part of the same bucket has counted.
    pub fn merge(&mut self, other: &Self) {
        let mut both = SmallVec::with_capacity(self.counts.len() + other.counts.len());
        let mut others = other.counts.iter().peekable();
        for &(minute, events) in &self.counts {
            while let Some(&before) = others.next_if(|other| other.0 < minute) {
                both.push(before);
            }
            let same = others.next_if(|other| other.0 == minute);
            let more = same.map_or(0, |other| other.1);
            both.push((minute, events.saturating_add(more)));
        }
        both.extend(others.copied());
        self.counts = both;
    }

    /// How many bytes it has allocated.
    pub(super) fn allocated(&self) -> usize {
        match self.counts.spilled() {
            true => self.counts.capacity() * size_of::<(u16, u32)>(),
            false => 0,
        }
    }

    pub(super) fn store(&self, out: &mut Storing) {
        out.number(self.counts.len() as u64);
        let mut next = 0;
        for &(minute, events) in &self.counts {
            out.number(u64::from(minute - next));
            out.number(events.into());
            next = minute;
        }
    }

    pub(super) fn stored(from: &mut Stored<'_>) -> Option<Self> {
        let length = usize::try_from(from.number()?).ok();
        let length = length.filter(|&length| length <= usize::from(A_DAY))?;
        let mut counts = SmallVec::with_capacity(length);
        let mut next = 0;
        for _ in 0..length {
            next = u16::try_from(from.number()?).ok()?.checked_add(next)?;
            counts.push((next, u32::try_from(from.number()?).ok()?));
        }
        Some(Self { counts })
    }

    /// Logs are in the order of time, or nearly so: what is counted is mostly the last minute.
    fn count(&mut self, minute: u16, events: u32) {
        let behind = self
            .counts
            .iter()
            .rposition(|&(known, _)| known <= minute)
            .map_or(0, |at| at + 1);
        match behind.checked_sub(1).map(|at| &mut self.counts[at]) {
            Some((known, count)) if *known == minute => *count = count.saturating_add(events),
            _ => self.counts.insert(behind, (minute, events)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_add_up_in_any_order() {
        let mut some = Minutes::default();
        for second in [61, 5, 0, 3_599, 119, 60] {
            some.add(Moment(0), Moment(second * 1_000_000));
        }
        let mut other = Minutes::from_list([0, 0, 7]);
        other.merge(&some);
        let counts = [(0, 2), (1, 3), (2, 7), (59, 1)];
        assert_eq!(other.counts().collect::<Vec<_>>(), counts);
        let damaged = Minutes::from_list(std::iter::repeat_n(1, 70_000));
        assert_eq!(damaged.counts().last(), Some((1_439, 1)));
        assert_eq!(some.counts().collect::<Vec<_>>(), [(0, 2), (1, 3), (59, 1)]);
    }
}
