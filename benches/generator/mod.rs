//! A seeded generator of realistic NGINX error logs, for tests and benches.
//!
//! Records have the formats of NGINX 1.31.5: the beginning and the cut at 2,048 bytes from `src/core/ngx_log.c:94-178`,
//! the errno and the room kept for it from `:287-319`, contexts from the `*_log_error` functions of `http`, `stream` and
//! `mail`. A few pools, clients, servers and paths dominate; outages come and go; workers disagree about the second.
//! Only texts whose class is beyond doubt are written, so that [`Written::events_by_class`] is right by construction.
//!
//! Same settings, same bytes: the random numbers come from an algorithm that `rand` promises to keep.

// A bench without a harness is compiled with `cfg(test)` but without the tests themselves.
#![cfg_attr(
    test,
    allow(
        dead_code,
        unused_imports,
        reason = "a bench drops its tests but not cfg(test)"
    )
)]

mod clock;
mod digits;
mod random;
mod rows;
mod shapes;
mod tables;
#[allow(
    dead_code,
    unused_imports,
    reason = "most who write logs write no week"
)]
pub mod week;
mod writer;

use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{self, Write};
use tables::Tables;
use writer::Writer;

/// What to write.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The same seed gives the same bytes.
    pub seed: u64,
    /// Share of records that are upstream events, 0 to 1.
    pub upstream_share: f64,
    /// Number of pools. Protocols take turns: fewer than four leave out some classes, fewer than twelve some protocols.
    pub pools: usize,
    /// Number of virtual servers.
    pub servers: usize,
    /// Number of virtual servers that pass to a pool; 0: two, and once in a while any other.
    pub servers_per_pool: usize,
    /// Number of kinds of events that a pool has day by day; 0: all that its protocol allows. Small logs and outages
    /// show others as well.
    pub troubles_per_pool: usize,
    /// Number of client addresses.
    pub clients: usize,
    /// Number of request lines.
    pub paths: usize,
    /// Share of records that span several lines (FastCGI stderr, Lua stack traces).
    pub multi_line_share: f64,
    /// Share of records that try to mislead: forged Referers and lines, cut records, bytes that are not UTF-8.
    pub hostile_share: f64,
    /// Local time of the first record: year, month, day, hour, minute, second.
    pub start: (i32, u32, u32, u32, u32, u32),
    /// Mean rate; 0 keeps the clock still.
    pub records_per_second: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            seed: 1,
            upstream_share: 0.3,
            pools: 40,
            servers: 25,
            servers_per_pool: 0,
            troubles_per_pool: 0,
            clients: 5000,
            paths: 2000,
            multi_line_share: 0.01,
            hostile_share: 0.001,
            start: (2026, 11, 1, 9, 15, 2),
            records_per_second: 40.0,
        }
    }
}

/// What was written, for checking.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Written {
    /// Bytes, line feeds included.
    pub bytes: u64,
    /// Lines, all of them terminated.
    pub lines: u64,
    /// Records as NGINX wrote them: a forged line is none.
    pub records: u64,
    /// Sum of `events_by_class`.
    pub events: u64,
    /// By class; classes that did not occur are missing.
    pub events_by_class: BTreeMap<&'static str, u64>,
    /// By the names that pools have without any configuration: the socket's file stem, the peer's address, the pool's
    /// own name or the host's where the record tells that instead, `(unknown)` where it tells none.
    pub events_by_pool: BTreeMap<String, u64>,
    /// Records that span several lines, hostile ones not included.
    pub multi_line_records: u64,
    /// Records that try to mislead.
    pub hostile_records: u64,
    /// Records that were longer than NGINX writes them.
    pub cut_records: u64,
    /// Lines that look like a record's beginning and are none.
    pub forged_lines: u64,
}

/// Writes whole records until at least `stop_after_bytes` are written.
pub fn generate(
    settings: &Settings,
    stop_after_bytes: u64,
    out: &mut impl Write,
) -> io::Result<Written> {
    let tables = Tables::new(settings);
    let mut writer = Writer::new(settings, &tables);
    while writer.written.bytes + (writer.buffer.len() as u64) < stop_after_bytes {
        writer.next_record();
        if writer.buffer.len() >= FLUSH_AT {
            writer.flush(out)?;
        }
    }
    writer.flush(out)?;
    Ok(writer.finish())
}

const FLUSH_AT: usize = 256 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn log(settings: &Settings, bytes: u64) -> (Vec<u8>, Written) {
        let mut log = Vec::new();
        let written = generate(settings, bytes, &mut log).unwrap();
        (log, written)
    }

    #[test]
    fn counts_what_it_writes() {
        let (log, written) = log(&Settings::default(), 2_000_000);
        assert_eq!(written.bytes, log.len() as u64);
        assert!((2_000_000..2_003_000).contains(&written.bytes));
        assert_eq!(
            written.lines,
            log.split_inclusive(|&byte| byte == b'\n').count() as u64
        );
        assert!(log.ends_with(b"\n"));
        assert!(log.starts_with(b"2026/11/01 09:15:02 ["));
        assert_eq!(written.events, written.events_by_pool.values().sum::<u64>());
        let mean = written.bytes / written.records;
        assert!((220..300).contains(&mean), "{mean}");
    }

    #[test]
    fn repeats_itself_for_a_seed() {
        let settings = Settings {
            hostile_share: 0.1,
            ..Settings::default()
        };
        assert_eq!(log(&settings, 300_000), log(&settings, 300_000));
        let other = Settings {
            seed: 2,
            ..settings.clone()
        };
        assert_ne!(log(&settings, 300_000).0, log(&other, 300_000).0);
    }

    /// The settings that came later must not change the logs that older records were measured with.
    #[test]
    fn default_settings_still_give_the_same_bytes() {
        let (log, _) = log(&Settings::default(), 1_000_000);
        let sum = log.iter().fold(0xcbf2_9ce4_8422_2325_u64, |sum, &byte| {
            (sum ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        assert_eq!(format!("{sum:016x}"), "c41f5890f2a67b17");
    }

    #[test]
    fn small_settings_work() {
        for pools in 0..14 {
            let settings = Settings {
                pools,
                servers: 0,
                clients: 0,
                paths: 0,
                hostile_share: 0.2,
                multi_line_share: 0.2,
                records_per_second: 0.0,
                ..Settings::default()
            };
            assert!(log(&settings, 100_000).1.events > 0);
        }
    }
}
