//! Arbitrary bytes: none panics, and it does not matter where a log is cut.

use badgateway::pool;
use badgateway::record::{Boundaries, Records, Splitter};
use badgateway::source::{Cut, Start};
use badgateway::taxonomy::is_message;

use crate::judge::judge;

/// What tells an event from others.
#[derive(Debug, PartialEq, Eq)]
struct Told {
    offset: u64,
    written: String,
    class: String,
    host: Option<Vec<u8>>,
    pool: Vec<u8>,
    client: Option<Vec<u8>>,
}

fn events(records: &Records<'_>, offset: u64) -> Vec<Told> {
    let spans = records.spans().iter();
    spans
        .filter_map(|span| records.read(span, offset))
        .filter_map(|record| {
            let verdict = judge(&record)?;
            Some(Told {
                offset: record.offset,
                written: format!("{:?}", record.written),
                class: verdict.class.to_string(),
                host: record.host.map(<[u8]>::to_vec),
                pool: pool::name(verdict.pool, verdict.peer).to_vec(),
                client: record.tail.client.map(<[u8]>::to_vec),
            })
        })
        .collect()
}

/// Reads a log whole and in two parts, and panics where the answers differ. The first byte says about
/// where it is cut, the others are the log.
pub fn check(bytes: &[u8]) {
    let Some((&target, log)) = bytes.split_first() else {
        return;
    };
    let mut splitter = Splitter::knowing(is_message);
    let records = splitter.split(log, Start::Input, true);
    let lines = log.split_inclusive(|&byte| byte == b'\n').count() as u64;
    assert_eq!(records.lines, lines);
    let whole = events(&records, 0);
    let target = log.len() * usize::from(target) / 256;
    let Some(at) = Boundaries.cut(log, target.max(1), true) else {
        return;
    };
    let first = splitter.split(&log[..at], Start::Input, at == log.len());
    let mut parts = events(&first, 0);
    if at < log.len() {
        let rest = splitter.split(&log[at..], Start::Record, true);
        parts.extend(events(&rest, at as u64));
    }
    assert_eq!(whole, parts, "cut at {at}");
}
