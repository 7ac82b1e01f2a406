use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Ends a scan from outside: nothing more is read, and what was read until then is its outcome.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Ends it soon.
    pub fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use crate::render::Ndjson;
    use crate::scan::Scan;
    use crate::source::{Input, Memory};

    #[test]
    fn a_scan_that_is_stopped_reads_no_more() {
        let line = b"2026/11/01 09:15:02 [notice] 7#7: signal process started\n";
        let scan = Scan {
            chunk_size: 10_000,
            ..Scan::new(vec![Input::Memory(Memory {
                name: "error.log".into(),
                content: line.repeat(100_000).into(),
                modified: std::time::SystemTime::now(),
            })])
        };
        assert_eq!(scan.rollup(3_600_000_000).intake.records, 100_000);
        scan.stop.set();
        let counted = scan.rollup(3_600_000_000);
        assert_eq!((counted.intake.records, counted.troubles.len()), (0, 0));
        let written = scan.events::<Ndjson>(|_| Ok(())).unwrap();
        assert_eq!(written.intake.records, 0);
    }
}
