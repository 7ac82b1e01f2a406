//! The end of Lua code in braces, as lua-nginx-module finds it (`src/ngx_http_lua_lex.c`).

/// Behind which byte the block ends that was opened just before `code`.
pub(super) fn end_of_block(code: &[u8]) -> Option<usize> {
    let mut depth = 1;
    let mut at = 0;
    loop {
        at += code[at..]
            .iter()
            .position(|byte| matches!(byte, b'{' | b'}' | b'"' | b'\'' | b'[' | b'-'))?;
        let rest = &code[at..];
        at += match rest {
            [b'-', b'-', ..] => match long_bracket(&rest[2..]) {
                Some(length) => 2 + length?,
                None => memchr::memchr(b'\n', rest)?,
            },
            [b'[', ..] => match long_bracket(rest) {
                Some(length) => length?,
                None => 1,
            },
            [quote @ (b'"' | b'\''), text @ ..] => 1 + quoted(*quote, text)?,
            [b'{', ..] => {
                depth += 1;
                1
            }
            [b'}', ..] => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
                1
            }
            _ => 1,
        };
    }
}

/// The length of `[[…]]` or `[=[…]=]` at the begin of `code`; `Some(None)` if it has no end.
fn long_bracket(code: &[u8]) -> Option<Option<usize>> {
    let code = code.strip_prefix(b"[")?;
    let level = code.iter().take_while(|&&byte| byte == b'=').count();
    let body = code[level..].strip_prefix(b"[")?;
    let end = [b"]", &code[..level], b"]"].concat();
    let length = memchr::memmem::find(body, &end);
    Some(length.map(|length| 2 + level + length + end.len()))
}

/// The length of a string behind its first quote, the last one included.
fn quoted(quote: u8, text: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr::memchr2(quote, b'\\', text.get(at..)?)?;
        if text[at] == quote {
            return Some(at + 1);
        }
        at += 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_in_strings_and_comments_are_no_braces() {
        for code in [
            " a {} {{ }} }",
            " -- don't }\n}",
            " --[[ } \n } ]] }",
            " --[==[ } ]] ]=] ]==] }",
            " a = '}' b = \"\\\"}\" }",
            " a = [[ } ' ]] b = [=[ }]] ]=] c[1] = d[d[1]] }",
            " a - b -- }\n }",
        ] {
            let whole = format!("{code} }} rest");
            assert_eq!(end_of_block(whole.as_bytes()), Some(code.len()), "{code}");
        }
        for code in ["", " {} ", " '} ", " [[ } ", " --[[ } ", " -- }", " '\\"] {
            assert_eq!(end_of_block(code.as_bytes()), None, "{code}");
        }
    }
}
