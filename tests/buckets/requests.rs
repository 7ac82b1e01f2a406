//! What a service is asked for, which is what it is paid for.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::house::{House, aggregating, url};
use super::line::{Fate, Line, Request};

/// How often it was asked for what.
type Asked = BTreeMap<&'static str, u32>;

/// What a request asks for.
fn kind(line: &str) -> &'static str {
    let is = |part: &str| line.contains(part);
    match line.split(' ').next().unwrap() {
        "GET" if is("list-type=2") => "LIST",
        "GET" if is("/manifest.json") => "GET manifest",
        "GET" if is("/hourly/") => "GET file",
        "GET" if is("/incidents/") => "GET incidents",
        "HEAD" if is("/incidents/") => "HEAD incidents",
        "PUT" if is("/manifest.json") => "PUT manifest",
        "PUT" if is("/hourly/") => "PUT file",
        "PUT" if is("/incidents/") => "PUT incidents",
        "PUT" if is(".lock") => "PUT mark",
        "POST" if is("?delete") => "POST delete",
        _ => panic!("{line}"),
    }
}

fn asked(house: &House, arguments: &[&str]) -> Asked {
    let asked: Arc<Mutex<Asked>> = Arc::default();
    let ours = Arc::clone(&asked);
    let line = Line::new(house.server.port, move |request: Request<'_>| {
        *ours.lock().unwrap().entry(kind(request.line)).or_default() += 1;
        Fate::Answered
    });
    house.run_at(line.port, arguments);
    asked.lock().unwrap().clone()
}

#[test]
#[ignore = "needs moto; tests/all installs it"]
fn each_file_of_a_dataset_is_asked_for_once_and_the_table_is_listed_as_often_as_it_may_have_changed()
 {
    let house = House::new();
    let night = |day: u16| {
        let name = format!("{day}-error.log");
        let log = house.log(&name, &format!("2026/01/{day:02}"), 8000..8005);
        aggregating(&log, "nights")
    };
    for day in 1..=3 {
        house.run(&night(day).each_ref().map(String::as_str));
    }
    let fourth = night(4);
    let fourth = fourth.each_ref().map(String::as_str);
    // Before the work, to commit, and for the table of incidents.
    let expected = [
        ("GET file", 4),
        ("GET incidents", 1),
        ("GET manifest", 4),
        ("HEAD incidents", 1),
        ("LIST", 3),
        ("PUT file", 1),
        ("PUT incidents", 1),
        ("PUT mark", 1),
    ];
    assert_eq!(asked(&house, &fourth), Asked::from(expected));
    let nothing_new = [
        ("GET file", 4),
        ("GET incidents", 1),
        ("GET manifest", 2),
        ("HEAD incidents", 1),
        ("LIST", 2),
        ("PUT mark", 1),
    ];
    assert_eq!(asked(&house, &fourth), Asked::from(nothing_new));
    let place = url("nights");
    let compact = ["compact", "-q", "--dataset", &place];
    let compacted = [
        ("GET file", 4),
        ("GET manifest", 1),
        ("LIST", 1),
        ("POST delete", 1),
        ("PUT file", 1),
        ("PUT manifest", 1),
    ];
    assert_eq!(asked(&house, &compact), Asked::from(compacted));
    // When a run has begun last is asked for as well.
    let report = ["report", "-q", "--since", "2026-01-01", "--dataset", &place];
    let reported = [("GET file", 1), ("GET manifest", 1), ("LIST", 2)];
    assert_eq!(asked(&house, &report), Asked::from(reported));
}
