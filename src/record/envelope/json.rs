use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;

use crate::record::{Moment, Told};

use super::time;

/// A line of JSON around a record: Docker's json-file, `journalctl -o json`, and what shippers make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Json {
    /// The texts that may be the record, likeliest first.
    pub(super) texts: Vec<Vec<u8>>,
    pub(super) told: Option<Told>,
    pub(super) host: Option<String>,
    /// Lines of one stream can go on with each other.
    pub(super) stream: String,
    pub(super) partial: bool,
}

#[derive(Deserialize)]
struct Line {
    log: Option<Value>,
    #[serde(rename = "MESSAGE")]
    journal: Option<Value>,
    message: Option<Value>,
    msg: Option<Value>,
    #[serde(rename = "textPayload")]
    payload: Option<Value>,
    line: Option<Value>,

    time: Option<Value>,
    #[serde(rename = "@timestamp")]
    at_timestamp: Option<Value>,
    timestamp: Option<Value>,
    #[serde(rename = "__REALTIME_TIMESTAMP")]
    realtime: Option<Value>,

    #[serde(rename = "_HOSTNAME")]
    journal_host: Option<Value>,
    hostname: Option<Value>,
    host: Option<Value>,

    stream: Option<Value>,
    source: Option<Value>,
    container_name: Option<Value>,
    #[serde(rename = "_PID")]
    process: Option<Value>,
    #[serde(rename = "SYSLOG_IDENTIFIER")]
    identifier: Option<Value>,
    #[serde(alias = "_p")]
    logtag: Option<Value>,
}

impl Json {
    /// Reads a line that is one JSON object, and nothing else but a comma behind it.
    pub(super) fn read(line: &[u8]) -> Option<Self> {
        let object = without_comma(line);
        if !object.starts_with(b"{") || !object.ends_with(b"}") {
            return None;
        }
        // JSON is UTF-8; a program that copies what NGINX wrote may write something else.
        let object = String::from_utf8_lossy(object);
        let line: Line = serde_json::from_str(&object).ok()?;
        let texts = [
            &line.log,
            &line.journal,
            &line.message,
            &line.msg,
            &line.payload,
            &line.line,
        ];
        let texts: Vec<Vec<u8>> = texts.into_iter().flatten().filter_map(bytes).collect();
        let first = texts.first()?;
        let tag = line.logtag.as_ref().and_then(Value::as_str);
        let is_whole = first.ends_with(b"\n") || first.len() < DOCKER_CUT;
        let partial = tag.map_or(!is_whole, |tag| tag.starts_with('P'));
        let times = [line.realtime, line.time, line.at_timestamp, line.timestamp];
        let hosts = [line.journal_host, line.hostname, line.host];
        let streams = [
            line.stream,
            line.source,
            line.container_name,
            line.identifier,
            line.process,
        ];
        Some(Self {
            told: times.iter().flatten().find_map(told),
            host: hosts.iter().flatten().find_map(name),
            stream: streams.iter().flatten().fold(String::new(), |all, part| {
                all + part.as_str().unwrap_or_default() + "\n"
            }),
            partial,
            texts: texts
                .into_iter()
                .map(|mut text| {
                    let end = text.trim_ascii_end().len();
                    text.truncate(end);
                    text
                })
                .collect(),
        })
    }
}

/// The string in a line of JSON that is spread over lines: alone, or behind the name of a member that
/// holds a message.
pub(super) fn string(line: &[u8]) -> Option<Vec<u8>> {
    let line = without_comma(line);
    if !line.starts_with(b"\"") || !line.ends_with(b"\"") {
        return None;
    }
    let value = member(line).filter(|(name, _)| MESSAGES.contains(name));
    let value = value.map_or(line, |(_, value)| value);
    let string: String = serde_json::from_str(&String::from_utf8_lossy(value)).ok()?;
    Some(string.trim_end().as_bytes().to_vec())
}

/// Whether a line can be a part of JSON that is spread over lines: a bracket, or a member of an object.
pub(super) fn is_part(line: &[u8]) -> bool {
    let line = without_comma(line);
    let is_bracket = |byte: &u8| matches!(byte, b'{' | b'}' | b'[' | b']');
    line.iter().all(is_bracket) || member(line).is_some()
}

/// The name of a member, and its value.
fn member(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let line = line.strip_prefix(b"\"")?;
    let (name, value) = line.split_at(memchr::memchr(b'"', line)?);
    let value = value[1..].trim_ascii_start().strip_prefix(b":")?;
    Some((name, value.trim_ascii_start()))
}

/// A line without what separates it from the next one.
fn without_comma(line: &[u8]) -> &[u8] {
    let line = line.trim_ascii();
    line.strip_suffix(b",").unwrap_or(line)
}

/// What members are called that hold a message.
const MESSAGES: [&[u8]; 6] = [
    b"log",
    b"MESSAGE",
    b"message",
    b"msg",
    b"textPayload",
    b"line",
];

/// Docker breaks longer lines (`defaultBufSize`, `daemon/logger/copier.go`).
const DOCKER_CUT: usize = 16 * 1024;

/// A text, or the bytes of one: journald writes what is no text as numbers.
fn bytes(value: &Value) -> Option<Vec<u8>> {
    match value {
        Value::String(text) => Some(text.as_bytes().to_vec()),
        Value::Array(bytes) => bytes
            .iter()
            .map(|byte| u8::try_from(byte.as_u64()?).ok())
            .collect(),
        _ => None,
    }
}

/// `web1`, or `{"name": "web1"}`.
fn name(value: &Value) -> Option<String> {
    let name = value.as_str().or_else(|| value.get("name")?.as_str())?;
    Some(name.to_owned()).filter(|name| !name.is_empty())
}

/// A time as text, or as a number of seconds, milliseconds or microseconds.
fn told(value: &Value) -> Option<Told> {
    let text: Cow<'_, str> = match value {
        Value::String(text) => text.into(),
        Value::Number(number) => number.to_string().into(),
        _ => return None,
    };
    time::read(text.as_bytes()).map(|(told, _)| match told {
        // What a shipper writes without a zone is UTC.
        Told::Local(local) => Told::Exact(Moment(local.and_utc().timestamp_micros())),
        told => told,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_of_json() {
        for (line, expected) in [
            (r#"    "a \"b\"\n","#, Some("a \"b\"")),
            (r#"  "textPayload": "a b","#, Some("a b")),
            (r#"  "MESSAGE" : "a b""#, Some("a b")),
            (r#"  "other": "a b","#, None),
            (r#""a" "b""#, None),
            ("\"", None),
        ] {
            let found = string(line.as_bytes());
            assert_eq!(found.as_deref(), expected.map(str::as_bytes), "{line}");
        }
    }

    #[test]
    fn parts_of_json() {
        for line in ["{", "  },", "[", "]", r#"  "a": 1,"#, r#"  "a" : {"#] {
            assert!(is_part(line.as_bytes()), "{line}");
        }
        for line in ["{a", r#""a""#, r#""a" b: c"#, "[error] x"] {
            assert!(!is_part(line.as_bytes()), "{line}");
        }
    }

    #[test]
    fn shapes_of_json() {
        let read = |line: &str| Json::read(line.as_bytes()).unwrap();
        let docker =
            read(r#"{"log":"a \"b\"\u0041\n","stream":"stderr","time":"2026-11-01T09:15:02.5Z"}"#);
        assert_eq!(docker.texts, [b"a \"b\"A"]);
        assert!(!docker.partial);
        assert_eq!(
            docker.told,
            Some(Told::Exact(Moment(1_793_524_502_500_000)))
        );
        let journal = read(
            r#"{"MESSAGE":[97,255],"_HOSTNAME":"web1","__REALTIME_TIMESTAMP":"1793524502123456"}"#,
        );
        assert_eq!(journal.texts, [b"a\xff"]);
        assert_eq!(journal.host.as_deref(), Some("web1"));
        assert_eq!(
            journal.told,
            Some(Told::Exact(Moment(1_793_524_502_123_456)))
        );
        let elastic = read(r#"{"@timestamp":"x","message":"m","host":{"name":"web1"}},"#);
        assert_eq!(
            (elastic.host.as_deref(), elastic.told),
            (Some("web1"), None)
        );
        let long = format!(
            r#"{{"log":"{}","stream":"stderr"}}"#,
            "x".repeat(DOCKER_CUT)
        );
        assert!(read(&long).partial);
        assert!(read(r#"{"log":"x","logtag":"P"}"#).partial);
        for line in [
            "",
            "{",
            "{}",
            "[1]",
            r#"{"log":1}"#,
            r#"{"log":"x"} y"#,
            r#"{"log":[999]}"#,
        ] {
            assert_eq!(Json::read(line.as_bytes()), None, "{line}");
        }
    }
}
