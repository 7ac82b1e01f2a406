//! From a path to events, on one core: all that is done before something is counted.

use badgateway::record::Zone;
use badgateway::rollup::{Count, Event};
use badgateway::scan::Scan;
use divan::Bencher;
use rayon::ThreadPoolBuilder;

use crate::logs::{SHARES, log};

#[derive(Default)]
struct Events(u64);

impl Count for Events {
    fn add(&mut self, _: &Event<'_>) {
        self.0 += 1;
    }

    fn merge(&mut self, other: Self) {
        self.0 += other.0;
    }
}

#[divan::bench(args = SHARES)]
fn events(bencher: Bencher, share: f64) {
    let log = log(share);
    let scan = Scan {
        zone: "UTC".parse::<Zone>().expect("a zone"),
        ..Scan::new(vec![log.plain()])
    };
    let thread = ThreadPoolBuilder::new().num_threads(1).build();
    let thread = thread.expect("a thread");
    let work = || thread.install(|| scan.count(Events::default).value.0);
    assert_eq!(work(), log.written.events);
    bencher.counter(log.count()).bench_local(work);
}
