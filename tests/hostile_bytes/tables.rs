//! A table of which bytes were changed is read, or is an error; nothing that reads it dies.

use std::fs;
use std::io::Write;
use std::sync::OnceLock;
use std::time::Duration;

use badgateway::dataset::{Addition, Dataset, HOURLY, Ledger, Provenance};
use badgateway::record::{Moment, Zone};
use badgateway::rollup::{Rows, Thresholds};
use badgateway::scan::Scan;
use badgateway::source::{Input, Privacy};
use chrono::DateTime;

/// The file of a small dataset.
fn whole() -> &'static [u8] {
    static WHOLE: OnceLock<Vec<u8>> = OnceLock::new();
    WHOLE.get_or_init(|| {
        let mut log = tempfile::NamedTempFile::new().unwrap();
        for number in 0..400 {
            let (minute, pool) = (number / 7 % 60, number % 5);
            writeln!(
                log,
                "2026/11/01 09:{minute:02}:02 [error] 7#7: *{number} connect() failed (111: Connection refused) while \
                 connecting to upstream, client: 192.0.2.{pool}, server: shop.example, request: \"GET / HTTP/1.1\", \
                 upstream: \"http://10.0.0.{pool}:80/\", host: \"shop.example\""
            )
            .unwrap();
        }
        let mut scan = Scan::new(vec![Input::File(log.path().to_path_buf())]);
        scan.zone = "UTC".parse::<Zone>().unwrap();
        let rows = Rows::Held(scan.rollup(3_600_000_000).value.into_rows());
        let folder = tempfile::tempdir().unwrap();
        let dataset = Dataset::new(folder.path());
        let run = dataset.begin("web1", Duration::ZERO, |_| {}).unwrap();
        let provenance = Provenance {
            zone: "UTC".to_owned(),
            bucket_seconds: 3_600,
            run: DateTime::from_timestamp(1_795_694_400, 0).unwrap(),
        };
        let ledger = Ledger::default();
        let addition = Addition {
            rows: &rows,
            entries: &[],
            provenance: &provenance,
            ledger: &ledger,
            privacy: Privacy::Private,
        };
        run.commit(addition, |_| {}).unwrap();
        let file = fs::read_dir(folder.path().join(HOURLY)).unwrap().next();
        fs::read(file.unwrap().unwrap().path()).unwrap()
    })
}

/// Three bytes each say which byte is changed, counted from the end if the place is odd, and how. The first one says
/// whether the file is cut there instead.
pub fn check(bytes: &[u8]) {
    let Some((&cuts, changes)) = bytes.split_first() else {
        return;
    };
    let mut file = whole().to_vec();
    for &[low, high, change] in changes.as_chunks().0 {
        let at = usize::from(u16::from_le_bytes([low, high])) / 2 % file.len();
        let at = if low % 2 == 0 {
            at
        } else {
            file.len() - 1 - at
        };
        match cuts {
            255 => file.truncate(at.max(1)),
            _ => file[at] ^= change,
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join(HOURLY);
    fs::create_dir(&table).unwrap();
    fs::write(table.join("a.parquet"), file).unwrap();
    let dataset = Dataset::new(folder.path());
    let _ = dataset.ledger();
    if let Ok(held) = dataset.open() {
        let always = Moment(i64::MIN)..Moment(i64::MAX);
        let _ = held.rows(&always, &[]).collect::<Result<Vec<_>, _>>();
        let days = held.days(&always).take(10);
        days.for_each(|day| drop(held.rows(&day, &[]).last()));
    }
    let _ = dataset.refresh_incidents(&Thresholds::default(), Duration::ZERO, None);
    let _ = dataset.compact(None, Duration::ZERO, |_| {});
}
