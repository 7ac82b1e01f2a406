use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::class::Class;
use super::words::on_one_line;

/// The class of a `FastCGI sent in stderr: "…` record: that of the gravest message in it.
///
/// PHP-FPM joins what a script wrote during one read into one record: `PHP message: A; PHP message:
/// B`, or one per line (`sapi/fpm/fpm/fpm_main.c`, `sapi_cgi_log_fastcgi`). Each message is judged by
/// how it begins.
pub(super) fn class(text: &[u8]) -> Class {
    let class = gravest(text);
    if class != Class::AppStderr || memchr::memchr(b'\n', text).is_none() {
        return class;
    }
    // Whoever quotes a record breaks its lines anywhere.
    gravest(&on_one_line(text))
}

fn gravest(text: &[u8]) -> Class {
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

/// Building a searcher costs more than searching a record with it.
static PHP: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("PHP "));

/// The messages in the text: it begins with one, and each later one stands behind `; `, on a line of
/// its own, or right behind the one before (PHP-FPM before 7.3 drops the line's end). syslog daemons
/// write `#012` for that.
fn messages(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let later = PHP.find_iter(text).filter(|&at| {
        let before = &text[..at];
        let is_line = before.ends_with(b"\n") || before.ends_with(b"#012");
        let ends_message =
            |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b':' | b')' | b'}' | b'.');
        let is_apart = before.ends_with(b"; ")
            || before.last().is_some_and(ends_message)
            || is_line_number(before);
        is_line || (is_apart && text[at..].starts_with(PHP_MESSAGE))
    });
    std::iter::once(0).chain(later).map(|at| {
        let message = text[at..].trim_ascii_start();
        message.strip_prefix(PHP_MESSAGE).unwrap_or(message)
    })
}

/// Whether a text ends in ` on line 5 `: a message whose line end became a blank.
fn is_line_number(text: &[u8]) -> bool {
    let Some(text) = text.strip_suffix(b" ") else {
        return false;
    };
    let digits = text.iter().rev().take_while(|byte| byte.is_ascii_digit());
    let digits = digits.count();
    digits > 0 && text[..text.len() - digits].ends_with(b" on line ")
}

/// Whether PHP-FPM's own last word is that it cannot open the script; it puts that behind the
/// warnings of the attempt.
fn is_script_unreadable(text: &[u8]) -> bool {
    text.ends_with(b")\"")
        && memchr::memmem::find(text, b"; Unable to open primary script: ").is_some()
}

/// How messages begin, from PHP's `main/main.c` (`php_error_cb`) and PHP-FPM's `fpm_main.c`. `PHP `
/// stands in front of the former if PHP logs, and is missing if it displays.
const STARTS: [(&str, Class); 17] = [
    ("Fatal error: ", Class::AppFatal),
    ("Parse error: ", Class::AppFatal),
    ("Recoverable fatal error: ", Class::AppFatal),
    ("Catchable fatal error: ", Class::AppFatal),
    ("Core error: ", Class::AppFatal),
    ("Compile error: ", Class::AppFatal),
    ("Uncaught ", Class::AppFatal),
    ("Warning: ", Class::AppWarning),
    ("Notice: ", Class::AppWarning),
    ("Deprecated: ", Class::AppWarning),
    ("Strict Standards: ", Class::AppWarning),
    ("Core warning: ", Class::AppWarning),
    ("Compile warning: ", Class::AppWarning),
    ("Primary script unknown", Class::ScriptNotFound),
    ("Unable to open primary script: ", Class::ScriptNotFound),
    ("No input file specified", Class::ScriptNotFound),
    ("Access to the script '", Class::ScriptDenied),
];

/// So long is the longest of these beginnings.
const LONGEST_START: usize = 32;

/// The class of a message by its beginning, whatever white space is between its words: whoever quotes a record may break
/// its lines.
fn class_of(message: &[u8]) -> Class {
    let message = message.strip_prefix(b"PHP ").unwrap_or(message);
    let blank_for = |byte: u8| if byte == b'\n' { b' ' } else { byte };
    let mut first = [0; LONGEST_START];
    let places = first.iter_mut().zip(message);
    places.for_each(|(place, &byte)| *place = blank_for(byte));
    STARTS
        .iter()
        .find(|(start, _)| first.starts_with(start.as_bytes()))
        .map_or_else(|| class_of_logger(message), |&(_, class)| class)
}

/// Frameworks catch exceptions and log them themselves: `[critical] Uncaught PHP Exception …`,
/// `[2026-11-01T09:15:02] request.CRITICAL: Uncaught PHP Exception …` (Symfony, Monolog).
fn class_of_logger(message: &[u8]) -> Class {
    let mut rest = message;
    while let Some(inner) = rest.strip_prefix(b"[")
        && let Some(close) = memchr::memchr(b']', &inner[..inner.len().min(LONGEST_LABEL)])
    {
        rest = inner[close + 1..].trim_ascii_start();
    }
    let colon = memchr::memmem::find(&rest[..rest.len().min(LONGEST_LABEL)], b": ");
    let label = colon
        .map(|at| &rest[..at])
        .filter(|label| !label.contains(&b' '));
    if let Some(label) = label {
        rest = &rest[label.len() + 2..];
    }
    match rest.starts_with(b"Uncaught ") {
        true => Class::AppFatal,
        false => Class::AppStderr,
    }
}

/// Longer than a time or a channel's name.
const LONGEST_LABEL: usize = 64;

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
            (
                "PHP message: PHP Warning:  a#012PHP message: PHP Fatal error:  b",
                Class::AppFatal,
            ),
            ("PHP Notice:  a\nPHP Fatal error:  b", Class::AppFatal),
            (
                "PHP message: PHP Warning:  a on line 3PHP message: PHP Fatal error:  b",
                Class::AppFatal,
            ),
            ("\nFatal error: a", Class::AppFatal),
            ("Primary\nscript unknown", Class::ScriptNotFound),
            (
                "PHP message: [critical] Uncaught PHP Exception A: \"b\" at c",
                Class::AppFatal,
            ),
            (
                "PHP message: [2026-11-01T09:15:02] request.CRITICAL: Uncaught PHP Exception A",
                Class::AppFatal,
            ),
            (
                "PHP message: [info] user wrote: Uncaught Exception",
                Class::AppStderr,
            ),
        ] {
            assert_eq!(class(text.as_bytes()), expected, "{text}");
        }
    }
}
