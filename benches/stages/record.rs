//! From a chunk to its records.

use badgateway::record::Splitter;
use badgateway::source::Start;
use badgateway::taxonomy::is_message;
use divan::Bencher;

use crate::logs::{SHARES, log};

/// Where records begin and end.
#[divan::bench(args = SHARES)]
fn split(bencher: Bencher, share: f64) {
    let log = log(share);
    let mut splitter = Splitter::knowing(is_message);
    let mut work = || {
        let records = splitter.split(&log.bytes, Start::Input, true);
        (records.lines, records.spans().len() as u64)
    };
    assert_eq!(work(), (log.written.lines, log.written.records));
    bencher.counter(log.count()).bench_local(work);
}

/// All fields of all records.
#[divan::bench(args = SHARES)]
fn read(bencher: Bencher, share: f64) {
    let log = log(share);
    let mut splitter = Splitter::knowing(is_message);
    let records = splitter.split(&log.bytes, Start::Input, true);
    let work = || {
        let read = records.spans().iter();
        let read = read.filter_map(|span| records.read(span, 0));
        read.fold((0, 0), |(count, messages), record| {
            (
                count + 1,
                messages + record.message.len() + usize::from(record.tail.client.is_some()),
            )
        })
    };
    assert_eq!(work().0, log.written.records);
    bencher.counter(log.count()).bench_local(work);
}
