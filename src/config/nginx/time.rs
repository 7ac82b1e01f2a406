/// A time as NGINX writes it, `60`, `60s`, `1m 30s`, `500ms`, in milliseconds (`ngx_parse_time`, nginx
/// `src/core/ngx_parse.c`): units from the largest to the smallest, seconds where there is none.
///
/// ```
/// use badgateway::config::nginx::milliseconds;
/// assert_eq!(milliseconds("1m 30s"), Some(90_000));
/// assert_eq!(milliseconds("30s 1m"), None);
/// ```
pub fn milliseconds(text: &str) -> Option<u64> {
    const UNITS: [(&str, u64); 8] = [
        ("y", 31_536_000_000),
        ("M", 2_592_000_000),
        ("w", 604_800_000),
        ("d", 86_400_000),
        ("h", 3_600_000),
        ("m", 60_000),
        ("s", 1_000),
        ("ms", 1),
    ];
    let mut rest = text;
    let mut total: u64 = 0;
    let mut next = 0;
    loop {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: u64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let unit = match &rest[..letters] {
            "" => "s",
            unit => unit,
        };
        let at = next + UNITS[next..].iter().position(|(name, _)| *name == unit)?;
        total = total.checked_add(number.checked_mul(UNITS[at].1)?)?;
        next = at + 1;
        let is_last = letters == 0;
        rest = rest[letters..].trim_start_matches(' ');
        if rest.is_empty() {
            return Some(total);
        }
        if is_last {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_nginx_reads_them() {
        for (text, expected) in [
            ("60", Some(60_000)),
            ("60s", Some(60_000)),
            ("1m 30s", Some(90_000)),
            ("1m30s", Some(90_000)),
            ("1h30", Some(3_630_000)),
            ("500ms", Some(500)),
            ("1s 500ms", Some(1_500)),
            ("1d", Some(86_400_000)),
            ("1M", Some(2_592_000_000)),
            ("0", Some(0)),
            ("", None),
            ("s", None),
            ("1x", None),
            ("30s 1m", None),
            ("1s 1s", None),
            ("30 1m", None),
            ("-1", None),
            ("off", None),
            ("99999999999999999999", None),
            ("9999999999999999y", None),
        ] {
            assert_eq!(milliseconds(text), expected, "{text}");
        }
    }
}
