use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::Input;

/// How far inputs were read, for those who wait.
///
/// Who reads counts into it and never looks at it; the default counts nothing and costs nothing. Bytes
/// are those on the disk: of a compressed file the compressed ones.
#[derive(Debug, Clone, Default)]
pub struct Meter {
    positions: Arc<[Position]>,
}

/// What a [`Meter`] says at one moment, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What was read or needs no reading.
    pub done: u64,
    /// That part of `done` that needed no reading: earlier runs have counted it, or it cannot be read.
    pub skipped: u64,
    /// What there is; unknown if one of the inputs is no file.
    pub total: Option<u64>,
}

/// How far one input was read.
#[derive(Debug, Clone, Default)]
pub struct Position(Option<Arc<Place>>);

#[derive(Debug)]
struct Place {
    at: AtomicU64,
    skipped: AtomicU64,
    /// How long an input is that is no pipe.
    length: Option<u64>,
}

impl Meter {
    /// For these inputs, as long as they are now.
    pub fn new(inputs: &[Input]) -> Self {
        let place = |input: &Input| {
            Position(Some(Arc::new(Place {
                at: AtomicU64::new(0),
                skipped: AtomicU64::new(0),
                length: input.length(),
            })))
        };
        Self {
            positions: inputs.iter().map(place).collect(),
        }
    }

    /// That of the input of this number.
    pub fn position(&self, input: usize) -> Position {
        self.positions.get(input).cloned().unwrap_or_default()
    }

    /// How far all inputs together were read.
    pub fn read(&self) -> Progress {
        let mut all = Progress {
            done: 0,
            skipped: 0,
            total: Some(0),
        };
        for place in self.positions.iter().filter_map(|one| one.0.as_ref()) {
            // A log may have grown since.
            let most = place.length.unwrap_or(u64::MAX);
            let done = place.at.load(Ordering::Relaxed).min(most);
            all.done += done;
            all.skipped += place.skipped.load(Ordering::Relaxed).min(done);
            all.total = all.total.zip(place.length).map(|(all, one)| all + one);
        }
        all
    }
}

impl Position {
    /// Everything before this byte was read. Whoever opens the input once more does not take that back.
    pub(super) fn reach(&self, at: u64) {
        if let Some(place) = &self.0 {
            place.at.fetch_max(at, Ordering::Relaxed);
        }
    }

    /// Everything before this byte was read or needs no reading.
    pub(super) fn skip_to(&self, at: u64) {
        if let Some(place) = &self.0 {
            let before = place.at.fetch_max(at, Ordering::Relaxed);
            place
                .skipped
                .fetch_add(at.saturating_sub(before), Ordering::Relaxed);
        }
    }

    /// Nothing more of an input is going to be read.
    pub fn finish(&self) {
        if let Some(length) = self.0.as_ref().and_then(|place| place.length) {
            self.skip_to(length);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Access, Chunks, Memory, open};
    use std::io::Write;
    use std::time::SystemTime;

    const LINE: &[u8] = b"2026/11/01 09:15:02 [notice] 7#7: signal process started\n";

    fn file(content: &[u8]) -> (tempfile::NamedTempFile, Input) {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(content).unwrap();
        let input = Input::File(file.path().to_path_buf());
        (file, input)
    }

    fn said(done: u64, skipped: u64, total: impl Into<Option<u64>>) -> Progress {
        Progress {
            done,
            skipped,
            total: total.into(),
        }
    }

    #[test]
    fn bytes_are_those_on_the_disk() {
        let text = LINE.repeat(20_000);
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), Default::default());
        packer.write_all(&text).unwrap();
        let packed = packer.finish().unwrap();
        for content in [&text, &packed] {
            for access in [Access::Map, Access::Read] {
                let (_file, input) = file(content);
                let meter = Meter::new(std::slice::from_ref(&input));
                let total = content.len() as u64;
                let source = open(&input, access, meter.position(0)).unwrap();
                let mut chunks = Chunks::new(source, &crate::record::Boundaries, 10_000);
                let mut before = 0;
                for chunk in chunks.by_ref() {
                    chunk.unwrap();
                    let now = meter.read();
                    assert!(now.done >= before && now.done > 0, "{now:?}");
                    before = now.done;
                }
                assert_eq!(meter.read(), said(total, 0, total));
            }
        }
    }

    #[test]
    fn bytes_in_memory_are_counted_as_they_lie_there() {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), Default::default());
        packer.write_all(&LINE.repeat(20_000)).unwrap();
        let packed = packer.finish().unwrap();
        for content in [LINE.repeat(20_000), packed] {
            let total = content.len() as u64;
            let input = Input::Memory(Memory {
                name: "error.log".into(),
                content: content.into(),
                modified: SystemTime::UNIX_EPOCH,
            });
            let meter = Meter::new(std::slice::from_ref(&input));
            assert_eq!(meter.read(), said(0, 0, total));
            let source = open(&input, Access::Auto, meter.position(0)).unwrap();
            assert_eq!(source.modified, SystemTime::UNIX_EPOCH);
            let chunks = Chunks::new(source, &crate::record::Boundaries, 10_000);
            let bytes: usize = chunks.map(|chunk| chunk.unwrap().len()).sum();
            assert_eq!(bytes, 20_000 * LINE.len());
            assert_eq!(meter.read(), said(total, 0, total));
        }
    }

    #[test]
    fn what_is_read_twice_counts_once_and_what_is_skipped_is_told() {
        let (_one, one) = file(&LINE.repeat(10));
        let length = 10 * LINE.len() as u64;
        let gone = Input::File("/nowhere/error.log".into());
        let meter = Meter::new(&[one.clone(), gone]);
        meter.position(0).reach(100);
        meter.position(0).reach(40);
        assert_eq!(meter.read(), said(100, 0, length));
        meter.position(0).skip_to(300);
        meter.position(0).skip_to(200);
        assert_eq!(meter.read(), said(300, 200, length));
        meter.position(0).finish();
        meter.position(1).finish();
        assert_eq!(meter.read(), said(length, length - 100, length));
        // A log that grows does not make it more than there was.
        meter.position(0).reach(length + 50);
        assert_eq!(meter.read().done, length);
        let meter = Meter::new(&[one, Input::Stdin]);
        meter.position(1).reach(5_000);
        meter.position(1).finish();
        assert_eq!(meter.read(), said(5_000, 0, None));
    }
}
