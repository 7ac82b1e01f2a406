use std::borrow::Cow;
use std::fmt;

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
