use super::Errno;

/// What ends a text before the tail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The tail.
    Tail,
    /// NGINX cut it, perhaps in the middle of what a client sent.
    Cut,
    /// NGINX had no more to say, or somebody quoted it in part.
    Quoted,
}

/// Takes the text before the tail apart: message, errno, action.
///
/// NGINX appends ` (errno: text)` and then ` while action` to a message, so both are read from the
/// right: a message may hold whatever a client or an application sent.
pub(super) fn split(text: &[u8], end: End) -> (&[u8], Option<Errno<'_>>, Option<&[u8]>) {
    let text = if end == End::Quoted {
        without_dots(text)
    } else {
        text
    };
    let (text, action) = match action(text, end != End::Cut) {
        Some((before, action)) if end == End::Tail || begins_known(action) => {
            (before, Some(action))
        }
        _ => (text.trim_ascii_end(), None),
    };
    let errno = Errno::at_end_of(text).or_else(|| {
        let is_cut = end == End::Quoted && action.is_none();
        is_cut.then(|| Errno::cut_at_end_of(text)).flatten()
    });
    match errno {
        Some((message, errno)) => (message, Some(errno), action),
        None => (text, None, action),
    }
}

/// A text without the dots or the comma that its quotation ends with.
fn without_dots(text: &[u8]) -> &[u8] {
    let is_kept = |byte: &u8| !(byte.is_ascii_whitespace() || matches!(byte, b'.' | b','));
    let end = text.iter().rposition(is_kept).map_or(0, |at| at + 1);
    &text[..end]
}

/// No action of NGINX or a module we know of is longer.
const LONGEST_ACTION: usize = 80;

/// The text before an action, and the action; more may stand behind it if `may_say_more`.
fn action(text: &[u8], may_say_more: bool) -> Option<(&[u8], &[u8])> {
    let end = text.trim_ascii_end().len();
    let from = end.saturating_sub(LONGEST_ACTION + WHILE.len() + 2);
    // `while` from the right: its `w` is rare enough that looking for that byte is all it takes.
    let at = memchr::memrchr_iter(b'w', &text[from..end])
        .map(|at| from + at)
        .find(|&at| text[at..end].starts_with(WHILE) && is_blank(text, at.checked_sub(1)))?;
    let after = &text[at + WHILE.len()..end];
    let action = after.trim_ascii_start();
    // ` whilest`, or a sentence that merely contains the word: an action is words alone.
    if action.len() == after.len() || action.is_empty() {
        return None;
    }
    let is_of_words = |byte: &u8| {
        byte.is_ascii_alphanumeric()
            || matches!(byte, b' ' | b'/' | b'\n' | b'\r' | b'-' | b'_' | b'.')
    };
    let words = action.iter().take_while(|byte| is_of_words(byte)).count();
    // Somebody put the peer behind it, without a comma.
    let upstream = memchr::memmem::find(&action[..words], b" upstream ").filter(|_| may_say_more);
    let words = upstream.map_or(words, |at| at + b" upstream".len());
    let (action, behind) = action.split_at(words);
    // A module may say more in brackets, a quotation may end in the middle of the tail. What a client
    // sent stands in quotes.
    let is_whole = behind.is_empty()
        || (may_say_more
            && action.ends_with(b"upstream")
            && memchr::memchr(b'"', behind).is_none());
    let blanks = (0..at)
        .rev()
        .take_while(|&at| is_blank(text, Some(at)))
        .count();
    is_whole.then(|| (&text[..at - blanks], action))
}

/// A space, or the line's end that somebody's editor put there.
fn is_blank(text: &[u8], at: Option<usize>) -> bool {
    at.is_some_and(|at| matches!(text[at], b' ' | b'\n' | b'\r'))
}

/// Whether an action begins with a word with which NGINX's do (`log->action` all over its source).
fn begins_known(action: &[u8]) -> bool {
    const WORDS: [&[u8]; 17] = [
        b"SSL",
        b"accepting",
        b"closing",
        b"connecting",
        b"in",
        b"initializing",
        b"keepalive",
        b"logging",
        b"passing",
        b"prereading",
        b"processing",
        b"proxying",
        b"reading",
        b"requesting",
        b"resolving",
        b"sending",
        b"waiting",
    ];
    let word = action.split(u8::is_ascii_whitespace).next();
    word.is_some_and(|word| WORDS.contains(&word))
}

const WHILE: &[u8] = b"while";

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> (String, Option<u32>, Option<String>) {
        let (message, errno, action) = split(text.as_bytes(), End::Tail);
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
    fn a_cut_action_is_none() {
        assert_eq!(
            split(b"x while re", End::Cut),
            (b"x while re".as_slice(), None, None)
        );
        assert_eq!(
            split(b"x while reading upstream", End::Cut).2,
            Some(b"reading upstream".as_slice())
        );
    }

    #[test]
    fn a_quotation_may_end_anywhere() {
        for text in [
            "no live upstreams while connecting to upstream. ...",
            "no live upstreams while connecting to upstream,",
            "no live upstreams while connecting to upstream, client:",
            "no live upstreams while connecting to upstream(x)",
        ] {
            let (message, _, action) = split(text.as_bytes(), End::Quoted);
            assert_eq!(message, b"no live upstreams", "{text}");
            assert_eq!(action, Some(b"connecting to upstream".as_slice()), "{text}");
        }
        let cut = b"open() \"/a while connecting to upstream, b";
        assert_eq!(split(cut, End::Cut).2, None);
        let (message, errno, _) = split(b"connect() failed (111: Connection ref", End::Quoted);
        assert_eq!(message, b"connect() failed");
        assert_eq!(errno.unwrap().number, 111);
        assert!(
            split(b"connect() failed (111: Connection ref", End::Cut)
                .1
                .is_none()
        );
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
