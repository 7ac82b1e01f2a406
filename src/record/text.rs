use std::borrow::Cow;
use std::fmt;

use wide::u8x16;

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

/// Where one of these bytes, or a control character, stands for the first time in the first [`NEAR`] bytes of a text. To
/// look at sixteen bytes at once costs less there than to call a search that is made for long texts.
#[inline]
pub(super) fn near<const N: usize>(bytes: [u8; N], text: &[u8]) -> Option<usize> {
    let text = &text[..text.len().min(NEAR)];
    let wanted = bytes.map(u8x16::splat);
    let look = |sixteen: &[u8; 16]| {
        let sixteen = u8x16::new(*sixteen);
        let mut found = sixteen.min(u8x16::splat(0x1F)).simd_eq(sixteen);
        for wanted in wanted {
            found |= sixteen.simd_eq(wanted);
        }
        let found = found.to_bitmask();
        (found != 0).then_some(found.trailing_zeros() as usize)
    };
    let (sixteens, rest) = text.as_chunks();
    for (number, sixteen) in sixteens.iter().enumerate() {
        if let Some(at) = look(sixteen) {
            return Some(16 * number + at);
        }
    }
    match text.last_chunk() {
        // Of what was looked at already, nothing is found.
        Some(sixteen) => look(sixteen).map(|at| text.len() - 16 + at),
        None => {
            let is_found = |byte: &u8| *byte < 0x20 || bytes.contains(byte);
            rest.iter().position(is_found)
        }
    }
}

/// Farther is not near.
pub(super) const NEAR: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

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
