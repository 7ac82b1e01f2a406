use std::ops::Range;

use super::*;
use crate::rollup::{Clients, Minutes, Row, choose_example};

/// A bucket of a pool's peer that refused, which begins with this hour, with so many failures in each minute.
fn row(hour: i64, peer: &str, minutes: &[(usize, u32)]) -> Row {
    let mut list = [0; 24 * 60];
    for &(minute, failures) in minutes {
        list[minute] = failures;
    }
    let bucket = Moment(hour * 60 * MINUTE);
    let seen = |minute: usize| Moment(bucket.0 + minute as i64 * MINUTE);
    Row {
        bucket,
        pool: "shop".into(),
        host: "web1".into(),
        class: Class::ConnectRefused,
        phase: None,
        os_error: None,
        level: None,
        status: None,
        scheme: None,
        peer: Some(peer.into()),
        server: None,
        events: list.iter().map(|&failures| u64::from(failures)).sum(),
        clients: Clients::default(),
        minutes: Minutes::from_list(list),
        first_seen: seen(minutes[0].0),
        last_seen: seen(minutes[minutes.len() - 1].0),
        example: None,
    }
}

fn find(rows: &[Row]) -> Vec<Incident> {
    find_since(None, rows, &[])
}

/// Those since a moment; `before` are the rows before it.
fn find_since(since: Option<Moment>, rows: &[Row], before: &[Row]) -> Vec<Incident> {
    let mut failures = Failures::default();
    failures.add(before);
    failures.add(rows);
    let mut bursts = failures.bursts(&Thresholds::default(), since);
    let mut rows: Vec<&Row> = rows.iter().collect();
    rows.sort_by_key(|row| row.bucket);
    bursts.add(rows);
    bursts.incidents()
}

#[test]
fn the_example_of_a_bucket_counts_in_whichever_row_it_stands() {
    let early = row(100, "10.0.0.1:80", &[(3, 1)]);
    let burst = row(100, "10.0.0.2:80", &[(40, 30), (41, 30)]);
    let with = |row: &Row, example: &str| Row {
        example: Some(example.to_owned()),
        ..row.clone()
    };
    // One run has drawn one, two runs have drawn one each.
    let once = find(&[with(&early, "one"), burst.clone()]);
    assert_eq!(once.len(), 1);
    assert_eq!(once[0].peers, [("10.0.0.2:80".to_owned(), 60)]);
    assert_eq!(once[0].example.as_deref(), Some("one"));
    let drawn = choose_example(Some("one".to_owned()), Some("two".to_owned()));
    let twice = find(&[with(&early, "one"), with(&burst, "two")]);
    let other = find(&[with(&early, "two"), with(&burst, "one")]);
    assert_eq!(twice[0].example, drawn);
    assert_eq!(twice, other);
}

#[test]
fn what_an_inner_incident_has_the_outer_one_has_not() {
    // Quiet at first, then one a minute for a day, and in two of its hours a burst.
    let hour = |hour: i64| {
        let height = |minute: usize| match (hour, minute) {
            (110 | 112, 10..20) => 100,
            _ => 1,
        };
        let minutes: Vec<_> = (0..60).map(|minute| (minute, height(minute))).collect();
        row(hour, "10.0.0.1:80", &minutes)
    };
    let mut rows = vec![row(10, "10.0.0.1:80", &[(0, 1)])];
    rows.extend((100..124).map(hour));
    rows.push(row(200, "10.0.0.1:80", &[(0, 1)]));
    let found = find(&rows);
    let told: Vec<_> = found
        .iter()
        .map(|incident| {
            (
                incident.started.0 / MINUTE,
                incident.events,
                incident.peak_per_minute,
            )
        })
        .collect();
    let outer = 24 * 60 - 20;
    assert_eq!(
        told,
        [(6_000, outer, 1), (6_610, 1_000, 100), (6_730, 1_000, 100)]
    );
}

#[test]
fn it_does_not_matter_in_which_order_rows_come_or_how_wide_their_buckets_are() {
    let burst = |from: usize| {
        (from..from + 9)
            .map(|minute| (minute, 9))
            .collect::<Vec<_>>()
    };
    let hours: Vec<Row> = (96..120).map(|hour| row(hour, "a", &burst(20))).collect();
    let all: Vec<_> = (0..24).flat_map(|hour| burst(hour * 60 + 20)).collect();
    let found = find(&hours);
    assert!(!found.is_empty());
    assert_eq!(find(&[row(96, "a", &all)]), found);
    let mut backwards = hours;
    backwards.reverse();
    assert_eq!(find(&backwards), found);
}

#[test]
fn what_was_before_tells_what_is_usual_and_is_not_told_itself() {
    // Eleven failures every twenty minutes, for days.
    let noise = |hours: Range<i64>| -> Vec<Row> {
        let hour = |hour| row(hour, "a", &[(5, 11), (25, 11), (45, 11)]);
        hours.map(hour).collect()
    };
    let mut night = noise(124..129);
    assert!(!find(&night).is_empty());
    let since =
        |rows: &[Row], before: &[Row]| find_since(Some(Moment(124 * 60 * MINUTE)), rows, before);
    assert_eq!(since(&night, &noise(20..124)), []);
    let outage: Vec<_> = (10..40).map(|minute| (minute, 60)).collect();
    night[3] = row(127, "a", &outage);
    let found = since(&night, &noise(20..124));
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].events, found[0].is_from_before), (1_800, false));
    // One that began before.
    let mut before = noise(20..124);
    before[103] = row(
        123,
        "a",
        &(30..60).map(|minute| (minute, 60)).collect::<Vec<_>>(),
    );
    night[0] = row(
        124,
        "a",
        &(0..20).map(|minute| (minute, 60)).collect::<Vec<_>>(),
    );
    let found = since(&night, &before);
    assert_eq!(found.len(), 2);
    let first = (found[0].started, found[0].events, found[0].is_from_before);
    assert_eq!(first, (Moment(124 * 60 * MINUTE), 1_200, true));
}
