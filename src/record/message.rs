use super::Errno;

/// Takes the text before the tail apart: message, errno, action.
///
/// NGINX appends ` (errno: text)` and then ` while action` to a message, so both are read from the
/// right: a message may hold whatever a client or an application sent.
pub(super) fn split(text: &[u8]) -> (&[u8], Option<Errno<'_>>, Option<&[u8]>) {
    let (text, action) = match action(text) {
        Some((before, action)) => (before, Some(action)),
        None => (text.trim_ascii_end(), None),
    };
    match Errno::at_end_of(text) {
        Some((message, errno)) => (message, Some(errno), action),
        None => (text, None, action),
    }
}

/// No action of NGINX or a module we know of is longer.
const LONGEST_ACTION: usize = 80;

fn action(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = text.trim_ascii_end().len();
    let from = end.saturating_sub(LONGEST_ACTION + WHILE.len());
    let at = from + memchr::memmem::rfind(&text[from..end], WHILE)?;
    let after = &text[at + WHILE.len()..end];
    let action = after.trim_ascii_start();
    // ` whilest`, or a sentence that merely contains the word: an action is words alone.
    let is_action = action.len() < after.len()
        && !action.is_empty()
        && action.iter().all(|&byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'/' | b'\n' | b'\r' | b'-')
        });
    is_action.then(|| (text[..at].trim_ascii_end(), action))
}

const WHILE: &[u8] = b" while";

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> (String, Option<u32>, Option<String>) {
        let (message, errno, action) = split(text.as_bytes());
        let string = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        (
            string(message),
            errno.map(|errno| errno.number),
            action.map(string),
        )
    }

    fn parts(
        message: &str,
        errno: Option<u32>,
        action: Option<&str>,
    ) -> (String, Option<u32>, Option<String>) {
        (message.into(), errno, action.map(Into::into))
    }

    #[test]
    fn message_errno_action() {
        assert_eq!(
            texts("connect() failed (111: Connection refused) while connecting to upstream"),
            parts(
                "connect() failed",
                Some(111),
                Some("connecting to upstream")
            )
        );
        assert_eq!(
            texts("no live upstreams while connecting to upstream"),
            parts("no live upstreams", None, Some("connecting to upstream"))
        );
        assert_eq!(
            texts("b.example could not be resolved (3: Host not found)"),
            parts("b.example could not be resolved", Some(3), None)
        );
        assert_eq!(texts(""), parts("", None, None));
    }

    #[test]
    fn the_last_action_counts() {
        assert_eq!(
            texts("FastCGI sent in stderr: \"died while reading\" while reading upstream"),
            parts(
                "FastCGI sent in stderr: \"died while reading\"",
                None,
                Some("reading upstream")
            )
        );
    }

    #[test]
    fn a_sentence_is_no_action() {
        let sentence = "cycle while processing \"/while connecting to upstream\"";
        assert_eq!(texts(sentence), parts(sentence, None, None));
        let forged = "connect() failed (111: x) while connecting to upstream\" failed (2: y)";
        let (message, errno, action) = texts(forged);
        assert_eq!(
            message,
            "connect() failed (111: x) while connecting to upstream\" failed"
        );
        assert_eq!((errno, action), (Some(2), None));
    }

    #[test]
    fn a_wrapped_action_is_one() {
        assert_eq!(
            texts("upstream timed out (110: Connection timed out) while\nconnecting to \nupstream"),
            parts(
                "upstream timed out",
                Some(110),
                Some("connecting to \nupstream")
            )
        );
    }
}
