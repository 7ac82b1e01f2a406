//! Logs that are read night by night, or more often.

use std::io::Write;

use super::program::House;
use super::truth::{BACK, BERLIN, FORWARD, Night, Truth};

const MINUTE: i64 = 60;

/// A night of which the records around the step are few enough for a run behind each of them.
fn short(night: Night) -> Truth {
    let mut truth = night.truth(0..0);
    let number_of = |record: &super::truth::Record| record.number % 3;
    let edge = |record: &super::truth::Record| (record.moment - night.step).abs() < 4;
    truth
        .records
        .retain(|record| edge(record) || number_of(record) == 1);
    truth.with_burst()
}

/// The log up to each of its records.
fn prefixes(truth: &Truth) -> Vec<Vec<u8>> {
    let pieces = truth.pieces();
    (0..=pieces.len())
        .map(|end| pieces[..end].concat())
        .collect()
}

#[test]
fn it_does_not_matter_behind_which_record_a_run_ends() {
    for night in BACK {
        let truth = short(night);
        let expected = truth.buckets(MINUTE);
        let prefixes = prefixes(&truth);
        let whole = &prefixes[prefixes.len() - 1];
        for end in truth.ends() {
            let prefix = &prefixes[end];
            let house = House::new(night);
            house.write("log/error.log", prefix);
            house.aggregate();
            house.append("log/error.log", &whole[prefix.len()..]);
            house.aggregate();
            assert_eq!(house.buckets("dataset"), expected, "{} {end}", night.zone);
        }
    }
}

#[test]
fn there_may_be_a_run_behind_every_record() {
    for night in BACK.into_iter().chain(FORWARD) {
        let truth = short(night).set_back(-130 * MINUTE, 7 * MINUTE);
        let house = House::new(night);
        house.write("log/error.log", b"");
        let pieces = truth.pieces();
        let mut begin = 0;
        for end in truth.ends() {
            house.append("log/error.log", &pieces[begin..end].concat());
            house.aggregate();
            begin = end;
        }
        assert_eq!(
            house.buckets("dataset"),
            truth.buckets(MINUTE),
            "{}",
            night.zone
        );
    }
}

#[test]
fn a_run_goes_on_in_what_was_compressed_or_continued_meanwhile() {
    let truth = short(BERLIN);
    let prefixes = prefixes(&truth);
    let whole = &prefixes[prefixes.len() - 1];
    let gzip = |bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), Default::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    for end in truth.ends() {
        let prefix = &prefixes[end];
        let house = House::new(BERLIN);
        if end % 2 == 0 {
            house.write("log/error.log", prefix);
        } else {
            house.write("log/error.log", gzip(prefix));
        }
        house.aggregate();
        std::fs::remove_file(house.path("log/error.log")).unwrap();
        let rest = gzip(&whole[prefix.len()..]);
        house.write("log/error.log.2.gz", [gzip(prefix), rest].concat());
        house.aggregate();
        assert_eq!(house.buckets("dataset"), truth.buckets(MINUTE), "{end}");
    }
}

#[test]
fn a_rotation_within_the_hour_leaves_what_can_be_known() {
    for night in [BACK[0], BACK[2]] {
        let truth = short(night);
        let pieces = truth.pieces();
        let length = night.repeated.map_or(0, |(_, length)| length);
        let near =
            |record: &super::truth::Record| (record.moment - night.step).abs() < length + 600;
        for cut in truth
            .ends()
            .filter(|&cut| cut < pieces.len() && near(&truth.records[cut]))
        {
            let house = House::new(night);
            // A run somewhat before the rotation, one behind it, and one at the end.
            let read = cut.saturating_sub(3);
            house.write("log/error.log", pieces[..read].concat());
            house.aggregate();
            house.append("log/error.log", &pieces[read..cut].concat());
            std::fs::rename(house.path("log/error.log"), house.path("log/error.log.1")).unwrap();
            let more = (cut + 2).min(pieces.len());
            house.write("log/error.log", pieces[cut..more].concat());
            house.aggregate();
            house.append("log/error.log", &pieces[more..].concat());
            house.aggregate();
            let mut expected = truth.clone();
            let is_step_behind = !night.is_second(truth.records[cut].moment);
            if !is_step_behind {
                // Nothing in the second file tells that its hour is the second one.
                for record in &mut expected.records[cut..] {
                    if night.is_second(record.moment) {
                        record.moment -= length;
                    }
                }
            }
            let counted = house.buckets("dataset");
            assert_eq!(counted, expected.buckets(MINUTE), "{} {cut}", night.zone);
        }
    }
}
