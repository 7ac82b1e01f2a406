use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use super::*;
use crate::record::Moment;
use crate::rollup::{Clients, Minutes, Row};
use crate::taxonomy::Class;

const HOUR: i64 = 3_600_000_000;

fn row(hour: i64, pool: &str, peer: &str, server: &str, events: u64) -> Row {
    let bucket = Moment(hour * HOUR);
    Row {
        bucket,
        pool: pool.into(),
        host: "web1".into(),
        class: Class::ConnectRefused,
        phase: None,
        os_error: None,
        level: None,
        status: Some(502),
        scheme: None,
        peer: Some(peer.into()),
        server: Some(server.into()),
        events,
        clients: clients([number_of(server)]),
        minutes: Minutes::from_list([events as u32]),
        first_seen: bucket,
        last_seen: bucket,
        example: Some(format!("{hour} {pool}")),
    }
}

/// A client of its own for each number.
fn clients(numbers: impl IntoIterator<Item = u64>) -> Clients {
    let mut clients = Clients::default();
    for number in numbers {
        clients.add(&number.to_le_bytes());
    }
    clients
}

/// The digits of a name.
fn number_of(name: &str) -> u64 {
    let digits: String = name.chars().filter(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(u64::MAX)
}

fn kept(rows: &[Row], is_known: impl Fn(&str) -> bool) -> Option<Arc<Kept>> {
    Kept::chosen_of(rows, is_known).map(Arc::new)
}

fn folded(mut rows: Vec<Row>, is_known: impl Fn(&str) -> bool) -> Vec<Row> {
    rows.sort_by(Row::order);
    let kept = kept(&rows, is_known).unwrap();
    let (rows, others): (Vec<Row>, Vec<Row>) =
        rows.into_iter().partition(|row| kept.has_pool(&row.pool));
    let [rows, others] = [rows, others].map(|rows| rows.into_iter().map(Ok));
    let folded: io::Result<Vec<Row>> = Folded::new(kept, rows, others).collect();
    let folded = folded.unwrap();
    assert!(folded.is_sorted_by(|one, other| one.order(other).is_lt()));
    folded
}

/// Events by what `name` tells of a row.
fn sums(rows: &[Row], name: impl Fn(&Row) -> &str) -> BTreeMap<String, u64> {
    let mut sums = BTreeMap::new();
    for row in rows {
        *sums.entry(name(row).to_owned()).or_default() += row.events;
    }
    sums
}

#[test]
fn few_names_are_all_kept() {
    let rows: Vec<Row> = (0..MOST_POOLS)
        .map(|number| row(0, &number.to_string(), "peer", "server", 1))
        .collect();
    assert!(kept(&rows, |_| false).is_none());
    assert!(Few::of(&rows).are_few());
    let one_more = row(0, "one more", "peer", "server", 1);
    let mut few = Few::of(&rows);
    few.merge(Few::of(&[one_more]));
    assert!(!few.are_few());
}

#[test]
fn the_pools_that_fail_most_keep_their_names_and_all_others_are_counted_together() {
    // Two hours of a crowd in which each fails once, one pool that fails often, and one that is known.
    let crowd = (0..2).flat_map(|hour| {
        (0..40_000).map(move |number| row(hour, &format!("p{number}"), "peer", "crowd", 1))
    });
    let shop = (0..2).map(|hour| row(hour, "shop", "10.0.0.1:80", "shop.example", 5));
    let known = row(1, "blog", "10.0.0.2:80", "blog.example", 1);
    let rows: Vec<Row> = crowd.chain(shop).chain([known]).collect();
    let folded = folded(rows, |pool| pool == "blog");
    let pools = sums(&folded, |row| &row.pool);
    assert_eq!((pools["shop"], pools["blog"]), (10, 1));
    assert!(pools.len() <= MOST_POOLS + 2, "{}", pools.len());
    assert_eq!(pools.values().sum::<u64>(), 80_011);
    let of = |pool: &'static str| folded.iter().filter(move |row| *row.pool == *pool);
    assert!(of("shop").all(|row| row.peer.as_deref() == Some("10.0.0.1:80")));
    assert!(of("blog").all(|row| row.server.as_deref() == Some("blog.example")));
    // One row of others in each hour, with the server that they have in common, and one example.
    let others: Vec<&Row> = of(OTHER).collect();
    assert_eq!(others.len(), 2);
    for other in others {
        assert_eq!(other.peer.as_deref(), Some(OTHER));
        assert_eq!(other.server.as_deref(), Some("crowd"));
        assert!(other.example.is_some());
        let minutes: u32 = other.minutes.counts().map(|count| count.1).sum();
        assert_eq!(u64::from(minutes), other.events);
    }
}

#[test]
fn of_a_pool_those_peers_and_servers_keep_their_names_that_fail_most() {
    let many = (0..50_000).map(|number| {
        let (peer, server) = (format!("10.0.0.1:{number}"), format!("s{number}"));
        row(0, "shop", &peer, &server, 1 + u64::from(number == 777))
    });
    let folded = folded(many.collect(), |_| false);
    let peers = sums(&folded, |row| row.peer.as_deref().unwrap());
    let servers = sums(&folded, |row| row.server.as_deref().unwrap());
    assert_eq!((peers["10.0.0.1:777"], servers["s777"]), (2, 2));
    for names in [&peers, &servers] {
        assert!(names[OTHER] > 30_000 && names.len() < 10_000);
        assert_eq!(names.values().sum::<u64>(), 50_001);
    }
    // The sketch of all that were counted together is the one that all of their clients make.
    let is_other = |row: &&Row| row.server.as_deref() == Some(OTHER);
    let other = folded.iter().find(is_other).unwrap();
    let all = 0..50_000;
    let others = all.filter(|number| !servers.contains_key(&format!("s{number}")));
    assert_eq!(other.clients, clients(others));
}

#[test]
fn names_that_are_kept_do_not_make_too_many_rows_together() {
    let names: Vec<String> = (0..400).map(|number| number.to_string()).collect();
    let crossed = names.iter().flat_map(|peer| {
        names
            .iter()
            .map(move |server| row(0, "shop", peer, server, 1))
    });
    let crowd = (0..30_000).map(|number| row(0, &format!("p{number}"), "peer", "crowd", 1));
    let folded = folded(crossed.chain(crowd).collect(), |_| false);
    assert!(folded.len() < 80_000, "{}", folded.len());
    assert_eq!(sums(&folded, |row| &row.pool)["shop"], 160_000);
}

#[test]
fn who_calls_a_pool_other_is_one_of_them() {
    let crowd = (0..30_000).map(|number| row(0, &format!("p{number}"), "peer", "crowd", 1));
    let named = row(0, OTHER, "10.0.0.1:80", "shop", 100);
    let folded = folded(crowd.chain([named]).collect(), |pool| pool == OTHER);
    let others: Vec<&Row> = folded.iter().filter(|row| *row.pool == *OTHER).collect();
    assert!(others.iter().all(|row| row.peer.as_deref() == Some(OTHER)));
    assert_eq!(others.iter().filter(|row| row.example.is_some()).count(), 1);
    assert_eq!(sums(&folded, |row| &row.pool).values().sum::<u64>(), 30_100);
}

#[test]
fn a_name_that_nothing_is_called_is_not_told_apart() {
    assert_eq!(not_too_long(&[b'x'; 1_024]), [b'x'; 1_024]);
    assert_eq!(not_too_long(&[b'x'; 1_025]), OTHER.as_bytes());
}
