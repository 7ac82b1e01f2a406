use std::io::{self, Read};

use super::decompress::{Damage, Damaged};
use super::fingerprint::{Fingerprint, Tracker};

/// Bytes that come one after the other, and the part of them that waits to be handed out.
pub(super) struct Stream {
    input: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    /// Where the buffer begins in the input.
    offset: u64,
    /// Nothing is read behind this place of the input.
    end: u64,
    at_end: bool,
    failure: Option<io::Error>,
    tracker: Tracker,
    /// How many bytes at the beginning of the buffer passed the tracker.
    passed: usize,
}

/// Memory is asked for in such pieces, however much is wanted.
const MOST_AT_ONCE: usize = 2 << 20;

impl Stream {
    pub(super) fn new(input: impl Read + Send + 'static) -> Self {
        Self {
            input: Box::new(input),
            buffer: Vec::new(),
            offset: 0,
            end: u64::MAX,
            at_end: false,
            failure: None,
            tracker: Tracker::default(),
            passed: 0,
        }
    }

    /// What was read and not handed out yet.
    pub(super) fn ready(&self) -> &[u8] {
        &self.buffer
    }

    /// Whether nothing comes behind what is ready.
    pub(super) fn is_at_end(&self) -> bool {
        self.at_end
    }

    /// Whether the end is none, because reading failed.
    pub(super) fn has_failed(&self) -> bool {
        self.failure.is_some()
    }

    /// Whether a compressed input is cut behind what was passed over.
    pub(super) fn is_cut_here(&mut self) -> bool {
        self.fill(self.passed + 1);
        let damaged = self.failure.as_ref().and_then(damaged);
        let is_cut = damaged.is_some_and(|damaged| damaged.damage == Damage::Cut);
        is_cut && self.buffer.len() == self.passed
    }

    /// An error if the input could not be read, other than because it is damaged.
    pub(super) fn is_readable(&mut self) -> io::Result<()> {
        match self.failure.take_if(|error| damaged(error).is_none()) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    /// Why reading failed.
    pub(super) fn take_failure(&mut self) -> Option<io::Error> {
        self.failure.take()
    }

    /// Where what is ready begins in the input.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Says that the input was moved to another place before anything was read.
    pub(super) fn start_at(&mut self, offset: u64) {
        self.offset = offset;
    }

    /// Ends the input before its end.
    pub(super) fn end_at(&mut self, end: Option<u64>) {
        self.end = end.unwrap_or(u64::MAX);
    }

    /// Leaves out what is ready behind its first `length` bytes, but nothing that was passed over.
    pub(super) fn leave_out_behind(&mut self, length: usize) {
        self.buffer.truncate(length.max(self.passed));
    }

    /// Reads until `wanted` bytes are ready or the input ends. A failed read is an end, too: what came
    /// before it is used, and the failure is told afterwards.
    pub(super) fn fill(&mut self, wanted: usize) {
        let most = usize::try_from(self.end - self.offset).unwrap_or(usize::MAX);
        let end = wanted.min(most);
        if self.at_end || self.buffer.len() >= wanted {
            return;
        }
        while self.buffer.len() < end && !self.at_end {
            let more = (end - self.buffer.len()).min(MOST_AT_ONCE);
            self.buffer.reserve_exact(more);
            let mut input = self.input.by_ref().take(more as u64);
            match input.read_to_end(&mut self.buffer) {
                Ok(read) => self.at_end = read < more,
                Err(error) => {
                    self.at_end = true;
                    self.failure = Some(error);
                }
            }
        }
        self.at_end |= end == most;
    }

    /// Hands out the first `length` bytes that are ready.
    pub(super) fn take(&mut self, length: usize) -> Vec<u8> {
        let rest = self.buffer[length..].to_vec();
        let mut taken = std::mem::replace(&mut self.buffer, rest);
        taken.truncate(length);
        self.tracker.pass(&taken[self.passed.min(length)..]);
        self.passed = self.passed.saturating_sub(length);
        self.offset += length as u64;
        taken
    }

    /// Passes over the first `length` bytes of the input, of which the last `kept` stay ready, and
    /// tells their fingerprint; that of all bytes, if there are less.
    pub(super) fn advance(&mut self, length: u64, kept: usize) -> Fingerprint {
        const STEP: usize = 1 << 18;
        while self.tracker.length() < length {
            let missing = length - self.tracker.length();
            let step = usize::try_from(missing).unwrap_or(STEP).min(STEP);
            self.fill(self.passed + step);
            let new = step.min(self.buffer.len() - self.passed);
            if new == 0 {
                break;
            }
            self.tracker
                .pass(&self.buffer[self.passed..self.passed + new]);
            self.passed += new;
            let left = self.passed.saturating_sub(kept);
            self.buffer.drain(..left);
            self.offset += left as u64;
            self.passed -= left;
        }
        self.fingerprint()
    }

    /// The fingerprint of what was handed out or passed over.
    pub(super) fn fingerprint(&self) -> Fingerprint {
        self.tracker.fingerprint()
    }
}

fn damaged(failure: &io::Error) -> Option<&Damaged> {
    failure.get_ref()?.downcast_ref()
}
