use smallvec::SmallVec;

use crate::record::Moment;

use super::stored::{Stored, Storing};

/// Microseconds.
pub(super) const MINUTE: i64 = 60_000_000;

/// Minutes of the widest bucket.
const A_DAY: u16 = 24 * 60;

/// How many events each minute of a bucket has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Minutes {
    /// The last minute that has events: logs are in the order of time, or nearly so, and what is counted is mostly that.
    last: Counted,
    /// Those before it, in order.
    before: SmallVec<[Counted; 2]>,
}

/// So many minutes are looked up one by one, rather than that all are written anew.
const FEW: usize = 8;

/// A minute, and how many events it has; those without any are left out.
type Counted = (u16, u32);

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
        Self::of(minutes.filter(|&(_, events)| events > 0).collect())
    }

    fn of(mut counts: SmallVec<[Counted; 2]>) -> Self {
        Self {
            last: counts.pop().unwrap_or_default(),
            before: counts,
        }
    }

    /// The minutes that have events: how many minutes after the bucket's beginning, and how many events.
    pub fn counts(&self) -> impl Iterator<Item = (u16, u32)> {
        let last = Some(self.last).filter(|&(_, events)| events > 0);
        self.before.iter().copied().chain(last)
    }

    /// How many minutes there are up to the last that has events.
    pub(crate) fn length(&self) -> usize {
        match self.last {
            (_, 0) => 0,
            (minute, _) => usize::from(minute) + 1,
        }
    }

    /// Adds what another part of the same bucket has counted.
    pub fn merge(&mut self, other: &Self) {
        if other.before.len() < FEW {
            let others = other.counts();
            return others.for_each(|(minute, events)| self.count(minute, events));
        }
        let mut both = SmallVec::with_capacity(self.before.len() + other.before.len() + 2);
        let mut others = other.counts().peekable();
        for (minute, events) in self.counts() {
            while let Some(before) = others.next_if(|other| other.0 < minute) {
                both.push(before);
            }
            let same = others.next_if(|other| other.0 == minute);
            let more = same.map_or(0, |other| other.1);
            both.push((minute, events.saturating_add(more)));
        }
        both.extend(others);
        *self = Self::of(both);
    }

    /// How many bytes it has allocated.
    pub(super) fn allocated(&self) -> usize {
        match self.before.spilled() {
            true => self.before.capacity() * size_of::<Counted>(),
            false => 0,
        }
    }

    pub(super) fn store(&self, out: &mut Storing) {
        out.number(self.counts().count() as u64);
        let mut next = 0;
        for (minute, events) in self.counts() {
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
        Some(Self::of(counts))
    }

    fn count(&mut self, minute: u16, events: u32) {
        let (last, count) = &mut self.last;
        if *last == minute || *count == 0 {
            self.last = (minute, count.saturating_add(events));
        } else if *last < minute {
            self.before.push(self.last);
            self.last = (minute, events);
        } else {
            self.count_before(minute, events);
        }
    }

    fn count_before(&mut self, minute: u16, events: u32) {
        match self.before.binary_search_by_key(&minute, |known| known.0) {
            Ok(at) => {
                let (_, count) = &mut self.before[at];
                *count = count.saturating_add(events);
            }
            Err(at) => self.before.insert(at, (minute, events)),
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
        // Many are merged in another way than few.
        let many = || (0..40).map(|minute| minute % 3);
        for (length, behind) in [(5, 20), (20, 5), (30, 40)] {
            let mut one = Minutes::from_list(many().take(length));
            let other: Vec<u32> = many().skip(1).take(behind).collect();
            one.merge(&Minutes::from_list(other.iter().copied()));
            let mut both = vec![0; length.max(behind)];
            let lists = [many().take(length).collect(), other];
            for (at, events) in lists.iter().flat_map(|list| list.iter().enumerate()) {
                both[at] += events;
            }
            assert_eq!(one, Minutes::from_list(both), "{length} {behind}");
        }
        let damaged = Minutes::from_list(std::iter::repeat_n(1, 70_000));
        assert_eq!(damaged.counts().last(), Some((1_439, 1)));
        assert_eq!(some.counts().collect::<Vec<_>>(), [(0, 2), (1, 3), (59, 1)]);
    }
}
