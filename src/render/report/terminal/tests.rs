use textwrap::core::display_width;

use crate::taxonomy::Class;

use super::super::document::Incident;
use super::super::samples::{
    HOSTILE, all, empty, failed, from_dataset, hostile, incident, night, one_event,
};
use super::*;

const STYLE: Style = Style {
    colour: false,
    unicode: true,
    columns: 80,
    everything: false,
};

fn shown(document: &Document, style: Style) -> String {
    Terminal { document, style }.to_string()
}

#[test]
fn what_has_to_be_known_first_stands_first() {
    let report = shown(&night(), STYLE);
    let expected = "\
2,826 failures in 3 pools, 9 other events
Most in shop: 942 (33 %), socket_missing, 900 of them from 11-24 02:13 to 03:00
(47 min), when blog failed too
3.1 times as many as in the day before (900), usually 851 (3 of the 7 before are
known)
1 of 3 pools is worse than usual, new: header_too_big in shop
from 2026-11-24 01:00:00 to 2026-11-25 00:59:00 (Europe/Berlin)
";
    assert!(report.starts_with(expected), "{report}");
    let sections = [
        "INCIDENTS",
        "FAILING ALL ALONG",
        "FAILURES OVER TIME",
        "POOLS",
        "WHAT TO DO",
        "CHANGED",
        "SITES",
        "REQUESTS",
        "CLIENTS",
        "NOT UNDERSTOOD",
        "Read:",
    ];
    let places: Vec<_> = sections
        .iter()
        .map(|section| report.find(&format!("\n{section}")).unwrap())
        .collect();
    assert!(places.is_sorted(), "{report}");
}

#[test]
fn incidents_that_started_together_stand_together() {
    let report = shown(&night(), STYLE);
    let (_, incidents) = report.split_once("\nINCIDENTS\n").unwrap();
    let expected = "     FROM         TO     LENGTH  POOL  FAILED  PEAK/MIN
  ┌  11-24 02:13  03:00  47 min  shop     900        71  ████████
  │     socket_missing  unix:/run/php/shop.sock and 1 more
  └  11-24 02:14  03:04  50 min  blog     900        71  ████████
        socket_missing  unix:/run/php/shop.sock and 1 more
     11-24 11:00  11:20  20 min  blog     900        71  ████████
        socket_missing  unix:/run/php/shop.sock and 1 more

FAILING ALL ALONG
  POOL           FAILED  A MINUTE  CLASS           PEER
  10.0.0.7:8080     900       0.6  socket_missing  unix:/run/php/sh… and 1 more
";
    assert!(incidents.starts_with(expected), "{report}");
}

#[test]
fn an_incident_that_the_data_cuts_has_no_time_there() {
    let mut document = night();
    document.incidents = vec![
        Incident {
            is_from_before: true,
            ..incident("shop", 0, 0..20)
        },
        Incident {
            is_going_on: true,
            ..incident("blog", 1, 1400..1440)
        },
    ];
    let report = shown(&document, STYLE);
    assert!(
        report.contains("earlier      01:20    20 min  shop"),
        "{report}"
    );
    assert!(
        report.contains("11-25 00:20  the end  40 min  blog"),
        "{report}"
    );
    assert!(
        report.contains("from the beginning until\n11-24 01:20"),
        "{report}"
    );
}

#[test]
fn an_outage_with_which_a_short_log_begins_is_an_incident() {
    let mut document = night();
    let lasting = |minutes| Incident {
        is_from_before: true,
        is_going_on: true,
        ..incident("shop", 0, 0..minutes)
    };
    document.incidents = vec![lasting(359)];
    let report = shown(&document, STYLE);
    assert!(
        report.contains("900 of them since 11-24 01:00, to the\nend"),
        "{report}"
    );
    assert!(
        report.contains("\nINCIDENTS\n") && !report.contains("ALL ALONG"),
        "{report}"
    );
    document.incidents = vec![lasting(360)];
    let report = shown(&document, STYLE);
    assert!(
        !report.contains("\nINCIDENTS\n") && report.contains("\nFAILING ALL ALONG\n"),
        "{report}"
    );
}

#[test]
fn the_worst_incident_is_told_where_another_pool_fails_more() {
    let mut document = night();
    document.pools.swap(0, 2);
    let report = shown(&document, STYLE);
    let expected = "
Most in 10.0.0.7:8080: 942 (33 %), socket_missing, all along
Worst incident: shop, socket_missing, 900 from 11-24 02:13 to 03:00 (47 min),
when blog failed too
";
    assert!(report.contains(expected), "{report}");
}

#[test]
fn failures_over_time_are_strips_with_times_below() {
    let strips = |document: &Document, unicode| {
        let report = shown(document, Style { unicode, ..STYLE });
        let (_, strips) = report.split_once("FAILURES OVER TIME, ").unwrap();
        let (strips, _) = strips.split_once("\n\n").unwrap();
        strips.to_owned()
    };
    assert_eq!(
        strips(&night(), true),
        "1 h a character, each row to its own peak
                                            PEAK
  all pools      ▁█▃▁▁▁▁▁▁▁▁▁▁·▁▁▁▁▁▁▁▁▁▁  2,100
  shop           ▁█▃▁▁▁▁▁▁▁▁▁▁·▁▁▁▁▁▁▁▁▁▁    700
  blog           ▁█▃▁▁▁▁▁▁▁▁▁▁·▁▁▁▁▁▁▁▁▁▁    700
  10.0.0.7:8080  ▁█▃▁▁▁▁▁▁▁▁▁▁·▁▁▁▁▁▁▁▁▁▁    700
                 01:00   09:00   17:00"
    );
    let mut week = failed(
        &["shop"],
        Class::SocketMissing,
        &[&[900], &[1; 167][..]].concat(),
    );
    assert_eq!(
        strips(&week, false),
        "4 h a character, each row to its own peak
                                                    PEAK
  shop  #:::::::::::::::::::::::::::::::::::::::::   903
              11-25 11-26 11-27 11-28 11-29 11-30"
    );
    week.timeline.truncate(1);
    week.pools[0].by_bucket.truncate(1);
    assert!(!shown(&week, STYLE).contains("OVER TIME"));
}

#[test]
fn a_clean_report_says_so() {
    let report = shown(&empty(), STYLE);
    assert_eq!(
        report,
        "No upstream failed: no record is about one\n\nRead: 1 file, 0 B, 0 lines, 0 records, 0 events.\n"
    );
    let colour = Style {
        colour: true,
        ..STYLE
    };
    assert!(shown(&empty(), colour).starts_with("\u{1b}[32mNo upstream failed"));
    assert!(shown(&night(), colour).starts_with("\u{1b}[1m\u{1b}[31m2,826 failures"));
}

#[test]
fn one_event_is_told_in_few_lines() {
    let report = shown(&one_event(), STYLE);
    assert!(
        report.starts_with(
            "1 failure in 1 pool\nAll in 127.0.0.1:8080: connect_refused, at 11-24 01:"
        ),
        "{report}"
    );
    assert!(report.lines().count() < 24, "{report}");
}

#[test]
fn a_dataset_and_its_last_run_are_named() {
    let report = shown(&from_dataset(), STYLE);
    assert!(!report.contains("REQUESTS"), "{report}");
    assert!(
        report.ends_with(
            "Read: the dataset /var/lib/badgateway, 12 rows, 2,826 events.
The last run added to it at 2026-11-26 03:00:00.
Asked for: from 2026-11-24 01:00:00 up to 2026-11-25 01:00:00.
"
        ),
        "{report}"
    );
}

#[test]
fn every_report_fits_its_columns_and_acts_on_no_terminal() {
    for document in all() {
        for columns in [60, 80] {
            for everything in [false, true] {
                for unicode in [false, true] {
                    let report = shown(
                        &document,
                        Style {
                            columns,
                            everything,
                            unicode,
                            ..STYLE
                        },
                    );
                    for line in report.lines() {
                        assert!(
                            display_width(line) <= columns,
                            "{columns}: {line}\n{report}"
                        );
                        assert!(
                            !line.contains(crate::render::safe::is_shown_as_escape),
                            "{line:?}"
                        );
                        assert_eq!(line, line.trim_end());
                    }
                }
            }
        }
    }
}

#[test]
fn without_unicode_only_names_have_more_than_ascii() {
    for document in all() {
        let report = shown(
            &document,
            Style {
                unicode: false,
                ..STYLE
            },
        );
        let is_name = |letter: char| "商店\u{301}".contains(letter);
        let odd: String = report
            .chars()
            .filter(|letter| !letter.is_ascii() && !is_name(*letter))
            .collect();
        assert_eq!(odd, "", "{report}");
    }
}

#[test]
fn colour_adds_nothing_but_colour() {
    for document in all() {
        let colour = Style {
            colour: true,
            ..STYLE
        };
        let coloured = shown(&document, colour);
        let mut plain = String::new();
        let mut rest = coloured.as_str();
        // Each sequence is one of ours: a stranger's would have become an escape.
        while let Some((before, after)) = rest.split_once("\u{1b}[") {
            plain += before;
            let (codes, after) = after.split_once('m').unwrap();
            assert!(
                ["0", "1", "2", "31", "32", "33"].contains(&codes),
                "{codes}"
            );
            rest = after;
        }
        plain += rest;
        assert_eq!(plain, shown(&document, STYLE));
    }
}

#[test]
fn the_quiet_report_is_short_and_the_other_has_all() {
    let documents = all();
    let many = documents.iter().max_by_key(|document| document.pools.len());
    let report = shown(many.unwrap(), STYLE);
    assert!(report.lines().count() < 80, "{report}");
    assert!(report.contains("… and 288 more pools"), "{report}");
    assert!(!report.contains("pool-299"), "{report}");
    let everything = Style {
        everything: true,
        ..STYLE
    };
    assert!(shown(many.unwrap(), everything).contains("pool-299"));
}

#[test]
fn a_strangers_text_stands_there_as_escapes() {
    let report = shown(&hostile(HOSTILE), STYLE);
    assert!(report.contains("<script>"), "{report}");
    let short = shown(&hostile("a\u{1b}[31m"), STYLE);
    assert!(short.contains("Most in a\\u{1b}[31m: "), "{short}");
    assert!(
        short.contains("\n  a\\u{1b}[31m, a\\u{1b}[31m and 1 more: socket_missing\n"),
        "{short}"
    );
}
