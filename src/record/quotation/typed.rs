//! What editors and web pages make of NGINX's characters.

use std::borrow::Cow;

/// What stands for what: typographic quotes, entities of HTML, escapes of Markdown and JSON.
const WRITTEN: [(&str, &str); 25] = [
    ("“", "\""),
    ("”", "\""),
    ("„", "\""),
    ("″", "\""),
    ("«", "\""),
    ("»", "\""),
    ("‘", "'"),
    ("’", "'"),
    ("…", "..."),
    ("\u{a0}", " "),
    ("&quot;", "\""),
    ("&#34;", "\""),
    ("&#39;", "'"),
    ("&lt;", "<"),
    ("&gt;", ">"),
    ("&amp;", "&"),
    ("&nbsp;", " "),
    ("`", ""),
    ("\\\"", "\""),
    ("\\*", "*"),
    ("\\_", "_"),
    ("\\[", "["),
    ("\\]", "]"),
    ("\\#", "#"),
    ("\\<", "<"),
];

/// A text in the characters that NGINX wrote.
pub(super) fn typed(text: &[u8]) -> Cow<'_, [u8]> {
    let begins = |byte: &u8| matches!(byte, b'&' | b'*' | b'`' | b'\\' | b'[') || *byte >= 0xC2;
    let Some(first) = text.iter().position(begins) else {
        return Cow::Borrowed(text);
    };
    let mut out = text[..first].to_vec();
    let mut rest = &text[first..];
    while let Some(&byte) = rest.first() {
        let found = begins(&byte).then(|| {
            WRITTEN
                .iter()
                .find_map(|(from, to)| Some((rest.strip_prefix(from.as_bytes())?, to.as_bytes())))
        });
        if is_bold(&out, rest) {
            rest = &rest[2..];
            continue;
        }
        if let Some((words, behind)) = link(rest) {
            out.extend_from_slice(&typed(words));
            rest = behind;
            continue;
        }
        match found.flatten() {
            Some((behind, meant)) => {
                out.extend_from_slice(meant);
                rest = behind;
            }
            None => {
                out.push(byte);
                rest = &rest[1..];
            }
        }
    }
    Cow::Owned(out)
}

/// The words of a link in Markdown, `[words](http://…)`, and what stands behind it.
fn link(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let words = text.strip_prefix(b"[")?;
    let end = memchr::memmem::find(&words[..words.len().min(LONGEST_LINK)], b"](http")?;
    let behind = &words[end..];
    let close = memchr::memchr(b')', behind)?;
    if memchr::memchr2(b'[', b']', &words[..end]).is_some() {
        return None;
    }
    Some((&words[..end], &behind[close + 1..]))
}

const LONGEST_LINK: usize = 512;

/// Whether two stars make what follows bold, or what stands before; more of them, or alone, are a mask.
fn is_bold(before: &[u8], text: &[u8]) -> bool {
    let is_word = |byte: Option<&u8>| {
        byte.is_some_and(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'(' | b')' | b'[' | b']')
        })
    };
    let is_pair =
        text.starts_with(b"**") && text.get(2) != Some(&b'*') && before.last() != Some(&b'*');
    is_pair && (is_word(before.last()) || is_word(text.get(2)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_entities_and_escapes() {
        for (written, meant) in [
            ("a: “b”, &quot;c&quot;", "a: \"b\", \"c\""),
            (
                r#"\*5 **connect()** \"a\" /x\_y"#,
                "*5 connect() \"a\" /x_y",
            ),
            ("caf\u{e9} & sons \\n …", "caf\u{e9} & sons \\n ..."),
            ("\"[**http**://a/](http://a/)\", b", "\"http://a/\", b"),
            ("plain", "plain"),
        ] {
            assert_eq!(&*typed(written.as_bytes()), meant.as_bytes());
        }
        assert_eq!(&*typed(b"\xff\xc2"), b"\xff\xc2");
    }
}
