//! From a path to what is shown: everything, on all cores.

use badgateway::record::Zone;
use badgateway::render::Ndjson;
use badgateway::rollup::{Row, Summary};
use badgateway::scan::Scan;
use badgateway::source::Input;
use divan::Bencher;

use crate::logs::{Log, SHARES, log, must_hold};
use crate::rollup::HOUR;

#[divan::bench(args = SHARES)]
fn plain(bencher: Bencher, share: f64) {
    summary(bencher, log(share), log(share).plain());
}

#[divan::bench(args = SHARES)]
fn packed(bencher: Bencher, share: f64) {
    summary(bencher, log(share), log(share).packed());
}

#[divan::bench(args = SHARES)]
fn ndjson(bencher: Bencher, share: f64) {
    let log = log(share);
    let scan = scan(log.plain());
    let work = || {
        let mut lines = 0;
        let outcome = scan.events::<Ndjson>(|bytes| {
            lines += memchr::memchr_iter(b'\n', bytes).count() as u64;
            Ok(())
        });
        outcome.expect("nothing is written");
        lines
    };
    assert_eq!(work(), log.written.events);
    bencher.counter(log.count()).bench_local(work);
}

fn summary(bencher: Bencher, log: &Log, input: Input) {
    let scan = scan(input);
    let work = || {
        let outcome = scan.rollup(HOUR);
        let rows: Vec<Row> = outcome.value.into_rows();
        let summary = Summary::new(&rows, outcome.intake);
        (rows, summary)
    };
    must_hold(&work().0, &log.written);
    bencher.counter(log.count()).bench_local(work);
}

fn scan(input: Input) -> Scan {
    Scan {
        zone: "UTC".parse::<Zone>().expect("a zone"),
        ..Scan::new(vec![input])
    }
}
