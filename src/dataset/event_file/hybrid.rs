/// Appends numbers of `width` bits in Parquet's mixture of runs of the same number and packed bits
/// ("RLE/Bit-Packing Hybrid" of the format's `Encodings.md`).
pub(super) fn append(numbers: &[u32], width: u32, out: &mut Vec<u8>) {
    let mut packed_from = 0;
    let mut at = 0;
    while let Some(&number) = numbers.get(at) {
        let same = numbers[at..].iter().take_while(|&&next| next == number);
        let run = same.count();
        if run < SHORTEST_RUN {
            at += GROUP;
            continue;
        }
        pack(&numbers[packed_from..at], width, out);
        append_varint(run << 1, out);
        let bytes = width.div_ceil(8) as usize;
        out.extend_from_slice(&number.to_le_bytes()[..bytes]);
        at += run;
        packed_from = at;
    }
    pack(&numbers[packed_from..], width, out);
}

/// Bits are packed for so many numbers at once.
const GROUP: usize = 8;

/// A shorter run takes less room packed.
const SHORTEST_RUN: usize = 2 * GROUP;

/// As many groups as every reader takes under one head.
const MOST_GROUPS: usize = 63;

/// Packs numbers, and zeros behind them up to a whole group.
fn pack(numbers: &[u32], width: u32, out: &mut Vec<u8>) {
    for some in numbers.chunks(MOST_GROUPS * GROUP) {
        append_varint(some.len().div_ceil(GROUP) << 1 | 1, out);
        let missing = some.len().next_multiple_of(GROUP) - some.len();
        let (mut bits, mut count) = (0, 0);
        for &number in some.iter().chain(&[0; GROUP][..missing]) {
            bits |= u64::from(number) << count;
            count += width;
            if count >= u32::BITS {
                out.extend_from_slice(&(bits as u32).to_le_bytes());
                bits >>= u32::BITS;
                count -= u32::BITS;
            }
        }
        // Of a whole group no byte is left in part.
        out.extend_from_slice(&bits.to_le_bytes()[..count as usize / 8]);
    }
}

fn append_varint(mut number: usize, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers again, as the format's documentation says they are read.
    fn read(mut bytes: &[u8], width: u32, count: usize) -> Vec<u32> {
        let mut numbers = Vec::new();
        while numbers.len() < count {
            let mut head = 0;
            let mut shift = 0;
            loop {
                let (&byte, rest) = bytes.split_first().unwrap();
                bytes = rest;
                head |= usize::from(byte & 0x7F) << shift;
                shift += 7;
                if byte < 0x80 {
                    break;
                }
            }
            if head & 1 == 0 {
                let (number, rest) = bytes.split_at(width.div_ceil(8) as usize);
                bytes = rest;
                let number = number
                    .iter()
                    .rev()
                    .fold(0, |number, &byte| number << 8 | u32::from(byte));
                numbers.extend(vec![number; head >> 1]);
            } else {
                let (packed, rest) = bytes.split_at((head >> 1) * width as usize);
                bytes = rest;
                let bit = |at: usize| {
                    u32::from(packed.get(at / 8).is_some_and(|b| b >> (at % 8) & 1 == 1))
                };
                let number = |at: usize| {
                    (0..width as usize)
                        .fold(0, |number, of| number | bit(at * width as usize + of) << of)
                };
                numbers.extend((0..(head >> 1) * 8).map(number));
            }
        }
        assert!(bytes.is_empty());
        numbers.truncate(count);
        numbers
    }

    fn check(numbers: &[u32], width: u32) {
        let mut bytes = Vec::new();
        append(numbers, width, &mut bytes);
        assert_eq!(read(&bytes, width, numbers.len()), numbers, "{width} bits");
    }

    #[test]
    fn numbers_can_be_read_back() {
        for width in 0..=32 {
            let most = if width == 0 {
                0
            } else {
                u32::MAX >> (32 - width)
            };
            for count in [0, 1, 7, 8, 9, 63, 64, 503, 504, 505, 2000] {
                let mixed: Vec<u32> = (0..count)
                    .map(|at: u32| at.wrapping_mul(2_654_435_761) & most)
                    .collect();
                check(&mixed, width);
                check(&vec![most; count as usize], width);
                // Runs of all lengths that begin anywhere.
                let runs: Vec<u32> = (0..count)
                    .map(|at| (f64::from(at).sqrt() as u32) & most)
                    .collect();
                check(&runs, width);
            }
        }
    }

    #[test]
    fn a_run_takes_no_more_room_however_long() {
        let mut bytes = Vec::new();
        append(&[5; 20_000], 9, &mut bytes);
        assert_eq!(bytes.len(), 5);
    }
}
