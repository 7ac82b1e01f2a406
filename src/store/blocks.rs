use std::collections::VecDeque;
use std::io::{self, Read};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use super::Object;

/// An object that is read here and there: what lies close together is fetched together.
#[derive(Debug)]
pub struct Blocks {
    object: Object,
    /// Those that were needed last, with their numbers.
    kept: Mutex<VecDeque<(u64, Bytes)>>,
}

/// Bytes of a block.
const BLOCK: u64 = 512 << 10;

/// So many blocks are kept: one for each column of a table that is read side by side.
const KEPT: usize = 24;

impl Blocks {
    /// Reads nothing yet.
    pub fn new(object: Object) -> Self {
        Self {
            object,
            kept: Mutex::default(),
        }
    }

    /// How long the object is.
    pub fn size(&self) -> u64 {
        self.object.size
    }

    /// Reads some of its bytes.
    pub fn read(&self, range: Range<u64>) -> io::Result<Bytes> {
        if range.start > range.end || range.end > self.size() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let number = range.start / BLOCK;
        let begin = number * BLOCK;
        if range.end > begin + BLOCK {
            return self.object.read(range);
        }
        let block = self.block(number)?;
        Ok(block.slice((range.start - begin) as usize..(range.end - begin) as usize))
    }

    fn block(&self, number: u64) -> io::Result<Bytes> {
        // Who else needs it would fetch it as well.
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.iter().position(|(other, _)| *other == number);
        let block = match found.and_then(|at| kept.remove(at)) {
            Some((_, block)) => block,
            None => {
                kept.truncate(KEPT - 1);
                let begin = number * BLOCK;
                self.object.read(begin..(begin + BLOCK).min(self.size()))?
            }
        };
        kept.push_front((number, block.clone()));
        Ok(block)
    }
}

/// The bytes of an object from some place on.
pub struct BlockReader {
    blocks: Arc<Blocks>,
    at: u64,
}

impl BlockReader {
    /// Those from `at` on.
    pub fn new(blocks: Arc<Blocks>, at: u64) -> Self {
        Self { blocks, at }
    }
}

impl Read for BlockReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let in_block = BLOCK - self.at % BLOCK;
        let left = self.blocks.size().saturating_sub(self.at);
        let length = in_block.min(left).min(buffer.len() as u64);
        let bytes = self.blocks.read(self.at..self.at + length)?;
        buffer[..bytes.len()].copy_from_slice(&bytes);
        self.at += length;
        Ok(bytes.len())
    }
}
