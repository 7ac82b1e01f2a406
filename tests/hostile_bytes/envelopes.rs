//! What programs put around a record changes nothing about it, whatever somebody else has put into it.

use badgateway::pool;
use badgateway::record::{Records, Splitter};
use badgateway::source::Start;
use badgateway::taxonomy::is_message;

use crate::forge::{Case, Place};
use crate::judge::judge;

/// How a program wraps a line.
type Wrap = fn(&str) -> String;

const WRAPS: [Wrap; 5] = [
    |line| format!("2026-11-01T09:15:02.123456789Z {line}\n"),
    |line| format!("2026-11-01T09:15:02.123456789Z stderr F {line}\n"),
    |line| format!("nginx-1  | {line}\n"),
    |line| {
        let log = serde_json::json!({
            "log": format!("{line}\n"), "stream": "stderr", "time": "2026-11-01T09:15:02.5Z",
        });
        format!("{log}\n")
    },
    |line| format!("[pod/web-1/nginx] 2026-11-01T09:15:02.5Z {line}\n"),
];

/// What tells an event from others, but for where it stands.
#[derive(Debug, PartialEq, Eq)]
struct Told {
    class: String,
    pool: Vec<u8>,
    client: Option<Vec<u8>>,
    server: Option<Vec<u8>>,
}

fn events(records: &Records<'_>) -> Vec<Told> {
    let spans = records.spans().iter();
    let records = spans.filter_map(|span| records.read(span, 0));
    let told = |record: badgateway::record::Record<'_>| {
        let verdict = judge(&record)?;
        Some(Told {
            class: verdict.class.to_string(),
            pool: pool::name(verdict.pool, verdict.peer).to_vec(),
            client: record.tail.client.map(<[u8]>::to_vec),
            server: record.tail.server.map(<[u8]>::to_vec),
        })
    };
    records.filter_map(told).collect()
}

/// The first byte says which program wraps the log, the second where the text stands that the others are.
pub fn check(bytes: &[u8]) {
    let [wrap, place, text @ ..] = bytes else {
        return;
    };
    let place = Place::ALL[usize::from(*place) % Place::ALL.len()];
    let Some(case) = Case::new(place, text) else {
        return;
    };
    // JSON cannot hold other bytes.
    let Ok(log) = str::from_utf8(&case.log) else {
        return;
    };
    let wrap = WRAPS[usize::from(*wrap) % WRAPS.len()];
    let wrapped: String = log.lines().map(wrap).collect();
    let mut splitter = Splitter::knowing(is_message);
    let plain = events(&splitter.split(log.as_bytes(), Start::Input, true));
    let unwrapped = events(&splitter.split(wrapped.as_bytes(), Start::Input, true));
    assert_eq!(plain, unwrapped, "\n{log}\n{wrapped}");
}
