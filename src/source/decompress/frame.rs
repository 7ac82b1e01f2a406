use std::io;

use zstd::stream::raw::{Decoder, InBuffer, Operation, OutBuffer};

use super::Damage;
use super::step::{End, Step};

/// A zstd frame.
///
/// When a call fails, the library does not tell what it decompressed before in that call. So it takes
/// input while there is no room, up to the end of a block, and gives what that holds in another call.
pub(super) struct Frame {
    decoder: Decoder<'static>,
    /// Whether there may be more to give of the last block.
    has_more: bool,
}

/// What the library says of a window that is larger than it is told to take.
const TOO_WIDE: &str = "Frame requires too much memory for decoding";

impl Frame {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            decoder: Decoder::new()?,
            has_more: false,
        })
    }

    pub(super) fn step(&mut self, input: &[u8], output: &mut [u8]) -> Step {
        let mut taken = 0;
        if !self.has_more {
            let (of_input, _, end) = self.run(input, &mut []);
            if end.is_some() {
                return Step {
                    taken: of_input,
                    given: 0,
                    end,
                };
            }
            taken = of_input;
        }
        let (_, given, end) = self.run(&[], output);
        self.has_more = given == output.len();
        Step { taken, given, end }
    }

    fn run(&mut self, input: &[u8], output: &mut [u8]) -> (usize, usize, Option<End>) {
        let mut from = InBuffer::around(input);
        let mut to = OutBuffer::around(output);
        let end = match self.decoder.run(&mut from, &mut to) {
            Ok(0) => Some(End::Whole),
            Ok(_) => None,
            Err(error) if error.to_string() == TOO_WIDE => Some(End::Damaged(Damage::TooWide)),
            Err(error) => Some(End::corrupt(error)),
        };
        (from.pos(), to.pos(), end)
    }
}
