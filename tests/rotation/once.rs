//! Single steps of a rotation: what is logged around each of them is counted once.

use std::fs;

use super::house::{House, failures, now};
use super::pack::Pack;
use super::program::parquet_files;

const DAY: i64 = 86_400;

const PACKS: [Pack; 4] = [Pack::Gzip, Pack::Zstd, Pack::Xz, Pack::Bzip2];

#[test]
fn a_log_that_goes_before_it_was_read_to_its_end_is_said_once() {
    let house = House::new();
    house.write("error.log", &failures(0..3, "a"));
    house.write("b-error.log", &failures(0..3, "b"));
    assert_eq!(house.count(), 6);
    house.write("error.log", &failures(3..5, "a"));
    house.remove("error.log");
    let said = house.run();
    assert_eq!(said.status, 1, "{}", said.words);
    assert!(
        said.words.contains("log/error.log: is gone"),
        "{}",
        said.words
    );
    for _ in 0..2 {
        let said = house.run();
        assert_eq!(said.status, 0, "{}", said.words);
        assert!(!said.words.contains("gone"), "{}", said.words);
    }
    house
        .program
        .run(now(), &["compact", "--dataset", "dataset"]);
    assert_eq!(house.count(), 6);
}

#[test]
fn a_rotated_log_that_has_its_date_before_the_end_of_its_name_may_go() {
    let house = House::new();
    house.write("error-20260129.log", &failures(0..3, "a"));
    house.write("error.log", &failures(3..5, "a"));
    house.age("error-20260129.log", 2 * DAY);
    assert_eq!(house.count(), 5);
    house.remove("error-20260129.log");
    assert_eq!(house.count(), 5);
}

#[test]
fn a_copy_that_is_taken_away_is_not_missed() {
    for first in ["copy-error.log", "z-error.log"] {
        let house = House::new();
        house.write("error.log", &failures(0..3, "a"));
        house.copy("error.log", first);
        assert_eq!(house.count(), 3);
        house.remove(first);
        assert_eq!(house.count(), 3, "{first}");
        house.write("error.log", &failures(3..4, "a"));
        assert_eq!(house.count(), 4);
    }
}

#[test]
fn a_log_that_was_truncated_or_replaced_is_a_new_one() {
    let house = House::new();
    house.write("error.log", &failures(0..10, "a"));
    assert_eq!(house.count(), 10);
    // Shorter than what was there, and longer; what was there before may have been read to its end or not.
    for (new, count) in [(20..22, 12), (30..50, 32)] {
        fs::write(house.path("error.log"), failures(new, "a")).unwrap();
        let said = house.run();
        let is_said = said.words.contains("log/error.log: is gone");
        assert!(said.status == 1 && is_said, "{}", said.words);
        assert_eq!(house.count(), count);
    }
    house.write("new", &failures(50..60, "a"));
    house.rename("error.log", "error.log.1");
    house.rename("new", "error.log");
    assert_eq!(house.count(), 42);
}

#[test]
fn what_is_half_written_waits() {
    let said = "2026/01/30 09:15:02 [error] 7#7: *9 FastCGI sent in stderr: \"PHP message: PHP Fatal error:  \
                Uncaught Exception: no tea in /srv/a.php:2\nStack trace:\n#0 {main}\n  thrown in /srv/a.php \
                on line 2\" while reading response header from upstream, client: 192.0.2.1, server: a, request: \
                \"GET / HTTP/1.1\", upstream: \"fastcgi://unix:/run/php/a.sock:\", host: \"a\"\n";
    for record in [said, &failures(9..10, "a")] {
        let lines = record.match_indices('\n').map(|(at, _)| at + 1);
        for cut in (1..record.len())
            .step_by(29)
            .chain(lines)
            .filter(|&cut| cut < record.len())
        {
            let house = House::new();
            house.write("error.log", &failures(0..2, "a"));
            house.write("error.log", &record[..cut]);
            assert_eq!(house.count(), 2, "{cut} bytes of {record}");
            house.write("error.log", &record[cut..]);
            house.write("error.log", &failures(20..21, "a"));
            assert_eq!(house.count(), 4, "{cut} bytes of {record}");
        }
    }
}

#[test]
fn a_log_that_is_copied_and_truncated_is_counted_once() {
    for is_between in [false, true] {
        for pack in [None, Some(Pack::Gzip), Some(Pack::Xz)] {
            let house = House::new();
            house.write("error.log", &failures(0..4, "a"));
            assert_eq!(house.count(), 4);
            house.write("error.log", &failures(4..7, "a"));
            house.copy("error.log", "error.log.1");
            if is_between {
                assert_eq!(house.count(), 7);
            }
            fs::write(house.path("error.log"), b"").unwrap();
            if let Some(pack) = pack {
                house.pack("error.log.1", pack);
            }
            assert_eq!(house.count(), 7, "{pack:?}");
            house.write("error.log", &failures(7..9, "a"));
            assert_eq!(house.count(), 9, "{pack:?}");
        }
    }
}

#[test]
fn two_rotations_and_a_compression_between_two_runs_lose_nothing() {
    for pack in PACKS {
        let house = House::new();
        house.write("error.log", &failures(0..4, "a"));
        assert_eq!(house.count(), 4);
        house.write("error.log", &failures(4..7, "a"));
        house.rename("error.log", "error.log.1");
        house.write("error.log.1", &failures(7..8, "a"));
        house.write("error.log", &failures(8..9, "a"));
        house.pack("error.log.1", pack);
        let extension = pack.extension();
        house.rename(
            &format!("error.log.1{extension}"),
            &format!("error.log.2{extension}"),
        );
        house.rename("error.log", "error.log.1");
        house.write("error.log", &failures(9..11, "a"));
        assert_eq!(house.count(), 11, "{pack:?}");
        assert_eq!(house.count(), 11, "{pack:?}");
    }
}

#[test]
fn what_is_being_compressed_is_counted_once_and_nothing_is_said() {
    for pack in PACKS {
        let house = House::new();
        let text = failures(0..40, "a");
        house.write("error.log.1", &text);
        let name = format!("error.log.1{}", pack.extension());
        let packed = pack.pack(text.as_bytes());
        let last = packed.len().saturating_sub(12)..packed.len();
        for length in (0..packed.len()).step_by(23).chain(last) {
            fs::write(house.path(&name), &packed[..length]).unwrap();
            assert_eq!(
                house.count(),
                40,
                "{length} of {} bytes, {pack:?}",
                packed.len()
            );
        }
        fs::write(house.path(&name), &packed).unwrap();
        assert_eq!(house.count(), 40);
        house.remove("error.log.1");
        assert_eq!(house.count(), 40);
    }
}

#[test]
fn what_a_dry_run_shows_is_what_the_next_run_reads() {
    let house = House::new();
    for log in ["a-error.log", "b-error.log", "c-error.log"] {
        house.write(log, &failures(0..5, log));
    }
    house.count();
    house.write("a-error.log", &failures(5..7, "a"));
    house.rename("a-error.log", "a-error.log.1");
    house.write("a-error.log", &failures(7..8, "a"));
    house.copy("b-error.log", "copy-b-error.log");
    house.write("c-error.log", "2026/01/30 09:15:03 [err");
    house.write("d-error.log", &failures(0..9, "d"));
    house.pack("d-error.log", Pack::Zstd);
    house.write("e-error.log", "");
    let before = parquet_files(&house.program.dataset());
    let shown = house.program.aggregate(now(), &["--dry-run"]);
    assert_eq!(shown.status, 0, "{}", shown.words);
    assert_eq!(
        parquet_files(&house.program.dataset()),
        before,
        "it writes nothing"
    );
    let mut shown: Vec<(&str, &str)> = shown
        .output
        .lines()
        .filter_map(|line| line.split_once(": "))
        .collect();
    assert_eq!(shown.len(), 7, "{shown:?}");
    shown.retain(|(_, what)| !what.starts_with("nothing new") && *what != "empty");
    let (from, line) = (
        failures(0..5, "a-error.log").len(),
        failures(0..1, "a").len(),
    );
    let expected = [
        ("log/a-error.log", format!("{line} B")),
        (
            "log/a-error.log.1",
            format!("{} B, from byte {from}", 2 * line),
        ),
        ("log/d-error.log.zst", "what it holds (zstd)".to_owned()),
    ];
    let expected: Vec<(&str, &str)> = expected
        .iter()
        .map(|(path, what)| (*path, what.as_str()))
        .collect();
    assert_eq!(shown, expected);
    let said = house.run();
    assert_eq!(said.status, 0, "{}", said.words);
    assert!(said.words.contains("read 3 files"), "{}", said.words);
    assert!(said.words.contains("12 events"), "{}", said.words);
}
