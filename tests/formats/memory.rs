//! Memory does not grow with a log, nor with the events in it.

use std::io::Write;
use std::process::{Command, Stdio};

use parquet::file::reader::{FileReader, SerializedFileReader};

use crate::log;
use crate::program::{FORMATS, House};

/// Kilobytes that the program may have for itself.
const MOST: u32 = 96 * 1024;

#[test]
#[ignore = "takes minutes; tests/all runs it"]
fn three_hundred_megabytes_of_events_are_written_in_bounded_memory() {
    let block = log(10_000_000);
    let house = House::new();
    for (format, read) in FORMATS {
        let program = env!("CARGO_BIN_EXE_badgateway");
        let arguments = "events --no-discover -q -j 2 --timezone UTC";
        let shell =
            format!("ulimit -d {MOST} && exec {program} {arguments} --format {format} --out out -");
        let mut child = Command::new("sh")
            .args(["-c", &shell])
            .current_dir(house.path(""))
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut pipe = child.stdin.take().unwrap();
        for _ in 0..30 {
            // Who has died has words.
            let _ = pipe.write_all(&block);
        }
        drop(pipe);
        let output = child.wait_with_output().unwrap();
        let words = String::from_utf8_lossy(&output.stderr);
        assert_eq!(
            (output.status.code(), words.as_ref()),
            (Some(0), ""),
            "{format}"
        );
        if format == "parquet" {
            let file = std::fs::File::open(house.path("out")).unwrap();
            let reader = SerializedFileReader::new(file).unwrap();
            let once = House::with(&block);
            let events = read(&once.bytes(format, &["error.log"])).len();
            assert_eq!(
                reader.metadata().file_metadata().num_rows(),
                30 * events as i64
            );
        }
    }
}

#[test]
fn a_group_of_rows_is_not_larger_than_what_duckdb_takes_at_once_and_one_part_of_a_log() {
    let record =
        b"2026/11/01 09:15:02 [error] 7#7: *1 no live upstreams while connecting to upstream\n";
    let count = 260_000;
    let house = House::with(&record.repeat(count));
    house.bytes("parquet", &["error.log"]);
    let reader = SerializedFileReader::new(std::fs::File::open(house.path("events.out")).unwrap());
    let reader = reader.unwrap();
    let groups: Vec<i64> = reader
        .metadata()
        .row_groups()
        .iter()
        .map(parquet::file::metadata::RowGroupMetaData::num_rows)
        .collect();
    let part = (1 << 20) / record.len() as i64 + 1;
    assert_eq!(groups.iter().sum::<i64>(), count as i64);
    assert!(
        groups.iter().all(|&rows| rows < 122_880 + part),
        "{groups:?}"
    );
    assert_eq!(groups.len(), 3, "{groups:?}");
    let column = reader.metadata().row_group(0).column(0);
    assert!(column.statistics().unwrap().min_bytes_opt().is_some());
    let created_by = reader.metadata().file_metadata().created_by().unwrap();
    assert!(created_by.starts_with("badgateway "), "{created_by}");
    let compression = column.compression();
    assert!(
        matches!(compression, parquet::basic::Compression::ZSTD(_)),
        "{compression}"
    );
}
