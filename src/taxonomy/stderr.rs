use super::class::Class;

/// The class of a `FastCGI sent in stderr: "…` record: that of the gravest message in it.
///
/// PHP-FPM joins what a script wrote during one read into one record: `PHP message: A; PHP message:
/// B`, or one per line (`sapi/fpm/fpm/fpm_main.c`, `sapi_cgi_log_fastcgi`). Each message is judged by
/// how it begins.
pub(super) fn class(text: &[u8]) -> Class {
    messages(text)
        .map(class_of)
        .chain(is_script_unreadable(text).then_some(Class::ScriptNotFound))
        .min_by_key(|class| rank(*class))
        .unwrap_or(Class::AppStderr)
}

/// Gravest first.
fn rank(class: Class) -> u8 {
    match class {
        Class::AppFatal => 0,
        Class::ScriptNotFound => 1,
        Class::ScriptDenied => 2,
        Class::AppWarning => 3,
        _ => 4,
    }
}

const PHP_MESSAGE: &[u8] = b"PHP message: ";

/// The messages in the text: it begins with one, and each later one stands behind `; ` or on a line
/// of its own.
fn messages(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let later = memchr::memmem::find_iter(text, PHP_MESSAGE)
        .filter(|&at| text[..at].ends_with(b"; ") || text[..at].ends_with(b"\n"));
    std::iter::once(0).chain(later).map(|at| {
        let message = &text[at..];
        message.strip_prefix(PHP_MESSAGE).unwrap_or(message)
    })
}

/// Whether PHP-FPM's own last word is that it cannot open the script; it puts that behind the
/// warnings of the attempt.
fn is_script_unreadable(text: &[u8]) -> bool {
    text.ends_with(b")\"")
        && memchr::memmem::find(text, b"; Unable to open primary script: ").is_some()
}

/// How messages begin, from PHP's `main/main.c` (`php_error_cb`) and PHP-FPM's `fpm_main.c`.
const STARTS: [(&str, Class); 17] = [
    ("PHP Fatal error: ", Class::AppFatal),
    ("PHP Parse error: ", Class::AppFatal),
    ("PHP Recoverable fatal error: ", Class::AppFatal),
    ("PHP Catchable fatal error: ", Class::AppFatal),
    ("PHP Core error: ", Class::AppFatal),
    ("PHP Compile error: ", Class::AppFatal),
    ("Uncaught ", Class::AppFatal),
    ("PHP Warning: ", Class::AppWarning),
    ("PHP Notice: ", Class::AppWarning),
    ("PHP Deprecated: ", Class::AppWarning),
    ("PHP Strict Standards: ", Class::AppWarning),
    ("PHP Core warning: ", Class::AppWarning),
    ("PHP Compile warning: ", Class::AppWarning),
    ("Primary script unknown", Class::ScriptNotFound),
    ("Unable to open primary script: ", Class::ScriptNotFound),
    ("No input file specified", Class::ScriptNotFound),
    ("Access to the script '", Class::ScriptDenied),
];

fn class_of(message: &[u8]) -> Class {
    // PHP writes `PHP Warning:  text` with two spaces, PHP-FPM's own lines have no prefix.
    STARTS
        .iter()
        .find(|(start, _)| message.starts_with(start.as_bytes()))
        .map_or(Class::AppStderr, |&(_, class)| class)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gravest_message_counts() {
        for (text, expected) in [
            ("Primary script unknown", Class::ScriptNotFound),
            (
                "PHP message: PHP Warning:  a; PHP message: PHP Fatal error:  b",
                Class::AppFatal,
            ),
            (
                "PHP message: PHP Notice:  a\nPHP message: PHP Warning:  b",
                Class::AppWarning,
            ),
            ("PHP message: checkout: card refused", Class::AppStderr),
            (
                "PHP message: user wrote PHP Fatal error: x",
                Class::AppStderr,
            ),
            (
                "PHP message: user wrote PHP message: PHP Fatal error: x",
                Class::AppStderr,
            ),
            (
                "Access to the script '/a.txt' has been denied (see security.limit_extensions)",
                Class::ScriptDenied,
            ),
            (
                "PHP message: PHP Warning:  a; Unable to open primary script: /x.php (Permission denied)\"",
                Class::ScriptNotFound,
            ),
            ("", Class::AppStderr),
        ] {
            assert_eq!(class(text.as_bytes()), expected, "{text}");
        }
    }
}
