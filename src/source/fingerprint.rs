use std::fmt;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

/// What tells the first bytes of a log from those of all others: hashes over samples of them, taken at
/// fixed places that lie ever farther apart, and over their end.
///
/// Up to 5 KB every byte is covered; behind that, 2,048 bytes before each place, as much as the longest
/// record. Records carry times and connection numbers, so two logs that differ do so in a sample soon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    /// How many (decompressed) bytes it is about.
    pub length: u64,
    /// One for each place up to `length`; each covers the samples before it as well.
    pub marks: Vec<Mark>,
    /// Covers everything, and the bytes before `length`.
    pub end: Mark,
}

/// A hash: the first half of half a SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mark([u8; 8]);

impl Fingerprint {
    /// The fingerprint of the first `length` bytes of a file that is not compressed; `None` if it does
    /// not have so many.
    pub fn of_file(file: &File, length: u64) -> io::Result<Option<Self>> {
        let mut chain = Chain::default();
        let mut sample = [0; LONGEST_SAMPLE];
        let mut read = |from: u64, to: u64| -> io::Result<Option<Vec<u8>>> {
            let sample = &mut sample[..(to - from) as usize];
            match file.read_exact_at(sample, from) {
                Ok(()) => Ok(Some(sample.to_vec())),
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(None),
                Err(error) => Err(error),
            }
        };
        while chain.next_place() <= length {
            let Some(sample) = read(chain.sample_start(), chain.next_place())? else {
                return Ok(None);
            };
            chain.pass(&sample);
        }
        let end = read(length.saturating_sub(LONGEST_SAMPLE as u64), length)?;
        Ok(end.map(|end| chain.fingerprint(&end, length)))
    }

    /// Whether another one is about the same bytes and more, as far as samples tell. What has less than
    /// one sample is no beginning of anything.
    pub fn begins(&self, longer: &Self) -> bool {
        self.length <= longer.length && !self.marks.is_empty() && self.agrees(longer)
    }

    /// Whether no sample that both have differs.
    pub fn agrees(&self, other: &Self) -> bool {
        let both = self.marks.len().min(other.marks.len());
        both == 0 || self.marks[both - 1] == other.marks[both - 1]
    }
}

/// How many bytes before a place its sample has at most.
const LONGEST_SAMPLE: usize = 2048;

/// The first place at which a mark is made. NGINX needs as many bytes for one record.
pub(super) const FIRST_PLACE: u64 = 64;

/// The places: from one to the next it is a factor of √2.
fn place(number: usize) -> u64 {
    let base = if number.is_multiple_of(2) {
        FIRST_PLACE
    } else {
        91
    };
    base.checked_shl((number / 2) as u32).unwrap_or(u64::MAX)
}

/// The marks made so far.
#[derive(Debug, Clone, Default)]
struct Chain {
    marks: Vec<Mark>,
    state: [u8; 32],
}

impl Chain {
    fn next_place(&self) -> u64 {
        place(self.marks.len())
    }

    /// Where the sample of the next place begins.
    fn sample_start(&self) -> u64 {
        let before = self.marks.len().checked_sub(1).map_or(0, place);
        before.max(self.next_place().saturating_sub(LONGEST_SAMPLE as u64))
    }

    fn pass(&mut self, sample: &[u8]) {
        let hash = Sha256::new().chain_update(self.state).chain_update(sample);
        self.state = hash.finalize().into();
        self.marks.push(Mark::of(&self.state));
    }

    fn fingerprint(self, end: &[u8], length: u64) -> Fingerprint {
        let hash = Sha256::new()
            .chain_update(self.state)
            .chain_update(length.to_le_bytes())
            .chain_update(end);
        Fingerprint {
            length,
            marks: self.marks,
            end: Mark::of(&hash.finalize().into()),
        }
    }
}

/// Takes the fingerprint of a log while its bytes pass by.
#[derive(Debug, Clone, Default)]
pub(super) struct Tracker {
    length: u64,
    chain: Chain,
    /// The last bytes that passed.
    recent: Vec<u8>,
}

impl Tracker {
    pub(super) fn pass(&mut self, mut bytes: &[u8]) {
        while self.chain.next_place() <= self.length + bytes.len() as u64 {
            let missing = (self.chain.next_place() - self.length) as usize;
            let (before, behind) = bytes.split_at(missing);
            self.keep(before);
            let length = (self.length - self.chain.sample_start()) as usize;
            self.chain.pass(&self.recent[self.recent.len() - length..]);
            bytes = behind;
        }
        self.keep(bytes);
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.length += bytes.len() as u64;
        let new = &bytes[bytes.len().saturating_sub(LONGEST_SAMPLE)..];
        let old = LONGEST_SAMPLE - new.len();
        self.recent.drain(..self.recent.len().saturating_sub(old));
        self.recent.extend_from_slice(new);
    }

    /// How many bytes passed.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    pub(super) fn fingerprint(&self) -> Fingerprint {
        self.chain.clone().fingerprint(&self.recent, self.length)
    }
}

impl Mark {
    /// How many letters it is written with.
    pub const LETTERS: usize = 16;

    fn of(hash: &[u8; 32]) -> Self {
        let mut mark = [0; 8];
        mark.copy_from_slice(&hash[..8]);
        Self(mark)
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:016x}", u64::from_be_bytes(self.0))
    }
}

impl fmt::Debug for Mark {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl FromStr for Mark {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(u64::from_str_radix(text, 16)?.to_be_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn text(length: usize, seed: usize) -> Vec<u8> {
        (0..length)
            .map(|at| (at * at / 7 + at * 31 + seed) as u8)
            .collect()
    }

    fn of(bytes: &[u8]) -> Fingerprint {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        let whole = Fingerprint::of_file(&file, bytes.len() as u64).unwrap();
        let more = Fingerprint::of_file(&file, bytes.len() as u64 + 1).unwrap();
        assert_eq!(more, None);
        whole.unwrap()
    }

    #[test]
    fn it_does_not_matter_how_the_bytes_pass() {
        let bytes = text(20_000, 0);
        for length in [0, 1, 63, 64, 65, 91, 2047, 2048, 2049, 5_000, 20_000] {
            let expected = of(&bytes[..length]);
            for piece in [1, 7, 64, 1000, 4096, 20_000] {
                let mut tracker = Tracker::default();
                bytes[..length]
                    .chunks(piece)
                    .for_each(|bytes| tracker.pass(bytes));
                assert_eq!(tracker.fingerprint(), expected, "{length} by {piece}");
            }
        }
    }

    #[test]
    fn a_log_begins_a_longer_one_but_no_other() {
        let whole = of(&text(20_000, 0));
        for length in [64, 100, 1024, 10_000, 20_000] {
            let part = of(&text(length, 0));
            assert!(part.begins(&whole), "{length}");
            assert!(part.length == whole.length || !whole.begins(&part));
            assert!(!of(&text(length, 1)).begins(&whole));
        }
        assert!(!of(&text(63, 0)).begins(&whole));
    }

    #[test]
    fn every_byte_at_the_beginning_and_before_the_end_counts() {
        let bytes = text(9_000, 0);
        let expected = of(&bytes);
        for at in (0..5_000).step_by(13).chain((7_000..9_000).step_by(13)) {
            let mut other = bytes.clone();
            other[at] ^= 1;
            assert_ne!(of(&other).end, expected.end, "{at}");
        }
    }

    #[test]
    fn a_mark_reads_back() {
        let mark = of(b"log").end;
        assert_eq!(mark.to_string().parse(), Ok(mark));
        assert_eq!(mark.to_string().len(), Mark::LETTERS);
    }
}
