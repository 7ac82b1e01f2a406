//! From a path to chunks that begin at a record.

use badgateway::record::Boundaries;
use badgateway::source::{Access, Chunks, Input, Position, open};
use divan::Bencher;

use crate::logs::{Log, SHARES, log};

#[divan::bench(args = SHARES)]
fn map(bencher: Bencher, share: f64) {
    cut(bencher, log(share), &log(share).plain(), Access::Map);
}

#[divan::bench(args = SHARES)]
fn read(bencher: Bencher, share: f64) {
    cut(bencher, log(share), &log(share).plain(), Access::Read);
}

#[divan::bench(args = SHARES)]
fn decompress(bencher: Bencher, share: f64) {
    cut(bencher, log(share), &log(share).packed(), Access::Auto);
}

/// Chunks, one after the other, of which every page is looked at: a map brings nothing before.
fn cut(bencher: Bencher, log: &Log, input: &Input, access: Access) {
    let work = || {
        let source = open(input, access, Position::default()).expect("the log opens");
        Chunks::new(source, &Boundaries, 1 << 20).fold((0, 0), |(bytes, pages), chunk| {
            let chunk = chunk.expect("the log is whole");
            let page: u64 = chunk
                .iter()
                .step_by(4096)
                .map(|&byte| u64::from(byte))
                .sum();
            (bytes + chunk.len() as u64, pages + page)
        })
    };
    assert_eq!(work().0, log.written.bytes);
    bencher.counter(log.count()).bench(work);
}
