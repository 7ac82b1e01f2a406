//! Where records begin and end, and where their context begins.

use regex::bytes::Regex;

/// NGINX cuts records here, line feed included (`src/core/ngx_log.h:79`); OpenResty's patch says 4,096.
const CUTS: [usize; 2] = [2048, 4096];
/// The shortest forged beginning of a record: a record with less room than this before the cut hides none.
const SHORTEST: usize = 40;
/// Every ` while …` that NGINX 1.31.5 sets (`grep 'action = "'`) begins with one of these words.
pub(super) const ACTION: &str = "(?:SSL|accepting|closing|connecting|in|initializing|keepalive|logging|passing|prereading|processing|\
                      proxying|reading|requesting|resolving|returning|sending|waiting)(?: [A-Za-z0-9/_. -]*)?";
/// Messages whose first words are the name of a system call and a path: `open() "/path" failed (2: …)`.
pub(super) const FILE_CALL: &str = r#"[a-z0-9_]+\(\) ""#;

patterns! {
    pub(super) BEGIN = r"^\d{4}/(?:0[1-9]|1[0-2])/(?:0[1-9]|[12]\d|3[01]) (?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d \[(emerg|alert|crit|error|warn|notice|info|debug)\] (?:(\d+)#(\d+): )?(?:\*(\d+) )?";
    pub(super) STDERR = r#"^FastCGI sent in stderr: ""#;
    STDERR_END = r#"" while (?:reading|sending)[a-z ]*(, client: )"#;
    SENT = "^upstream sent ";
    SENT_END = format!(" while {ACTION}(, client: )");
    pub(super) FILE = format!("^{FILE_CALL}");
    FILE_END = format!(r#"(?:(?:" failed|\.\.\.) \(\d+: [^"]*?\)|" has [a-z ]*\d+ of \d+)(?: while {ACTION})?(, client: )"#);
    CONTEXT = "(, (?:udp )?client: )";
    QUOTED_END = r#""[^"\n]*(, (?:udp )?client: )"#;
    TIMER = ", context: ngx\\.timer";
}

/// The end of the record that begins at `begin`; `begins` holds the later lines that look like beginnings.
///
/// A record ends where the next begins, except one that breaks off: NGINX has not yet written its context, so what
/// follows came from a client (`%0A` in a URL) or an application, however much it looks like records. It ends with the
/// line that closes the message and brings the context, or, without one, where NGINX cuts.
pub(super) fn record_end(log: &[u8], begin: usize, begins: &[usize]) -> usize {
    let next_begin = |from: usize| {
        begins
            .iter()
            .copied()
            .find(|&b| b >= from)
            .unwrap_or(log.len())
    };
    let end = next_begin(begin + 1);
    let Some(closing) = breaks_off(&log[begin..end]) else {
        return end;
    };
    for cut in CUTS {
        let limit = log.len().min(begin + cut);
        let mut line_begin = end;
        for line in log[end..limit.max(end)].split_inclusive(|&byte| byte == b'\n') {
            line_begin += line.len();
            let whole = line.ends_with(b"\n") || line_begin == log.len();
            if whole && closing.is_match(line) {
                return next_begin(line_begin);
            }
        }
        if limit == begin + cut && log[limit - 1] == b'\n' {
            return next_begin(limit);
        }
    }
    end
}

/// Whether NGINX cut this record.
pub(super) fn is_cut(record: &[u8]) -> bool {
    CUTS.iter().any(|&cut| record.get(cut - 1) == Some(&b'\n'))
}

/// Whether a record stops within a quotation, before its context and far from the cut; if so, what would close it.
fn breaks_off(text: &[u8]) -> Option<&'static Regex> {
    let head = BEGIN.captures(text)?;
    let message = &text[head[0].len()..];
    let whole = context_start(message).is_some()
        || TIMER.is_match(message)
        || text.len() > CUTS[0] - SHORTEST;
    if whole || &head[1] == b"debug" || head.get(4).is_none() || !message.contains(&b'"') {
        return None; // (debug records never have a context)
    }
    Some(if STDERR.is_match(message) {
        &STDERR_END
    } else if FILE.is_match(message) {
        &FILE_END
    } else {
        &QUOTED_END
    })
}

/// Where the context begins: at the first `, client: ` that the text before it cannot hold itself.
pub(super) fn context_start(message: &[u8]) -> Option<usize> {
    let first = |regex: &Regex| {
        regex
            .captures(message)
            .map(|found| found.get(1).unwrap().start())
    };
    if let Some(opening) = STDERR.find(message) {
        // The opening quote is not the closing one.
        let found = STDERR_END.captures(&message[opening.end()..]);
        found.map(|found| opening.end() + found.get(1).unwrap().start())
    } else if FILE.is_match(message) {
        first(&FILE_END)
    } else if SENT.is_match(message) {
        first(&SENT_END)
    } else {
        first(&CONTEXT)
    }
}
