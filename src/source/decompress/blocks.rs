use bzip2::{Decompress, Status};

use super::step::{End, Step};

/// A bzip2 stream, of which a block is given once its checksum was found to be right.
///
/// The library gives away what a damaged block holds, in an order that makes no sense, and looks at the
/// checksum afterwards.
pub(super) struct Blocks {
    decoder: Decompress,
    /// What the last block holds.
    held: Vec<u8>,
    /// How much of that was given.
    given: usize,
}

/// A block is 900 kB of a log or a little more, but 46 MB of one repeated byte: of such a block the
/// first part is given unchecked.
const MOST_HELD: usize = 4 << 20;

impl Blocks {
    pub(super) fn new() -> Self {
        Self {
            decoder: Decompress::new(false),
            held: Vec::new(),
            given: 0,
        }
    }

    pub(super) fn step(&mut self, input: &[u8], output: &mut [u8]) -> Step {
        let mut taken = 0;
        let mut end = None;
        if self.given == self.held.len() {
            (taken, end) = self.next_block(input);
        }
        let rest = &self.held[self.given..];
        let given = rest.len().min(output.len());
        output[..given].copy_from_slice(&rest[..given]);
        self.given += given;
        Step { taken, given, end }
    }

    /// Decompresses the next block if all of it is there; how much of `input` was taken, and whether
    /// the stream ends here.
    fn next_block(&mut self, input: &[u8]) -> (usize, Option<End>) {
        self.held.clear();
        self.given = 0;
        let before = self.decoder.total_in();
        // Without room for a byte the library stops where a block is complete, and with no more input
        // where the next one would begin.
        let mut result = self.decoder.decompress(input, &mut []);
        let taken = (self.decoder.total_in() - before) as usize;
        while matches!(result, Ok(Status::Ok)) && self.held.len() < MOST_HELD {
            let more = self.held.len().max(64 * 1024);
            self.held.reserve_exact(more);
            result = self.decoder.decompress_vec(&[], &mut self.held);
            if self.held.len() < self.held.capacity() {
                break;
            }
        }
        let end = match result {
            Ok(Status::StreamEnd) => Some(End::Whole),
            Ok(Status::MemNeeded) => Some(End::corrupt("there is not enough memory")),
            Ok(_) => None,
            Err(error) => Some(End::corrupt(error)),
        };
        if let Some(End::Damaged(_)) = end {
            self.held.clear();
        }
        (taken, end)
    }
}
