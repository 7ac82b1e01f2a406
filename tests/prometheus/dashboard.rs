//! Grafana's dashboard: what its panels and variables ask Prometheus for is asked as Grafana would, and compared
//! with DuckDB's sums in the dataset.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::Value;

use crate::house::{HOUR, House};
use crate::panels::{Finds, PANELS};
use crate::server::{Server, label};
use crate::view::{VIEWS, View, WEEK, step};

/// Rows by their labels.
type Rows = Vec<(Vec<String>, f64)>;

fn dashboard() -> Value {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/grafana/dashboards/badgateway-prometheus.json"
    );
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// What Prometheus has answered to a panel, and the question to the dataset that must be answered alike.
struct Asked {
    title: String,
    letter: String,
    query: String,
    found: Rows,
    sql: String,
    labels: &'static [&'static str],
    finds: &'static Finds,
    is_even: bool,
}

#[test]
#[ignore = "needs Prometheus and DuckDB; tests/all sets it up"]
fn every_panel_shows_what_the_dataset_holds() {
    let house = House::of_a_week();
    let prometheus =
        Server::prometheus(&house.back_fill(&house.export(&["--format", "openmetrics"])));
    let dashboard = dashboard();
    let mut full = BTreeSet::new();
    for view in &VIEWS {
        let asked = ask_all(&dashboard, &prometheus, view);
        assert_eq!(asked.len(), PANELS.len());
        let sql: Vec<String> = asked.iter().map(|asked| asked.sql.clone()).collect();
        for (asked, answer) in asked.into_iter().zip(house.duckdb_each(&sql)) {
            let expected = rows(answer, asked.labels);
            let panel = (asked.title, asked.letter);
            let what = format!(
                "{panel:?} of {view:?}: {}\n{:?}\n{expected:?}",
                asked.query, asked.found
            );
            if !asked.found.is_empty() {
                full.insert(panel);
            } else {
                assert_ne!(panel.0, "Failures", "{view:?} is of nothing");
            }
            check(asked.found, expected, asked.finds, asked.is_even, &what);
        }
    }
    let all: BTreeSet<(String, String)> = PANELS
        .iter()
        .map(|panel| (panel.0.to_owned(), panel.1.to_owned()))
        .collect();
    assert_eq!(full, all, "a panel is always empty");
}

fn ask_all(dashboard: &Value, prometheus: &Server, view: &View) -> Vec<Asked> {
    let panels = dashboard["panels"].as_array().unwrap().iter();
    let targets = panels.flat_map(|panel| {
        let targets = panel["targets"].as_array().unwrap().iter();
        targets.map(move |target| (panel, target))
    });
    targets
        .map(|(panel, target)| ask(panel, target, prometheus, view))
        .collect()
}

fn ask(panel: &Value, target: &Value, prometheus: &Server, view: &View) -> Asked {
    let [title, letter] = [&panel["title"], &target["refId"]].map(|text| text.as_str().unwrap());
    let mut known = PANELS.iter();
    let known = known.find(|panel| (panel.0, panel.1) == (title, letter));
    let (_, _, labels, sql, finds) = known.unwrap_or_else(|| panic!("{title} {letter} is unknown"));
    let step = step(
        view.range(),
        panel["maxDataPoints"].as_i64().unwrap_or(1_400),
    );
    let query = view.expanded(target["expr"].as_str().unwrap(), step);
    let (found, tables) = match target["instant"] == true {
        true => (
            at(prometheus, &query, view.to, labels),
            view.tables(view.from, view.to, HOUR),
        ),
        false => {
            // Grafana has times that are whole steps.
            let [start, end] = [view.from, view.to].map(|time| time / step * step);
            (
                over(prometheus, &query, [start, end, step], labels),
                view.tables(start - step, end, step),
            )
        }
    };
    Asked {
        title: title.to_owned(),
        letter: letter.to_owned(),
        query,
        found,
        sql: format!("SELECT * REPLACE (value::DOUBLE AS value) FROM ({tables}{sql})"),
        labels,
        finds,
        // The pools that failed most are chosen from the time until the end, not from that of all steps.
        is_even: view.from % step == 0 && view.to % step == 0,
    }
}

fn check(mut found: Rows, mut expected: Rows, finds: &Finds, is_even: bool, what: &str) {
    let sort = |rows: &mut Rows| rows.sort_by(|one, other| one.partial_cmp(other).unwrap());
    sort(&mut found);
    sort(&mut expected);
    let is_same = |one: &(Vec<String>, f64), other: &(Vec<String>, f64)| {
        one.0 == other.0 && (one.1 - other.1).abs() <= 1e-9 * other.1.abs()
    };
    let groups = |of: &Rows, labels: usize| -> BTreeMap<Vec<String>, f64> {
        let mut groups = BTreeMap::new();
        for (key, value) in of {
            *groups.entry(key[..labels].to_vec()).or_default() += value;
        }
        groups
    };
    match *finds {
        Finds::All => {}
        Finds::AtLeast => {
            let at_least = |one: &(Vec<String>, f64), other: &(Vec<String>, f64)| {
                one.0 == other.0 && one.1 >= other.1
            };
            assert!(found.len() == expected.len(), "{what}");
            let mut pairs = found.iter().zip(&expected);
            assert!(pairs.all(|(one, other)| at_least(one, other)), "{what}");
            return;
        }
        Finds::Most(number, labels) => {
            let (shown, all) = (groups(&found, labels), groups(&expected, labels));
            assert_eq!(shown.len(), all.len().min(number), "{what}");
            let least = shown.values().copied().fold(f64::INFINITY, f64::min);
            let is_shown = |key: &[String]| shown.contains_key(&key[..labels]);
            let mut left_out = all.iter().filter(|(key, _)| !is_shown(key));
            assert!(!is_even || left_out.all(|(_, &sum)| sum <= least), "{what}");
            expected.retain(|(key, _)| is_shown(key));
        }
        Finds::OneOf(labels) => {
            let groups = groups(&expected, labels).len();
            assert_eq!(found.len(), groups, "{what}");
            expected.retain(|row| found.iter().any(|other| is_same(other, row)));
            expected.dedup();
        }
    }
    let mut pairs = found.iter().zip(&expected);
    assert!(
        found.len() == expected.len() && pairs.all(|(one, other)| is_same(one, other)),
        "{what}"
    );
}

/// What a query finds at a time.
fn at(prometheus: &Server, query: &str, time: i64, labels: &[&str]) -> Rows {
    let data = prometheus.api("query", &[("query", query), ("time", &time.to_string())]);
    let series = data["result"].as_array().unwrap();
    let row = |series: &Value| (key(series, labels, 0), number(&series["value"][1]));
    series.iter().map(row).collect()
}

/// What a query finds at each step of a time.
fn over(prometheus: &Server, query: &str, times: [i64; 3], labels: &[&str]) -> Rows {
    let mut rows = Rows::new();
    for series in prometheus.range(query, times) {
        for value in series["values"].as_array().unwrap() {
            let time = value[0].as_i64().unwrap();
            rows.push((key(&series, labels, time), number(&value[1])));
        }
    }
    rows
}

fn key(series: &Value, labels: &[&str], time: i64) -> Vec<String> {
    let value = |name: &&str| match *name {
        "time" => time.to_string(),
        name => label(series, name),
    };
    labels.iter().map(value).collect()
}

fn number(value: &Value) -> f64 {
    value.as_str().unwrap().parse().unwrap()
}

/// What DuckDB has found; a row without a value is none.
fn rows(mut answer: Vec<BTreeMap<String, String>>, labels: &[&str]) -> Rows {
    answer.retain(|row| row["value"] != "null");
    let row = |row: BTreeMap<String, String>| {
        let key = labels.iter().map(|label| row[*label].clone()).collect();
        (key, row["value"].parse().unwrap())
    };
    answer.into_iter().map(row).collect()
}

#[test]
#[ignore = "needs Prometheus and DuckDB; tests/all sets it up"]
fn every_variable_offers_what_the_dataset_holds() {
    let house = House::of_a_week();
    let prometheus =
        Server::prometheus(&house.back_fill(&house.export(&["--format", "openmetrics"])));
    let view = View {
        host: &["web2"],
        ..WEEK
    };
    let dashboard = dashboard();
    let variables = dashboard["templating"]["list"].as_array().unwrap();
    let mut asked = Vec::new();
    for variable in variables
        .iter()
        .filter(|variable| variable["type"] == "query")
    {
        let query = variable["query"]["query"].as_str().unwrap();
        assert_eq!(variable["definition"], query);
        let query = view.expanded(query, HOUR);
        let inside = query
            .strip_prefix("label_values(")
            .unwrap()
            .strip_suffix(')')
            .unwrap();
        let (series, label) = inside.rsplit_once(", ").unwrap();
        let [start, end] = [view.from, view.to].map(|time| time.to_string());
        let parameters = [("match[]", series), ("start", &start), ("end", &end)];
        let found = prometheus.api(&format!("label/{label}/values"), &parameters);
        let found: Vec<&str> = found
            .as_array()
            .unwrap()
            .iter()
            .map(|value| value.as_str().unwrap())
            .collect();
        let host = match label {
            "host" => "true",
            _ => "host = 'web2'",
        };
        let rows = house.duckdb(&format!(
            "SELECT DISTINCT {label} FROM read_parquet($hourly) WHERE kind = 'F' AND {host} ORDER BY {label}"
        ));
        let expected: Vec<&str> = rows.iter().map(|row| row[label].as_str()).collect();
        assert_eq!(found, expected);
        asked.push(variable["name"].as_str().unwrap());
    }
    assert_eq!(asked, ["host", "pool", "class"]);
}
