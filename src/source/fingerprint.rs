use std::fmt;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

/// What tells the first bytes of a log from those of all others: hashes over samples of them, taken at
/// fixed places, and over their end.
///
/// Where logs can well be alike, because two servers began in the same second, places are close: no line
/// fits between two of them. Farther behind they are ever farther apart; a sample is 2,048 bytes before
/// its place, as much as the longest record. Up to 11 KB every byte is covered. Records carry times and
/// connection numbers, so two logs that differ do so in a sample soon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    /// How many (decompressed) bytes it is about.
    pub length: u64,
    /// One for each place up to `length`; each covers the samples before it as well.
    pub marks: Vec<Mark>,
    /// Covers everything, and the bytes before `length`.
    pub end: End,
}

/// A hash over samples: the first 32 bits of a SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mark(u32);

/// A hash over everything that is sampled: the first 64 bits of a SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct End(u64);

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

    /// Whether another one is about bytes that begin alike, too much so for two different logs.
    pub(super) fn resembles(&self, other: &Self) -> bool {
        let alike = self.marks.iter().zip(&other.marks);
        alike.take_while(|(one, other)| one == other).count() >= ENOUGH_ALIKE
    }

    /// Whether no sample that both have differs.
    pub fn agrees(&self, other: &Self) -> bool {
        let both = self.marks.len().min(other.marks.len());
        both == 0 || self.marks[both - 1] == other.marks[both - 1]
    }
}

/// How many bytes before a place its sample has at most.
const LONGEST_SAMPLE: usize = 2048;

/// The first place at which a mark is made: behind time, level and pid of a record.
pub(super) const FIRST_PLACE: u64 = 32;

/// 128 bytes: time, level, pid, connection, and some words.
const ENOUGH_ALIKE: usize = 7;

/// Up to here a place is every 16 bytes, and then every 64.
const FINEST_TO: u64 = 256;
/// From here on there are four to each doubling.
const FINE_TO: u64 = 4096;

/// The places.
fn place(number: usize) -> u64 {
    const FINEST: usize = ((FINEST_TO - FIRST_PLACE) / 16) as usize;
    const FINE: usize = FINEST + ((FINE_TO - FINEST_TO) / 64) as usize;
    match number {
        ..FINEST => FIRST_PLACE + 16 * number as u64,
        FINEST..FINE => FINEST_TO + 64 * (number - FINEST) as u64,
        _ => {
            let steps = number - FINE;
            // Four roots of two, in 1,024ths.
            let root = [1024, 1218, 1448, 1722][steps % 4];
            let doublings = (steps / 4) as u32;
            (FINE_TO * root / 1024)
                .checked_shl(doublings)
                .unwrap_or(u64::MAX)
        }
    }
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
            end: End::of(&hash.finalize().into()),
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
    pub const LETTERS: usize = 8;

    fn of(hash: &[u8; 32]) -> Self {
        Self(End::of(hash).0.wrapping_shr(32) as u32)
    }
}

impl End {
    fn of(hash: &[u8; 32]) -> Self {
        Self(u64::from_be_bytes(*hash.first_chunk().unwrap_or(&[0; 8])))
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:08x}", self.0)
    }
}

impl fmt::Display for End {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:016x}", self.0)
    }
}

impl fmt::Debug for Mark {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl fmt::Debug for End {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl FromStr for Mark {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u32::from_str_radix(text, 16).map(Self)
    }
}

impl FromStr for End {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u64::from_str_radix(text, 16).map(Self)
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
        for length in [0, 1, 31, 32, 33, 65, 300, 2047, 2048, 2049, 5_000, 20_000] {
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
        for length in [32, 100, 1024, 10_000, 20_000] {
            let part = of(&text(length, 0));
            assert!(part.begins(&whole), "{length}");
            assert!(part.length == whole.length || !whole.begins(&part));
            assert!(!of(&text(length, 1)).begins(&whole));
        }
        assert!(!of(&text(31, 0)).begins(&whole));
    }

    #[test]
    fn every_byte_at_the_beginning_and_before_the_end_counts() {
        let bytes = text(9_000, 0);
        let expected = of(&bytes);
        for at in (0..9_000).step_by(13) {
            let mut other = bytes.clone();
            other[at] ^= 1;
            assert_ne!(of(&other).end, expected.end, "{at}");
        }
    }

    #[test]
    fn marks_read_back() {
        let fingerprint = of(&text(100, 0));
        let (mark, end) = (fingerprint.marks[0], fingerprint.end);
        assert_eq!(mark.to_string().parse(), Ok(mark));
        assert_eq!(mark.to_string().len(), Mark::LETTERS);
        assert_eq!(end.to_string().parse(), Ok(end));
    }

    #[test]
    fn places_lie_behind_each_other() {
        let places: Vec<u64> = (0..180).map(place).collect();
        assert!(places.is_sorted_by(|one, other| one < other), "{places:?}");
        assert_eq!(places[0], FIRST_PLACE);
        for size in [FINEST_TO, FINE_TO, 2 * FINE_TO, 1 << 30] {
            assert!(places.contains(&size), "{size}");
        }
    }
}
