//! Grafana's dashboard: what its panels and variables ask Prometheus for is asked as Grafana would, and compared
//! with DuckDB's sums in the dataset.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::Value;

use crate::house::{BEGIN, DAY, HOUR, House};
use crate::panels::{Finds, PANELS};
use crate::server::Server;

/// What somebody who looks at the dashboard has chosen.
#[derive(Debug)]
struct View {
    from: i64,
    to: i64,
    host: &'static [&'static str],
    pool: &'static [&'static str],
    class: &'static [&'static str],
}

const WEEK: View = View {
    from: BEGIN,
    to: BEGIN + 7 * DAY,
    host: &[],
    pool: &[],
    class: &[],
};

/// All hosts, pools and classes of a week, of two months and of odd times; one each; several, with letters that mean something
/// in patterns.
const VIEWS: [View; 6] = [
    WEEK,
    View {
        from: BEGIN - 53 * DAY,
        ..WEEK
    },
    View {
        from: BEGIN + 2 * DAY + 1_234,
        to: BEGIN + 4 * DAY + 77,
        ..WEEK
    },
    View {
        host: &["web2"],
        ..WEEK
    },
    View {
        pool: &["account_0"],
        class: &["response_timeout"],
        ..WEEK
    },
    View {
        pool: &["10.0.1.11:8080", "[2001:db8:4::2]:8080", "account_0"],
        class: &["connect_refused", "connect_timeout", "response_closed"],
        ..WEEK
    },
];

impl View {
    fn range(&self) -> i64 {
        self.to - self.from
    }

    /// What Grafana sends to Prometheus for a query.
    fn expanded(&self, query: &str, step: i64) -> String {
        let query = query
            .replace("$__range", &format!("{}s", self.range()))
            .replace("$__interval", &format!("{}h", step / HOUR))
            .replace("$bucket", "1h")
            .replace("$host", &pattern(self.host))
            .replace("$pool", &pattern(self.pool))
            .replace("$class", &pattern(self.class));
        assert!(!query.contains('$'), "{query}");
        query
    }

    /// The tables that [`PANELS`] speak of, with buckets that end behind `start` and up to `end`.
    fn tables(&self, start: i64, end: i64, step: i64) -> String {
        let chosen = |column, values| is_in(column, values);
        let (host, pool) = (chosen("host", self.host), chosen("pool", self.pool));
        let class = chosen("class", self.class);
        let before = start - self.range();
        format!(
            "WITH rows AS (SELECT *, epoch(bucket)::BIGINT + 3599 AS ends, (ends // {step} + 1) * {step} AS time \
             FROM read_parquet($hourly) WHERE {host} AND {pool}), \
             in_time AS (FROM rows WHERE ends > {start} AND ends <= {end}), \
             others AS (FROM in_time WHERE kind <> 'F'), \
             of_all_classes AS (FROM in_time WHERE kind = 'F'), \
             failures AS (FROM of_all_classes WHERE {class}), \
             before AS (FROM rows WHERE kind = 'F' AND {class} AND ends > {before} AND ends <= {start}) "
        )
    }
}

/// Values that were chosen, as Grafana puts them into a pattern; nothing chosen is what the dashboard says for All.
fn pattern(chosen: &[&str]) -> String {
    let escaped = |value: &&str| {
        let mut text = String::new();
        for character in value.chars() {
            match character {
                '\\' => text.push_str("\\\\\\\\"),
                '$' | '^' | '*' | '{' | '}' | '[' | ']' | '\'' | '+' | '?' | '.' | '(' | ')'
                | '|' => {
                    text.push_str("\\\\");
                    text.push(character);
                }
                _ => text.push(character),
            }
        }
        text
    };
    let values: Vec<String> = chosen.iter().map(escaped).collect();
    match &values[..] {
        [] => ".*".to_owned(),
        [value] => value.clone(),
        _ => format!("({})", values.join("|")),
    }
}

fn is_in(column: &str, values: &[&str]) -> String {
    let values: Vec<String> = values.iter().map(|value| format!("'{value}'")).collect();
    match values.is_empty() {
        true => "true".to_owned(),
        false => format!("{column} IN ({})", values.join(", ")),
    }
}

/// The step that Grafana takes: as many points as the panel is wide, rounded, and no shorter than a bucket.
fn step(range: i64, points: i64) -> i64 {
    let steps = [(90, 1), (150, 2), (270, 3), (540, 6), (1_440, 12)];
    let minutes = range / points / 60;
    let found = steps.iter().find(|&&(below, _)| minutes < below);
    found.map_or(DAY, |&(_, hours)| hours * HOUR)
}

/// Rows by their labels.
type Rows = Vec<(Vec<String>, f64)>;

fn dashboard() -> Value {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/grafana/dashboards/badgateway-prometheus.json"
    );
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
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
        let mut queries = 0;
        for panel in dashboard["panels"].as_array().unwrap() {
            for target in panel["targets"].as_array().unwrap() {
                queries += 1;
                let [title, letter] =
                    [&panel["title"], &target["refId"]].map(|text| text.as_str().unwrap());
                let known = PANELS
                    .iter()
                    .find(|panel| (panel.0, panel.1) == (title, letter));
                let (_, _, labels, sql, finds) =
                    known.unwrap_or_else(|| panic!("{title} {letter} is unknown"));
                let points = panel["maxDataPoints"].as_i64().unwrap_or(1_400);
                let step = step(view.range(), points);
                let is_instant = target["instant"] == true;
                let [start, end] = match is_instant {
                    true => [view.from, view.to],
                    // Grafana has times that are whole steps.
                    false => [view.from / step * step, view.to / step * step],
                };
                let query = view.expanded(target["expr"].as_str().unwrap(), step);
                let (found, tables) = match is_instant {
                    true => (
                        at(&prometheus, &query, end, labels),
                        view.tables(start, end, HOUR),
                    ),
                    false => (
                        over(&prometheus, &query, [start, end, step], labels),
                        view.tables(start - step, end, step),
                    ),
                };
                let expected = answers(&house, &format!("{tables}{sql}"), labels);
                if !found.is_empty() {
                    full.insert((title, letter));
                }
                assert!(
                    title != "Failures" || !found.is_empty(),
                    "{view:?} is of nothing"
                );
                let what =
                    format!("{title} {letter} of {view:?}: {query}\n{found:?}\n{expected:?}");
                // The pools that failed most are chosen from the time until `end`, not from that of all steps.
                let is_even = view.from % step == 0 && view.to % step == 0;
                check(found, expected, finds, is_even, &what);
            }
        }
        assert_eq!(queries, PANELS.len());
    }
    let empty = PANELS
        .iter()
        .filter(|panel| !full.contains(&(panel.0, panel.1)));
    assert_eq!(
        empty.map(|panel| (panel.0, panel.1)).collect::<Vec<_>>(),
        []
    );
}

fn check(mut found: Rows, mut expected: Rows, finds: &Finds, is_even: bool, what: &str) {
    let sort = |rows: &mut Rows| rows.sort_by(|one, other| one.partial_cmp(other).unwrap());
    sort(&mut found);
    sort(&mut expected);
    let is_same = |one: &(Vec<String>, f64), other: &(Vec<String>, f64)| {
        one.0 == other.0 && (one.1 - other.1).abs() <= 1e-9 * other.1.abs()
    };
    let groups = |rows: &Rows, labels: usize| -> BTreeMap<Vec<String>, f64> {
        let mut groups = BTreeMap::new();
        for (key, value) in rows {
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
    let [start, end, step] = times.map(|time| time.to_string());
    let parameters = [
        ("query", query),
        ("start", &start),
        ("end", &end),
        ("step", &step),
    ];
    let data = prometheus.api("query_range", &parameters);
    let mut rows = Rows::new();
    for series in data["result"].as_array().unwrap() {
        for value in series["values"].as_array().unwrap() {
            let time = value[0].as_i64().unwrap();
            rows.push((key(series, labels, time), number(&value[1])));
        }
    }
    rows
}

fn key(series: &Value, labels: &[&str], time: i64) -> Vec<String> {
    let label = |label: &&str| match *label {
        "time" => time.to_string(),
        label => series["metric"][label]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
    };
    labels.iter().map(label).collect()
}

fn number(value: &Value) -> f64 {
    value.as_str().unwrap().parse().unwrap()
}

/// What DuckDB finds in the dataset; a row without a value is none.
fn answers(house: &House, sql: &str, labels: &[&str]) -> Rows {
    let mut rows = house.duckdb(&format!(
        "SELECT * REPLACE (value::DOUBLE AS value) FROM ({sql})"
    ));
    rows.retain(|row| row["value"] != "null");
    let row = |row: BTreeMap<String, String>| {
        let key = labels.iter().map(|label| row[*label].clone()).collect();
        (key, row["value"].parse().unwrap())
    };
    rows.into_iter().map(row).collect()
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
