//! No bytes panic, and it does not matter where a log is cut: the first byte says about where, the rest
//! is the log.

#![no_main]

use badgateway::pool;
use badgateway::record::{Boundaries, Records, Splitter};
use badgateway::source::{Cut, Start};
use badgateway::taxonomy::{classify, is_message};
use libfuzzer_sys::fuzz_target;

/// Everything an event is told by.
type Told = (u64, String, String, Option<String>, Option<Vec<u8>>, Option<Vec<u8>>);

fn events(records: &Records<'_>, offset: u64) -> Vec<Told> {
    let records = records.spans().iter().filter_map(|span| records.read(span, offset));
    records
        .filter_map(|record| {
            let verdict = classify(&record)?;
            Some((
                record.offset,
                format!("{:?}", record.written),
                verdict.class.to_string(),
                record.host.map(|host| format!("{host:?}")),
                Some(pool::name(verdict.pool, verdict.peer).to_vec()),
                record.tail.client.map(<[u8]>::to_vec),
            ))
        })
        .collect()
}

fuzz_target!(|bytes: &[u8]| {
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
    let mut parts = Vec::new();
    parts.extend(events(&splitter.split(&log[..at], Start::Input, at == log.len()), 0));
    if at < log.len() {
        let rest = splitter.split(&log[at..], Start::Record, true);
        parts.extend(events(&rest, at as u64));
    }
    assert_eq!(whole, parts, "cut at {at}");
});
