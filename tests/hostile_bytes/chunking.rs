//! It does not matter into what chunks a file is cut, or whether it is mapped or read.

use std::io::Write;
use std::sync::OnceLock;

use badgateway::record::Zone;
use badgateway::render::Ndjson;
use badgateway::scan::Scan;
use badgateway::source::{Access, Input};

/// The log stands so often in the file, so that it has several chunks.
const TIMES: usize = 3;

/// The first two bytes say how large a chunk is, the others are a log.
pub fn check(bytes: &[u8]) {
    static THREADS: OnceLock<rayon::ThreadPool> = OnceLock::new();
    let Some((&size, log)) = bytes.split_first_chunk::<2>() else {
        return;
    };
    let size = usize::from(u16::from_le_bytes(size)).max(1);
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&log.repeat(TIMES)).unwrap();
    let scan = |access: Access, chunk_size: usize| Scan {
        access,
        chunk_size,
        zone: "Europe/Berlin".parse::<Zone>().unwrap(),
        host: "web1".to_owned(),
        ..Scan::new(vec![Input::File(file.path().to_path_buf())])
    };
    let events = |access: Access, chunk_size: usize| {
        let mut lines = Vec::new();
        let scan = scan(access, chunk_size);
        let outcome = scan.events::<Ndjson>(|bytes| lines.write_all(bytes));
        let intake = outcome.unwrap().intake;
        (String::from_utf8(lines).unwrap(), intake)
    };
    let rows = |access: Access, chunk_size: usize| {
        let outcome = scan(access, chunk_size).rollup(3_600_000_000);
        (outcome.value.into_rows(), outcome.intake)
    };
    let threads = THREADS.get_or_init(|| {
        let threads = rayon::ThreadPoolBuilder::new().num_threads(2);
        threads.build().unwrap()
    });
    threads.install(|| {
        let whole = events(Access::Read, 1 << 20);
        let counted = rows(Access::Read, 1 << 20);
        for access in [Access::Map, Access::Read] {
            assert_eq!(events(access, size), whole, "{access:?} {size}");
            assert_eq!(rows(access, size), counted, "{access:?} {size}");
        }
    });
}
