//! Bytes in which what was counted is put aside, and read back by the same process.

/// What is being put aside.
#[derive(Debug, Clone, Default)]
pub(super) struct Storing(Vec<u8>);

/// What is read back of that, from the front on. It says nothing where it is damaged.
pub(super) struct Stored<'a>(&'a [u8]);

/// A byte has so many bits of a number, and says whether there are more.
const BITS: u32 = 7;
const MORE: u8 = 1 << BITS;

impl Storing {
    /// Mostly a small one.
    pub(super) fn number(&mut self, mut number: u64) {
        while number >= u64::from(MORE) {
            self.0.push(number as u8 | MORE);
            number >>= BITS;
        }
        self.0.push(number as u8);
    }

    /// Any number of 32 bits, as likely as others.
    pub(super) fn whole(&mut self, number: u32) {
        self.0.extend(number.to_le_bytes());
    }

    /// Any number of 64 bits, as likely as others.
    pub(super) fn long(&mut self, number: u64) {
        self.0.extend(number.to_le_bytes());
    }

    pub(super) fn text(&mut self, text: &[u8]) {
        self.number(text.len() as u64);
        self.0.extend(text);
    }

    pub(super) fn text_or_none(&mut self, text: Option<&[u8]>) {
        match text {
            Some(text) => {
                self.number(text.len() as u64 + 1);
                self.0.extend(text);
            }
            None => self.number(0),
        }
    }

    /// Has `store` put something aside, with its length before it.
    pub(super) fn item(&mut self, store: impl FnOnce(&mut Self)) {
        let begin = self.0.len();
        self.whole(0);
        store(self);
        let length = (self.0.len() - begin - LENGTH) as u32;
        self.0[begin..begin + LENGTH].copy_from_slice(&length.to_le_bytes());
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

/// Bytes of the length of an item.
pub(super) const LENGTH: usize = size_of::<u32>();

/// How long the item is with which the bytes begin, if they tell that.
pub(super) fn item_length(bytes: &[u8]) -> Option<usize> {
    let length = bytes.first_chunk()?;
    Some(u32::from_le_bytes(*length) as usize)
}

impl<'a> Stored<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for bits in (0..u64::BITS).step_by(BITS as usize) {
            let (&byte, rest) = self.0.split_first()?;
            self.0 = rest;
            number |= u64::from(byte & !MORE) << bits;
            if byte & MORE == 0 {
                return Some(number);
            }
        }
        None
    }

    pub(super) fn whole(&mut self) -> Option<u32> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_le_bytes(*number))
    }

    pub(super) fn long(&mut self) -> Option<u64> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*number))
    }

    pub(super) fn text(&mut self) -> Option<&'a [u8]> {
        let length = self.number()?;
        self.take(length)
    }

    pub(super) fn text_or_none(&mut self) -> Option<Option<&'a [u8]>> {
        match self.number()?.checked_sub(1) {
            Some(length) => self.take(length).map(Some),
            None => Some(None),
        }
    }

    /// How many bytes were not read yet.
    pub(super) fn left(&self) -> usize {
        self.0.len()
    }

    fn take(&mut self, length: u64) -> Option<&'a [u8]> {
        let (text, rest) = self.0.split_at_checked(usize::try_from(length).ok()?)?;
        self.0 = rest;
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_aside_is_read_back() {
        let numbers = [0, 1, 127, 128, 16_384, u64::MAX >> 1, u64::MAX];
        let mut out = Storing::default();
        out.item(|out| {
            numbers.iter().for_each(|&number| out.number(number));
            out.whole(u32::MAX);
            out.long(7);
            out.text(b"text");
            out.text_or_none(Some(b""));
            out.text_or_none(None);
        });
        let bytes = out.bytes();
        assert_eq!(item_length(bytes), Some(bytes.len() - LENGTH));
        let mut from = Stored::new(&bytes[LENGTH..]);
        for number in numbers {
            assert_eq!(from.number(), Some(number));
        }
        assert_eq!(from.whole(), Some(u32::MAX));
        assert_eq!(from.long(), Some(7));
        assert_eq!(from.text(), Some(&b"text"[..]));
        assert_eq!(from.text_or_none(), Some(Some(&b""[..])));
        assert_eq!(from.text_or_none(), Some(None));
        assert_eq!(from.number(), None);
        assert_eq!(Stored::new(&[0xff; 11]).number(), None);
    }
}
