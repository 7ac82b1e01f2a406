//! Words for a shell. What a log or a configuration says may be a stranger's: in a command that a person
//! pastes it is one word and nothing else.

use std::ffi::OsStr;

use super::safe::is_shown_as_escape;

/// Whether it is one word, to a shell as to NGINX and PHP-FPM: letters, digits and what paths and addresses
/// have. The brackets of an IPv6 address are a pattern that meets no file.
pub fn is_word(text: &str) -> bool {
    is_plain(&text.replace(['[', ']'], ""))
}

/// The same without brackets. What a program would take for an option is not plain.
fn is_plain(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+:@".contains(&byte);
    !text.is_empty() && !text.starts_with('-') && text.bytes().all(is_plain)
}

/// One word. What a terminal would not show as it is stands in `$'…'`, which bash, zsh and POSIX since 2024
/// know; to others it is a name that does not exist.
///
/// ```
/// use badgateway::render::quoted;
/// assert_eq!(quoted("/run/php/shop.sock"), "/run/php/shop.sock");
/// assert_eq!(quoted("/srv/$(reboot)"), "'/srv/$(reboot)'");
/// ```
pub fn quoted(text: impl AsRef<OsStr>) -> String {
    let text = text.as_ref().to_string_lossy();
    if is_plain(&text) {
        return text.into_owned();
    }
    // A path that would be an option.
    let dot = if text.starts_with('-') { "./" } else { "" };
    if !text.contains(is_shown_as_escape) {
        return format!("'{dot}{}'", text.replace('\'', r"'\''"));
    }
    let mut word = format!("$'{dot}");
    for letter in text.chars() {
        match letter {
            '\'' | '\\' => word.extend(['\\', letter]),
            _ if is_shown_as_escape(letter) => {
                let mut bytes = [0; 4];
                let bytes = letter.encode_utf8(&mut bytes).bytes();
                word.extend(bytes.map(|byte| format!("\\{byte:03o}")));
            }
            _ => word.push(letter),
        }
    }
    word + "'"
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_shell_takes_any_text_for_one_word() {
        for text in [
            "/run/php/shop.sock",
            "/run/a b",
            "/run/'a' \"b\"",
            "/run/$(reboot)`reboot`${x}",
            "/run/a;b&c|d>e<f*g?h[i]{j,k}~!#",
            "/run/\\a\\",
            "/run/a\nb\r\tc",
            "/run/\u{1b}]0;x\u{7}'\\",
            "/run/\u{202e}\u{9b}é",
            "-rf",
            "~root",
            "",
        ] {
            let word = quoted(text);
            let output = Command::new("bash")
                .args(["-c", &format!("printf '%s|' {word}")])
                .output()
                .unwrap();
            let said = String::from_utf8(output.stdout).unwrap();
            assert_eq!(said.replacen("./-", "-", 1), format!("{text}|"), "{word}");
            assert!(!word.contains(is_shown_as_escape), "{word:?}");
            assert!(!word.starts_with('-'), "{word}");
        }
    }
}
