//! Logs that begin alike, as those of two virtual servers do that fail in the same second.

use super::house::{House, failures, now};
use super::pack::Pack;

#[test]
fn two_logs_that_begin_alike_stay_two() {
    // From one line to more than is sampled without gaps.
    for alike in [1, 2, 5, 20, 23, 60] {
        for (one, other) in [(1, 1), (1, 9), (9, 1)] {
            let house = House::new();
            let both = failures(0..alike, "a");
            house.write(
                "a-error.log",
                &(both.clone() + &failures(100..100 + one, "a")),
            );
            house.write("b-error.log", &(both + &failures(100..100 + other, "b")));
            let expected = i64::from(2 * alike + one + other);
            assert_eq!(
                house.count(),
                expected,
                "{alike} lines are alike, then {one} and {other}"
            );
        }
    }
}

#[test]
fn two_logs_that_were_alike_at_a_run_stay_two() {
    for alike in [1, 5, 23, 60] {
        let house = House::new();
        for log in ["a-error.log", "b-error.log"] {
            house.write(log, &failures(0..alike, "a"));
        }
        house.count();
        house.write("b-error.log", &failures(100..107, "b"));
        house.count();
        house.write("a-error.log", &failures(100..101, "a"));
        let expected = i64::from(2 * alike + 8);
        assert_eq!(house.count(), expected, "{alike} lines are alike");
    }
}

#[test]
fn two_logs_that_begin_alike_stay_two_when_they_are_rotated() {
    for alike in [1, 5, 20, 60] {
        let house = House::new();
        let both = failures(0..alike, "a");
        house.write("a-error.log", &(both.clone() + &failures(100..101, "a")));
        house.write(
            "b-error.log",
            &(both + &failures(100..101, "longer.example")),
        );
        let expected = i64::from(2 * alike + 2);
        assert_eq!(house.count(), expected, "{alike} lines are alike");
        house.rename("a-error.log", "a-error.log.1");
        house.pack("b-error.log", Pack::Gzip);
        assert_eq!(house.count(), expected, "{alike} lines are alike");
    }
}

/// The shorter one ends so shortly behind the last sample that samples do not tell them apart.
#[test]
fn a_log_is_told_from_one_that_is_longer_and_rotated_in_the_same_night() {
    for alike in [20, 60] {
        let house = House::new();
        let both = failures(0..alike, "a");
        house.write("a-error.log", &(both.clone() + &failures(100..101, "long")));
        house.write("b-error.log", &both);
        house.count();
        house.pack("a-error.log", Pack::Gzip);
        house.write("b-error.log", &failures(100..101, "b"));
        house.rename("b-error.log", "b-error.log.1");
        let expected = i64::from(2 * alike + 2);
        assert_eq!(house.count(), expected, "{alike} lines are alike");
    }
}

#[test]
fn a_dry_run_tells_logs_that_begin_alike_apart_as_a_run_does() {
    let house = House::new();
    let both = failures(0..20, "a");
    house.write("a-error.log", &(both.clone() + &failures(100..102, "a")));
    house.write("b-error.log", &both);
    house.count();
    house.write("a-error.log", &failures(102..103, "a"));
    house.rename("a-error.log", "a-error.log.1");
    house.write("b-error.log", &failures(100..101, "b"));
    house.pack("b-error.log", Pack::Gzip);
    let shown = house.program.aggregate(now(), &["--dry-run"]);
    assert_eq!(shown.status, 0, "{}", shown.words);
    let whole = "log/b-error.log.gz: what it holds (gzip)\n";
    assert!(shown.output.contains(whole), "{}", shown.output);
    assert_eq!(house.count(), 20 + 3 + 20 + 1);
}
