use std::fmt;

use crate::render::Safe;

/// A stranger's text as a code span: in it nothing is a mark, a link, a mention or HTML.
pub(super) fn code(text: impl fmt::Display) -> String {
    let text = Safe(text).to_string();
    // There is no empty code span, and one of blanks is none to see.
    if text.trim().is_empty() {
        return "(empty)".to_owned();
    }
    let fence = "`".repeat(longest_run(&text) + 1);
    // A blank at both ends is taken off.
    let is_touching = text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']);
    let blank = if is_touching { " " } else { "" };
    format!("{fence}{blank}{text}{blank}{fence}")
}

/// The same in a table, where a bar would end the cell even in code. Behind a backslash it cannot be told in a way
/// that all readers of Markdown take alike: there it is an escape.
pub(super) fn cell(text: impl fmt::Display) -> String {
    let text = Safe(text).to_string().replace("\\|", "\\\\u{7c}");
    code(text).replace('|', "\\|")
}

/// A block of code.
pub(super) fn block(language: &str, text: &str) -> String {
    let fence = "`".repeat(longest_run(text).max(2) + 1);
    let lines: Vec<String> = text.lines().map(|line| Safe(line).to_string()).collect();
    format!("{fence}{language}\n{}\n{fence}\n", lines.join("\n"))
}

/// Our own words, in which code stands in single backticks: the rest is text and nothing else. What a forge would make a
/// link of although it is text is code.
pub(super) fn prose(text: &str) -> String {
    let text = text.trim();
    let parts: Vec<&str> = text.split('`').collect();
    let is_linked =
        |part: &&str| part.contains(['@', '#']) || part.contains("://") || part.contains("www.");
    let is_odd = parts.len().is_multiple_of(2) || parts.iter().step_by(2).any(is_linked);
    if is_odd {
        return code(text);
    }
    let mut prose = String::new();
    for (at, part) in parts.iter().enumerate() {
        if at % 2 == 1 {
            prose += &code(part);
            continue;
        }
        for letter in Safe(part).to_string().chars() {
            if "\\*_{}[]<>()|~&$!".contains(letter) {
                prose.push('\\');
            }
            prose.push(letter);
        }
    }
    prose
}

/// The longest run of backticks.
fn longest_run(text: &str) -> usize {
    let runs = text.split(|letter| letter != '`').map(str::len);
    runs.max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fence_is_longer_than_what_it_holds() {
        assert_eq!(code("shop"), "`shop`");
        assert_eq!(code("a`b``c"), "```a`b``c```");
        assert_eq!(code("`a"), "`` `a ``");
        assert_eq!(code(" a "), "`  a  `");
        assert_eq!(code("a\nb"), "`a\\nb`");
        assert_eq!(code(""), "(empty)");
        assert_eq!(cell("a|b"), "`a\\|b`");
        assert_eq!(cell("a\\|b"), "`a\\\\u{7c}b`");
        assert_eq!(block("sh", "echo ```"), "````sh\necho ```\n````\n");
    }

    #[test]
    fn in_prose_only_code_is_more_than_text() {
        assert_eq!(prose("runs `a_b` *now*"), "runs `a_b` \\*now\\*");
        assert_eq!(prose("ask @root"), "`ask @root`");
        assert_eq!(prose("an odd ` here"), "``an odd ` here``");
    }
}
