//! The slow, obvious reader that the fast one is checked against.
//!
//! One pass over a plain log (no syslog, Docker or other envelopes), plain regexes, owned values. It follows NGINX
//! 1.31.5: `src/core/ngx_log.c:94-178` writes time, level, ids, message and errno; ` while ACTION` and the context come
//! from `src/http/ngx_http_request.c:4132-4235`, `src/stream/ngx_stream_handler.c`, `src/stream/ngx_stream_proxy_module.c`
//! and `src/mail/ngx_mail_handler.c` (their `*_log_error` functions). Pools are named without any configuration.

/// Patterns on bytes, in which `.` matches line feeds too.
macro_rules! patterns {
    ($($visible:vis $name:ident = $pattern:expr;)*) => {
        $($visible static $name: std::sync::LazyLock<regex::bytes::Regex> = std::sync::LazyLock::new(|| {
            regex::bytes::Regex::new(&format!("(?s-u){}", $pattern)).unwrap()
        });)*
    };
}

mod classes;
mod errno;
mod fields;
mod parts;
mod peers;
mod records;
#[cfg(test)]
mod tests;

use classes::{classify, kind_and_status, phase};
use errno::os_error;
use parts::split;
use peers::target;
use records::{BEGIN, STDERR, is_cut, record_end};

/// One event, every field as text; `None` is null.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the columns' names")]
pub struct Event {
    pub time: String,
    pub level: Option<String>,
    pub pid: Option<i64>,
    pub tid: Option<i64>,
    pub connection: Option<i64>,
    pub class: String,
    pub kind: String,
    pub phase: Option<String>,
    pub os_error: Option<String>,
    pub status: Option<i32>,
    pub scheme: Option<String>,
    pub peer: Option<String>,
    pub pool: String,
    pub upstream: Option<Vec<u8>>,
    pub server: Option<Vec<u8>>,
    pub client: Option<Vec<u8>>,
    pub request: Option<Vec<u8>>,
    pub host_header: Option<Vec<u8>>,
    pub referrer: Option<Vec<u8>>,
    pub message: Vec<u8>,
    pub action: Option<Vec<u8>>,
    pub offset: u64,
}

/// What a whole log holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// All lines, an unterminated last one included.
    pub lines: u64,
    /// All records, events or not; a forged line is part of the record it was smuggled in with.
    pub records: u64,
    /// Lines before the first record.
    pub stray_lines: u64,
    /// The events, in the order of the log.
    pub events: Vec<Event>,
}

/// Reads a whole log.
pub fn read(log: &[u8]) -> Reading {
    let mut reading = Reading::default();
    let mut begins = Vec::new();
    let mut offset = 0;
    for line in log.split_inclusive(|&byte| byte == b'\n') {
        reading.lines += 1;
        if BEGIN.is_match(line) {
            begins.push(offset);
        } else if begins.is_empty() {
            reading.stray_lines += 1;
        }
        offset += line.len();
    }
    let mut read_to = 0;
    for (number, &begin) in begins.iter().enumerate() {
        if begin < read_to {
            continue; // a forged line, part of the record before
        }
        read_to = record_end(log, begin, &begins[number + 1..]);
        reading.records += 1;
        reading
            .events
            .extend(event(&log[begin..read_to], begin as u64));
    }
    reading
}

fn event(record: &[u8], offset: u64) -> Option<Event> {
    let mut text = record;
    while let [rest @ .., b'\n' | b'\r'] = text {
        text = rest;
    }
    let head = BEGIN.captures(text)?;
    let number = |group| {
        head.get(group)
            .and_then(|m| string(m.as_bytes()).parse().ok())
    };
    let level = string(&head[1]);
    let parts = split(&level, &text[head[0].len()..]);
    let class = classify(&parts)?;
    let (scheme, peer, pool) = target(&parts, class);
    let phase = match class {
        "resolve_failed" | "resolve_timeout" | "resolver_missing" => Some("resolve"),
        "host_not_found" | "upstream_misconfigured" => Some("config"),
        _ => phase(parts.action),
    };
    // A record that was cut before its context does not tell its protocol: it counts as HTTP.
    let is_http = parts.fields.request.is_some()
        || scheme.is_some()
        || STDERR.is_match(parts.message)
        || (parts.fields.client.is_none() && is_cut(record));
    let (kind, mut status) = kind_and_status(class);
    if status == Some(504) && !parts.message.starts_with(b"upstream timed out") {
        status = Some(502); // the system gave up, not NGINX's timer
    }
    // Measured on a real NGINX: what its source does where the table knows one status only.
    // The request goes on, from any address.
    if parts.message.starts_with(b"invalid local address ") {
        status = None;
    }
    if parts.message.starts_with(b"bind(") {
        status = Some(500);
    }
    if parts.message.ends_with(b"(Permission denied)\"") && class == "script_not_found" {
        status = Some(403);
    }
    let is_answered = parts.message == b"upstream sent no valid HTTP/1.0 header"
        || parts.message.ends_with(b" slice response")
        || parts.fields.has_subrequest
        || parts
            .action
            .is_some_and(|action| action.ends_with(b"to client"))
        || matches!(phase, Some("body" | "session"));
    let owned = |field: Option<&[u8]>| field.map(<[u8]>::to_vec);
    Some(Event {
        time: string(&text[..19]).replace('/', "-").replace(' ', "T"),
        pid: number(2),
        tid: number(3),
        connection: number(4),
        class: class.to_owned(),
        kind: kind.to_owned(),
        status: status.filter(|_| is_http && !is_answered),
        phase: phase.map(str::to_owned),
        os_error: os_error(&parts),
        scheme,
        peer,
        pool,
        upstream: owned(parts.fields.upstream),
        server: owned(parts.fields.server),
        client: owned(parts.fields.client),
        request: owned(parts.fields.request),
        host_header: owned(parts.fields.host),
        referrer: owned(parts.fields.referrer),
        message: parts.message.to_vec(),
        action: owned(parts.action),
        offset,
        level: Some(level),
    })
}

fn string(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
