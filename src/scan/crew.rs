use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use rayon::ScopeFifo;
use rayon::prelude::*;

use crate::rollup::Count;
use crate::source::Trouble;

use super::reading::{Part, Reading};
use super::worker::Worker;
use super::{Outcome, Scan};

/// With fewer parts an input is not dealt out.
const ENOUGH: usize = 32;

/// Parts that are dealt out at once. Whoever is shown how far it has come sees these as read.
const AT_ONCE: usize = 512;

/// All threads, each with what it has counted so far.
///
/// Inputs are read, and decompressed, side by side; each hands its chunks to whoever has nothing to do.
/// When enough of them wait, who reads works on the next one himself, so memory does not grow.
pub(super) struct Crew<'a, T> {
    pub(super) scan: &'a Scan,
    members: Vec<Mutex<Member<'a, T>>>,
    waiting: AtomicUsize,
    most_waiting: usize,
}

struct Member<'a, T> {
    worker: Worker<'a>,
    counted: T,
}

impl<'a, T: Count> Crew<'a, T> {
    pub(super) fn new(scan: &'a Scan, new: impl Fn() -> T) -> Self {
        let threads = rayon::current_num_threads();
        let member = || Member {
            worker: Worker::counting(scan),
            counted: new(),
        };
        Self {
            scan,
            members: (0..threads).map(|_| Mutex::new(member())).collect(),
            waiting: AtomicUsize::new(0),
            most_waiting: 2 * threads,
        }
    }

    /// Has an input read to its end.
    pub(super) fn read<'scope>(&'scope self, scope: &ScopeFifo<'scope>, reading: &mut Reading) {
        let few = match reading.is_mapped() {
            true => self.deal(reading),
            false => Vec::new(),
        };
        for part in few.into_iter().chain(reading) {
            if self.waiting.fetch_add(1, Ordering::Relaxed) < self.most_waiting {
                scope.spawn_fifo(move |_| {
                    self.work(part);
                    self.waiting.fetch_sub(1, Ordering::Relaxed);
                });
            } else {
                self.waiting.fetch_sub(1, Ordering::Relaxed);
                self.work(part);
            }
        }
    }

    /// Has many parts of a mapped file worked on, each thread those that lie behind each other: they tell of the same
    /// hours, which are then not counted by every thread, and need not be merged. While some are worked on, the next
    /// ones are cut off. Gives back what is less than that.
    fn deal(&self, reading: &mut Reading) -> Vec<Part> {
        let mut cut = |most| reading.by_ref().take(most).collect();
        let mut parts: Vec<Part> = cut(ENOUGH);
        if parts.len() < ENOUGH {
            return parts;
        }
        while !parts.is_empty() {
            let dealt = parts.into_par_iter().with_max_len(1);
            let work = || dealt.for_each(|part| self.work(part));
            parts = rayon::join(work, || cut(AT_ONCE)).1;
        }
        parts
    }

    pub(super) fn trouble(&self, input: usize, trouble: Trouble) {
        self.member(|member| member.worker.trouble(input, trouble));
    }

    fn work(&self, part: Part) {
        self.member(|member| {
            let counted = &mut member.counted;
            member.worker.work(part, |event| counted.add(event));
        });
    }

    /// Each thread has a member of its own, so nobody waits for the lock.
    fn member(&self, work: impl FnOnce(&mut Member<'a, T>)) {
        let number = rayon::current_thread_index().unwrap_or(0);
        let member = self.members[number].lock();
        work(&mut member.unwrap_or_else(PoisonError::into_inner));
    }

    /// What all have counted together.
    pub(super) fn finish(self) -> Outcome<T> {
        let mut members = self.members.into_iter().map(|member| {
            let member = member.into_inner();
            member.unwrap_or_else(PoisonError::into_inner)
        });
        let mut all = members.next().expect("there is a thread");
        for member in members {
            all.worker.merge(member.worker);
            all.counted.merge(member.counted);
        }
        all.worker.finish(all.counted)
    }
}
