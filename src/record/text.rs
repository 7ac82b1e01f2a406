use std::borrow::Cow;
use std::fmt;

use wide::u8x32;

/// Bytes of a log as text. NGINX writes what clients sent as it came, UTF-8 or not; a byte that is
/// not part of UTF-8 becomes `\xNN`, as in NGINX's own access log, so that none is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Text<'a>(pub &'a [u8]);

impl<'a> Text<'a> {
    /// The text; borrowed where it was UTF-8 already.
    ///
    /// ```
    /// use badgateway::record::Text;
    /// assert_eq!(Text(b"caf\xc3\xa9").to_str(), "café");
    /// assert_eq!(Text(b"caf\xe9!").to_str(), "caf\\xE9!");
    /// ```
    pub fn to_str(self) -> Cow<'a, str> {
        match std::str::from_utf8(self.0) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => Cow::Owned(self.to_string()),
        }
    }
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            out.write_str(chunk.valid())?;
            for byte in chunk.invalid() {
                write!(out, "\\x{byte:02X}")?;
            }
        }
        Ok(())
    }
}

/// Whether these texts stand behind each other in the bytes. Together they are known to be as long.
pub(crate) fn are_texts(bytes: &[u8], texts: &[Option<&[u8]>]) -> bool {
    let mut rest = bytes;
    texts.iter().flatten().all(|text| {
        let (one, behind) = rest.split_at(text.len());
        rest = behind;
        one == *text
    })
}

/// Whether two texts are the same; of those that are as short as names mostly are, it is told without a loop.
#[inline]
pub(crate) fn is_same(one: &[u8], other: &[u8]) -> bool {
    let ends = |text: &[u8]| -> Option<[u64; 2]> {
        let (first, last) = (text.first_chunk()?, text.last_chunk()?);
        Some([first, last].map(|eight| u64::from_le_bytes(*eight)))
    };
    match (ends(one), ends(other)) {
        (Some(ends), Some(others)) if one.len() <= 16 => one.len() == other.len() && ends == others,
        _ => one == other,
    }
}

/// Where one of these bytes, or a control character, stands for the first time in the first [`NEAR`] bytes of a text. To
/// look at many bytes at once costs less there than to call a search that is made for long texts, and what is shorter
/// than that is found without a branch that depends on where.
#[inline]
pub(super) fn near<const N: usize>(bytes: [u8; N], text: &[u8]) -> Option<usize> {
    let text = &text[..text.len().min(NEAR)];
    let wanted = bytes.map(u8x32::splat);
    let look = |part: &[u8; PART]| {
        let part = u8x32::new(*part);
        let mut found = part.min(u8x32::splat(0x1F)).simd_eq(part);
        for wanted in wanted {
            found |= part.simd_eq(wanted);
        }
        let found = found.to_bitmask();
        (found != 0).then_some(found.trailing_zeros() as usize)
    };
    let (parts, rest) = text.as_chunks();
    for (number, part) in parts.iter().enumerate() {
        if let Some(at) = look(part) {
            return Some(PART * number + at);
        }
    }
    match text.last_chunk() {
        // Of what was looked at already, nothing is found.
        Some(part) => look(part).map(|at| text.len() - PART + at),
        None => {
            let is_found = |byte: &u8| *byte < 0x20 || bytes.contains(byte);
            rest.iter().position(is_found)
        }
    }
}

/// So many bytes are looked at at once.
const PART: usize = 32;

/// Farther is not near.
pub(super) const NEAR: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_is_the_same() {
        let text = b"0123456789abcdefghij";
        for length in 0..text.len() {
            for other in 0..text.len() {
                assert_eq!(is_same(&text[..length], &text[..other]), length == other);
                let mut changed = text[..length].to_vec();
                changed
                    .iter_mut()
                    .skip(other)
                    .take(1)
                    .for_each(|byte| *byte = b'x');
                assert_eq!(is_same(&text[..length], &changed), other >= length);
            }
        }
    }

    #[test]
    fn near_bytes_are_found_first() {
        let text = b"0123456789 abcdefghijklmnopqrstuvwxyz \x80\xff\x81 ABCDEFGHIJKLMNOPQRSTUVWXYZ";
        for end in 0..=text.len() {
            let text = &text[..end];
            for byte in 0x20..=u8::MAX {
                let expected = text.iter().position(|&other| other == byte);
                let expected = expected.filter(|&at| at < NEAR);
                assert_eq!(near([byte], text), expected);
                assert_eq!(near([b'!', byte, b'#'], text), expected);
            }
            for at in 0..end.min(NEAR) {
                let mut text = text.to_vec();
                text[at] = b'\n';
                assert_eq!(near([b'!'], &text), Some(at));
            }
        }
    }
}
