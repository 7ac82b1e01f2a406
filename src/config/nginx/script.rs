//! Texts with variables in them.

/// A stretch of a text.
pub(super) enum Part<'t> {
    Text(&'t str),
    Variable(&'t str),
}

/// Whether a text has variables.
pub(super) fn has_variables(text: &str) -> bool {
    parts(text).any(|part| matches!(part, Part::Variable(_)))
}

/// As `ngx_http_script_compile` cuts it (nginx `src/http/ngx_http_script.c`).
pub(super) fn parts(text: &str) -> impl Iterator<Item = Part<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (part, length) = match rest.strip_prefix('$') {
            None => {
                let end = rest.find('$').unwrap_or(rest.len());
                (Part::Text(&rest[..end]), end)
            }
            Some(behind) => match name(behind) {
                Some((name, length)) => (Part::Variable(name), 1 + length),
                None => (Part::Text("$"), 1),
            },
        };
        rest = &rest[length..];
        Some(part)
    })
}

/// The name behind a `$`, and how long it is as written.
fn name(behind: &str) -> Option<(&str, usize)> {
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    if let Some(braced) = behind.strip_prefix('{') {
        let end = braced.find('}').filter(|&end| end > 0)?;
        return Some((&braced[..end], end + 2));
    }
    let length = match behind.bytes().next()? {
        b'1'..=b'9' => 1,
        _ => behind.bytes().take_while(|byte| is_name(byte)).count(),
    };
    (length > 0).then(|| (&behind[..length], length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_found_where_nginx_finds_them() {
        for (text, expected) in [
            ("http://$a.b", "http:// $a .b"),
            ("${a}b$c_1-", "$a b $c_1 -"),
            ("$1redirect$12", "$1 redirect $1 2"),
            ("a$", "a $"),
            ("$$a ${} ${a", "$ $a   $ {}  $ {a"),
            ("plain", "plain"),
        ] {
            let found: Vec<String> = parts(text)
                .map(|part| match part {
                    Part::Text(text) => text.to_owned(),
                    Part::Variable(name) => format!("${name}"),
                })
                .collect();
            assert_eq!(found.join(" "), expected, "{text}");
        }
        assert!(has_variables("a$b") && !has_variables("a$"));
    }
}
