//! Logs that are rotated, compressed, continued and damaged between two runs of `aggregate`.

use super::numbered;
use super::pack::FORMATS;
use super::program::House;

impl House {
    /// Has a run look for what is new. Nothing may be complained about, and afterwards each of these
    /// numbers, and no other, must have been counted, once.
    fn counts(&self, numbers: impl IntoIterator<Item = u32>, what: &str) {
        let said = self.aggregate();
        assert_eq!(said.status, Some(0), "{what}: {}", said.words);
        let complaints = said.complaints();
        assert!(complaints.is_empty(), "{what}: {complaints:?}");
        self.has_counted(numbers, what);
    }

    fn has_counted(&self, numbers: impl IntoIterator<Item = u32>, what: &str) {
        let once = numbers.into_iter().map(|number| (number, 1));
        let expected: Vec<_> = once.collect();
        assert_eq!(self.counted(), expected, "{what}");
    }
}

#[test]
fn only_the_rest_of_a_log_is_read_whatever_became_of_it() {
    for (format, pack) in FORMATS {
        let house = House::new();
        house.write("log/error.log", numbered(0..50));
        house.counts(0..50, format);
        house.append("log/error.log", &numbered(50..60));
        house.rename("log/error.log", "log/error.log.1");
        house.write("log/error.log", numbered(100..110));
        house.counts((0..60).chain(100..110), format);
        house.rename("log/error.log", "log/error.log.1x");
        house.write("log/error.log.2.gz", pack(&numbered(0..60)));
        house.remove("log/error.log.1");
        house.rename("log/error.log.1x", "log/error.log.1");
        house.counts((0..60).chain(100..110), format);
        house.append("log/error.log.2.gz", &pack(&numbered(60..80)));
        house.counts((0..80).chain(100..110), format);
        house.append("log/error.log.2.gz", &pack(&numbered(80..81)));
        house.append("log/error.log.2.gz", &pack(b""));
        house.counts((0..81).chain(100..110), format);
        house.write("log/error.log.3.gz", pack(&numbered(0..81)));
        house.remove("log/error.log.2.gz");
        house.counts((0..81).chain(100..110), format);
        // All of it once more, plain.
        house.write("log/error.log.4", numbered(0..90));
        house.counts((0..90).chain(100..110), format);
    }
}

#[test]
fn a_log_that_is_just_being_compressed_counts_once() {
    let log = numbered(0..40);
    for (format, pack) in FORMATS {
        let packed = pack(&log);
        for length in (0..packed.len())
            .step_by(packed.len() / 24 + 1)
            .chain([1, 2, 3, 5, 6, 12])
        {
            let how = format!("{format}, cut at {length}");
            let house = House::new();
            house.write("log/error.log", numbered(500..510));
            house.write("log/error.log.1", &log);
            house.write("log/error.log.1.gz", &packed[..length]);
            house.counts((0..40).chain(500..510), &how);
            if length % 2 == 1 {
                house.counts((0..40).chain(500..510), &how);
            }
            house.write("log/error.log.1.gz", &packed);
            house.remove("log/error.log.1");
            house.counts((0..40).chain(500..510), &how);
        }
    }
}

#[test]
fn a_log_that_is_just_being_compressed_was_counted_the_night_before() {
    let log = numbered(0..40);
    for (format, pack) in FORMATS {
        let packed = pack(&log);
        for length in [0, 1, 4, 6, 20, packed.len() / 2, packed.len() - 1] {
            let how = format!("{format}, cut at {length}");
            let house = House::new();
            house.write("log/error.log", &log);
            house.counts(0..40, &how);
            house.rename("log/error.log", "log/error.log.1");
            house.write("log/error.log", b"");
            house.counts(0..40, &how);
            house.write("log/error.log.1.gz", &packed[..length]);
            house.counts(0..40, &how);
            house.write("log/error.log.1.gz", &packed);
            house.counts(0..40, &how);
            house.remove("log/error.log.1");
            house.counts(0..40, &how);
        }
    }
}

#[test]
fn what_a_cut_file_did_not_give_is_counted_once_a_longer_one_is_there() {
    let log = numbered(0..1_000);
    let rows: Vec<usize> = memchr::memchr_iter(b'\n', &log).map(|at| at + 1).collect();
    for (format, pack) in FORMATS {
        // Parts, so that all formats have something to give before the cut.
        let parts = [0..300, 300..600, 600..1_000];
        let packed: Vec<u8> = parts
            .iter()
            .cloned()
            .flat_map(|part| pack(&numbered(part)))
            .collect();
        let house = House::new();
        let mut last = 0;
        for eighth in [3, 5, 5, 7] {
            house.write("log/error.log.2.gz", &packed[..packed.len() * eighth / 8]);
            let said = house.aggregate();
            let how = format!("{format} {eighth}: {}", said.words);
            let counted = house.counted();
            let expected: Vec<_> = (0..counted.len() as u32)
                .map(|number| (number, 1))
                .collect();
            assert_eq!(counted, expected, "{how}");
            assert!(counted.len() >= last, "{how}");
            last = counted.len();
            if last > 0 {
                assert_eq!(said.status, Some(1), "{how}");
                let used = format!("the {} decompressed bytes", rows[last - 1]);
                assert!(said.words.contains(&used), "{how}");
            }
        }
        assert!(last >= 300, "{format} {last}");
        // The whole one appears elsewhere.
        house.write("log/error.log.restored", pack(&log));
        let said = house.aggregate();
        house.has_counted(0..1_000, format);
        assert!(
            said.complaints().is_empty(),
            "{format}: {:?}",
            said.complaints()
        );
        house.remove("log/error.log.2.gz");
        house.counts(0..1_000, format);
    }
}

#[test]
fn what_stands_behind_a_damaged_block_is_counted_once_the_whole_file_is_there() {
    let log = numbered(0..3_000);
    let (format, pack) = FORMATS[3];
    let packed = pack(&log);
    for at in [packed.len() / 3, packed.len() / 2, packed.len() - 20] {
        let house = House::new();
        let mut flipped = packed.clone();
        flipped[at] ^= 1;
        house.write("log/error.log.2.bz2", flipped);
        let said = house.aggregate();
        assert_eq!(said.status, Some(1), "{format} {at}: {}", said.words);
        let counted = house.counted().len() as u32;
        assert!((1..3_000).contains(&counted), "{at}: {counted}");
        house.has_counted(0..counted, format);
        house.write("log/error.log.2.bz2", &packed);
        house.counts(0..3_000, format);
    }
}

#[test]
fn a_damaged_copy_of_what_was_counted_counts_nothing() {
    let log = numbered(0..700);
    for (format, pack) in FORMATS {
        let packed = pack(&log);
        for quarter in 1..4 {
            let how = format!("{format} {quarter}");
            let house = House::new();
            house.write("log/error.log", &log);
            house.counts(0..700, &how);
            let mut flipped = packed.clone();
            flipped[packed.len() * quarter / 4] ^= 4;
            house.write("log/error.log.1.gz", flipped);
            let said = house.aggregate();
            // What is read up to the damage may be the beginning of what was counted, and no more.
            let complaints = said.complaints();
            let is_named = |line: &&str| line.starts_with("badgateway: log/error.log.1.gz: ");
            assert!(complaints.iter().all(is_named), "{how}: {complaints:?}");
            assert!(complaints.len() <= 1, "{how}: {complaints:?}");
            assert_eq!(said.status, Some(complaints.len() as i32), "{how}");
            house.has_counted(0..700, &how);
        }
    }
}
