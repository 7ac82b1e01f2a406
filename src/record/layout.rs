//! How heads are laid out: `[error] 1201#1201: *999971 `, and the like with as many digits.
//!
//! Neighbouring records mostly differ in nothing but the digits, which is checked sixteen bytes at once.

use wide::u8x16;

use super::Head;
use super::clock::STAMP;
use super::head::Sketch;

/// The layouts that were met last, by their levels.
#[derive(Debug, Clone, Default)]
pub(super) struct Layouts([Option<Layout>; 8]);

/// How the bytes of a head are checked, from the bracket of the level on.
#[derive(Debug, Clone)]
struct Layout {
    /// What stands there, with `0` for digits.
    bytes: [u8x16; PARTS],
    /// In how much a byte may differ from that, taken for a number: not at all where no digit is, up to nine where one
    /// is, in everything behind the head.
    most: [u8x16; PARTS],
    /// What the head is then.
    sketch: Sketch,
    /// Where its text begins.
    text: usize,
}

/// A longer head is read byte by byte.
const LONGEST: usize = 16 * PARTS;
const PARTS: usize = 3;

const FROM: usize = STAMP + 1;

impl Layouts {
    /// What is known of the head of a record that begins with a time stamp; `None` if it has no level.
    pub(super) fn sketch(&mut self, record: &[u8]) -> Option<Sketch> {
        let place = usize::from(*record.get(FROM + 1)? & 7);
        if let Some(layout) = &self.0[place]
            && layout.fits(record)
        {
            return Some(layout.sketch);
        }
        let sketch = Head::read_stamped(record)?.sketch(record)?;
        if let Some(layout) = Layout::of(record, sketch) {
            self.0[place] = Some(layout);
        }
        Some(sketch)
    }
}

impl Layout {
    fn of(record: &[u8], sketch: Sketch) -> Option<Self> {
        let text = record.len() - sketch.text(record).len();
        let head = record
            .get(FROM..text)
            .filter(|head| head.len() <= LONGEST)?;
        if !Self::may_follow(record, text) {
            return None;
        }
        let mut bytes = [0; LONGEST];
        let mut most = [u8::MAX; LONGEST];
        for (at, &byte) in head.iter().enumerate() {
            let is_digit = byte.is_ascii_digit();
            bytes[at] = if is_digit { b'0' } else { byte };
            most[at] = if is_digit { 9 } else { 0 };
        }
        Some(Self {
            bytes: parts(&bytes),
            most: parts(&most),
            sketch,
            text,
        })
    }

    fn fits(&self, record: &[u8]) -> bool {
        let Some(head) = record.get(FROM..).and_then(<[u8]>::first_chunk) else {
            return false;
        };
        let mut fit = u8x16::splat(u8::MAX);
        for ((part, known), most) in parts(head).into_iter().zip(self.bytes).zip(self.most) {
            // Digits are the ten numbers from `0` on, whose lower four bits are zeros.
            let differs = part ^ known;
            fit &= differs.min(most).simd_eq(differs);
        }
        fit.all() && Self::may_follow(record, self.text)
    }

    /// Whether a text begins here, whatever came before: blanks, numbers and a second level may belong to the head.
    fn may_follow(record: &[u8], text: usize) -> bool {
        let first = record.get(text);
        let may_be_of_head = |byte: u8| {
            byte.is_ascii_whitespace() || byte.is_ascii_digit() || matches!(byte, b'[' | b'*')
        };
        first.is_some_and(|byte| !may_be_of_head(*byte))
    }
}

fn parts(bytes: &[u8; LONGEST]) -> [u8x16; PARTS] {
    let (parts, _) = bytes.as_chunks();
    std::array::from_fn(|at| u8x16::new(parts[at]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_of_a_known_layout_is_what_reading_it_says() {
        let heads = [
            "[error] 1201#1201: *999971 ",
            "[error] 1201#1201: *1000005 ",
            "[error] 1#1: *5 ",
            "[warn] 1201#1201: *1 ",
            "[emerg] 1#1: ",
            "[emerg] 1#1: [warn] ",
            "[error] 1201#1201: *99997x ",
            "[error] 120:#1201: *999971 ",
            "[error] 1201#1201: *999971  ",
            "[info] 1201#1201: *999971\t",
            "[notice] ",
            "[error] 1201#1201: */99971 ",
            "[error] 1201#1201: *99997\u{b9} ",
            "[alert] 12345678901#12345678901: *1234567890123456789 ",
            "[none] 1#1: ",
            "[error] 1201#1201:  *999971 ",
            "[err",
            "",
        ];
        let texts = [
            "connect() failed, client: 192.0.2.1, server: a",
            "",
            "[lua] x",
            " y",
            "2",
        ];
        for first in heads {
            let mut layouts = Layouts::default();
            let record = |head: &str, text: &str| format!("2026/11/01 09:15:02 {head}{text}");
            layouts.sketch(record(first, texts[0]).as_bytes());
            for head in heads {
                for text in texts {
                    let record = record(head, text);
                    let record = record.as_bytes();
                    let read = Head::read_stamped(record);
                    let expected = read.and_then(|head| head.sketch(record));
                    assert_eq!(
                        layouts.clone().sketch(record),
                        expected,
                        "{first}|{head}{text}"
                    );
                    let again = expected.map(|sketch| Head::from_sketch(record, sketch));
                    assert_eq!(again, read, "{head}{text}");
                }
            }
        }
    }

    #[test]
    fn digits_may_differ_and_nothing_else() {
        let known =
            b"2026/11/01 09:15:02 [error] 1201#1201: *999971 connect() failed, client: 192.0.2.1";
        let sketch = Head::read_stamped(known).unwrap().sketch(known).unwrap();
        let layout = Layout::of(known, sketch).unwrap();
        for at in FROM..layout.text {
            for byte in 0..=255 {
                let mut record = *known;
                record[at] = byte;
                let may = match known[at].is_ascii_digit() {
                    true => byte.is_ascii_digit(),
                    false => byte == known[at],
                };
                assert_eq!(layout.fits(&record), may, "{}", record.escape_ascii());
            }
        }
    }
}
