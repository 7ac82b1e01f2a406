//! The logs that all stages are given, and what they hold.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::sync::LazyLock;

use badgateway::record::{Record, Splitter};
use badgateway::rollup::Row;
use badgateway::source::{Input, Start};
use badgateway::taxonomy::{Rules, is_message};
use divan::counter::BytesCount;
use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::NamedTempFile;

use crate::generator::{Settings, Written, generate};

/// Shares of records that are upstream events.
pub const SHARES: [f64; 2] = [0.05, 0.97];

/// Without optimisation nothing is timed that is worth waiting for.
const BYTES: u64 = if cfg!(debug_assertions) {
    1_000_000
} else {
    32_000_000
};

pub struct Log {
    pub bytes: Vec<u8>,
    pub written: Written,
    plain: NamedTempFile,
    packed: NamedTempFile,
}

static LOGS: LazyLock<[Log; 2]> = LazyLock::new(|| SHARES.map(Log::new));

/// The log with this share.
pub fn log(share: f64) -> &'static Log {
    let number = SHARES.iter().position(|&known| known == share);
    &LOGS[number.expect("one of SHARES")]
}

impl Log {
    fn new(upstream_share: f64) -> Self {
        let settings = Settings {
            upstream_share,
            servers_per_pool: 2,
            troubles_per_pool: 6,
            ..Settings::default()
        };
        let mut bytes = Vec::new();
        let written = generate(&settings, BYTES, &mut bytes).expect("memory takes it");
        let file = || NamedTempFile::new().expect("a temporary file");
        let (mut plain, packed) = (file(), file());
        plain.write_all(&bytes).expect("room on the disk");
        let mut encoder = GzEncoder::new(packed, Compression::new(6));
        encoder.write_all(&bytes).expect("room on the disk");
        let packed = encoder.finish().expect("room on the disk");
        Self {
            bytes,
            written,
            plain,
            packed,
        }
    }

    pub fn plain(&self) -> Input {
        Input::File(PathBuf::from(self.plain.path()))
    }

    pub fn packed(&self) -> Input {
        Input::File(PathBuf::from(self.packed.path()))
    }

    pub fn count(&self) -> BytesCount {
        BytesCount::new(self.bytes.len())
    }

    /// The records that may concern an upstream; all of them are read before the first is used.
    pub fn candidates(&self) -> Vec<Record<'_>> {
        let rules = Rules::default();
        let splitter = Box::leak(Box::new(Splitter::knowing(is_message)));
        let records = splitter.split(&self.bytes, Start::Input, true);
        let spans = records.spans().iter();
        let read = spans.filter_map(|span| records.read(span, 0));
        read.filter(|record| rules.may_concern(&record.head))
            .collect()
    }
}

/// Rows must hold what was written.
pub fn must_hold(rows: &[Row], written: &Written) {
    let mut events: BTreeMap<String, u64> = BTreeMap::new();
    for row in rows {
        *events.entry(row.class.name().to_string()).or_default() += row.events;
    }
    let written = written.events_by_class.iter();
    let written: BTreeMap<_, _> = written
        .map(|(class, &count)| (class.to_string(), count))
        .collect();
    assert_eq!(events, written);
}
