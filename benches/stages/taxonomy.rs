//! From a record to its class.

use std::collections::BTreeMap;

use badgateway::taxonomy::classify;
use divan::Bencher;
use divan::counter::ItemsCount;

use crate::logs::{SHARES, log};

/// Of each record that may concern an upstream.
#[divan::bench(args = SHARES)]
fn class(bencher: Bencher, share: f64) {
    let log = log(share);
    let records = log.candidates();
    let mut found: BTreeMap<String, u64> = BTreeMap::new();
    for verdict in records.iter().filter_map(classify) {
        *found.entry(verdict.class.name().to_string()).or_default() += 1;
    }
    assert_eq!(found.values().sum::<u64>(), log.written.events);
    for (&class, &count) in &log.written.events_by_class {
        assert_eq!(found.get(class), Some(&count), "{class}");
    }
    bencher
        .counter(ItemsCount::new(records.len()))
        .bench_local(|| records.iter().filter_map(classify).count());
}
