//! What each panel must say of the rows that are chosen.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration};

use super::choice::{Choice, everything, largest, sums};
use super::house::{Answer, House, Row, text};
use super::macros::Window;

/// Holds what a panel draws to the dataset.
pub fn holds(title: &str, answer: &Answer, choice: &Choice, house: &House) {
    let failures = || choice.rows(house, true);
    let total: u64 = failures().map(|row| row.events).sum();
    let per_pool = sums(failures(), |row| row.pool.clone());
    match title {
        "Failures" => assert_eq!(answer.rows[0]["failures"], total as f64),
        "Against the period before" => {
            let length = choice.window.time.end - choice.window.time.start;
            let before = choice.window.time.start - length..choice.window.time.start;
            let before = Choice {
                window: Window {
                    // What begins with the range is of the range.
                    time: before.start..before.end - Duration::seconds(1),
                    step: choice.window.step,
                },
                ..everything()
            };
            let before: u64 = before.rows(house, true).map(|row| row.events).sum();
            let said = &answer.rows[0]["change"];
            if before == 0 || !choice.pools.is_empty() {
                assert!(said.is_null(), "{said}");
            } else {
                let change = 100.0 * (total as f64 / before as f64 - 1.0);
                assert!(
                    (said.as_f64().unwrap() - change).abs() < 0.001,
                    "{said} is not {change}"
                );
            }
        }
        "Pool that failed most" | "Its share" | "Failing since" => {
            let (pool, most) = largest(per_pool, 1).into_iter().next().unwrap();
            let row = &answer.rows[0];
            assert_eq!(
                (text(&row["pool"]), row["failures"].as_f64()),
                (pool.as_str(), Some(most as f64))
            );
            let share = 100.0 * most as f64 / total as f64;
            assert!((row["percent"].as_f64().unwrap() - share).abs() < 0.001);
            let first = failures()
                .filter(|row| row.pool == pool)
                .map(|row| row.bucket)
                .min()
                .unwrap();
            let since = row["since"].as_f64().unwrap() / 1000.0 - first as f64;
            assert!((0.0..3600.0).contains(&since), "{since} s after the hour");
        }
        "Latest failure" => {
            let last = failures().map(|row| row.bucket).max().unwrap();
            let latest = answer.rows[0]["latest"].as_f64().unwrap() / 1000.0 - last as f64;
            assert!((0.0..3600.0).contains(&latest), "{latest} s after the hour");
        }
        "Failures over time, by class" => {
            assert_eq!(
                answer.sums("class", "failures"),
                sums(failures(), |row| row.class.clone())
            );
            in_steps(answer, choice);
        }
        "Pools by hour" => {
            assert_eq!(answer.sums("pool", "failures"), largest(per_pool, 25));
            in_steps(answer, choice);
            let times: BTreeSet<_> = answer.column("time").map(text).collect();
            let range = choice.window.time.end - choice.window.time.start;
            let steps = range.num_milliseconds() / choice.window.step.num_milliseconds();
            assert_eq!(times.len() as i64, steps + 1, "cells are missing");
        }
        "Pools" => {
            assert_eq!(answer.sums("pool", "failures"), per_pool);
            let of = |status| {
                failures()
                    .filter(move |row| row.status == Some(status))
                    .map(|row| row.events)
                    .sum::<u64>()
            };
            assert_eq!(
                (answer.sum("status_502"), answer.sum("status_504")),
                (of(502) as f64, of(504) as f64)
            );
            assert!((answer.sum("share") - 100.0).abs() < 0.001);
            for row in &answer.rows {
                let pool = text(&row["pool"]);
                let of_pool = || failures().filter(move |row| row.pool == pool);
                let worst = largest(sums(of_pool(), |row| row.class.clone()), 1);
                assert_eq!(
                    text(&row["worst_class"]),
                    worst.keys().next().unwrap(),
                    "{pool}"
                );
                let peers: BTreeSet<_> = of_pool().filter_map(|row| row.peer.as_deref()).collect();
                assert_eq!(row["peers"], peers.len(), "{pool}");
                let servers: BTreeSet<_> =
                    of_pool().filter_map(|row| row.server.as_deref()).collect();
                assert_eq!(row["servers"], servers.len(), "{pool}");
            }
        }
        "502 against 504" => {
            let status = |row: &Row| match row.status {
                Some(status @ (502 | 504)) => status.to_string(),
                _ => "other".to_owned(),
            };
            assert_eq!(answer.sums("status", "failures"), sums(failures(), status));
            in_steps(answer, choice);
        }
        "Vhosts" => {
            let server = |row: &Row| match row.server.as_deref() {
                None | Some("") => "(none)".to_owned(),
                Some(server) => server.to_owned(),
            };
            assert_eq!(
                answer.sums("server", "failures"),
                largest(sums(failures(), server), 15)
            );
        }
        "Peers" => {
            let peer = |row: &Row| match row.peer.as_deref() {
                Some(peer) if peer != row.pool => format!("{} · {peer}", row.pool),
                _ => row.pool.clone(),
            };
            assert_eq!(
                answer.sums("peer", "failures"),
                largest(sums(failures(), peer), 15)
            );
        }
        "Hours of the day" => {
            // Berlin is an hour ahead in November.
            let hour = |row: &Row| format!("{:02}", (row.bucket / 3600 + 1) % 24);
            let mut wanted: BTreeMap<_, _> =
                (0..24).map(|hour| (format!("{hour:02}"), 0)).collect();
            wanted.extend(sums(failures(), hour));
            assert_eq!(answer.sums("hour", "failures"), wanted);
        }
        "Degraded, or the client's doing" => {
            assert_eq!(
                answer.sums("class", "events"),
                sums(choice.rows(house, false), |row| row.class.clone())
            );
        }
        "What the log says" => {
            assert_eq!(answer.sum("failures"), total as f64);
            assert!(answer.column("example").any(|example| !example.is_null()));
        }
        "Incidents" => {
            let chosen = |list: &[&str], value| list.is_empty() || list.contains(&value);
            let time = choice.window.time.start.timestamp()..=choice.window.time.end.timestamp();
            let wanted = house.incidents.iter().filter(|incident| {
                chosen(&choice.pools, &incident.pool)
                    && chosen(&choice.classes, &incident.class)
                    && incident.ended >= *time.start()
                    && incident.started <= *time.end()
            });
            let wanted: Vec<_> = wanted.collect();
            assert_eq!(answer.rows.len(), wanted.len());
            let events: u64 = wanted.iter().map(|incident| incident.events).sum();
            let length: i64 = wanted
                .iter()
                .map(|incident| incident.ended - incident.started)
                .sum();
            assert_eq!(
                (answer.sum("events"), answer.sum("duration")),
                (events as f64, length as f64)
            );
        }
        _ => panic!("nobody looks at what {title} draws"),
    }
}

/// Times are where the steps begin.
fn in_steps(answer: &Answer, choice: &Choice) {
    for time in answer.column("time").map(text) {
        // As DuckDB prints it in the zone of the machine, five hours behind.
        let time = DateTime::parse_from_str(&format!("{time}00"), "%Y-%m-%d %H:%M:%S%z").unwrap();
        assert_eq!(
            time.timestamp_millis() % choice.window.step.num_milliseconds(),
            0,
            "{time}"
        );
    }
}
