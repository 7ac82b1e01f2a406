//! Each panel and annotation: what it draws is what the dataset holds, whatever is chosen above.

use std::collections::BTreeSet;

use serde_json::Value;

use super::choice::{choices, everything};
use super::expected::holds;
use super::house::{Answer, House, text};
use super::interpolate::Asks;

/// Only types that the data source hands on as times, numbers and texts: 128 bits arrive as a text, unsigned numbers and lists
/// not at all (`GetConverterList` of `pkg/plugin/duckdb_driver.go`).
fn is_drawable(title: &str, answer: &Answer, format: u64) {
    let of = |kinds: &[&str]| {
        let fits = answer
            .types
            .iter()
            .filter(|(_, kind)| kinds.contains(&kind.as_str()));
        fits.map(|(name, _)| name.as_str()).collect::<Vec<_>>()
    };
    let times = of(&["TIMESTAMP WITH TIME ZONE"]);
    let numbers = of(&["DOUBLE", "BIGINT", "INTEGER"]);
    let texts = of(&["VARCHAR"]);
    let all = times.len() + numbers.len() + texts.len();
    assert_eq!(all, answer.types.len(), "{title}: {:?}", answer.types);
    if format == 0 {
        // A long series: a time, labels and a number; without gaps in its order, and one number for each time and labels.
        assert_eq!(
            (times.as_slice(), numbers.len(), texts.len()),
            (&["time"][..], 1, 1),
            "{title}"
        );
        let points = answer
            .rows
            .iter()
            .map(|row| (text(&row["time"]), text(&row[texts[0]])));
        let points: Vec<_> = points.collect();
        assert!(
            points.windows(2).all(|pair| pair[0] < pair[1]),
            "{title}: {points:?}"
        );
    } else {
        assert!(
            !numbers.is_empty() || title.contains("annotation"),
            "{title}"
        );
    }
}

#[test]
#[ignore = "needs DuckDB; tests/all sets it up"]
fn every_panel_draws_what_the_dataset_holds() {
    let house = House::new();
    for choice in choices() {
        assert!(choice.rows(&house, true).count() > 0);
        let panels = house.dashboard["panels"].as_array().unwrap();
        for panel in panels {
            let title = text(&panel["title"]);
            for target in panel["targets"].as_array().unwrap() {
                let sql = text(&target["rawSql"]);
                let answer = house.ask(sql, choice.chosen(), &choice.window, Asks::Panel);
                is_drawable(title, &answer, target["format"].as_u64().unwrap());
                holds(title, &answer, &choice, &house);
                draws_what_is_there(panel, &answer);
            }
        }
        assert!(panels.len() >= 12);
    }
}

/// Columns that a panel names are columns of the answer.
fn draws_what_is_there(panel: &Value, answer: &Answer) {
    let columns: BTreeSet<_> = answer.types.iter().map(|(name, _)| name.as_str()).collect();
    let overrides = panel["fieldConfig"]["overrides"].as_array().unwrap();
    for matcher in overrides.iter().map(|one| text(&one["matcher"]["options"])) {
        // Its overrides are for labels, not all of which are in every answer.
        let there = columns.contains(matcher) || panel["title"] == "502 against 504";
        assert!(there, "{}: no column {matcher}", panel["title"]);
    }
    let fields = panel["options"]["reduceOptions"]["fields"]
        .as_str()
        .unwrap_or("");
    if !fields.is_empty() {
        let name = fields.trim_matches(['/', '^', '$']);
        assert!(
            columns.contains(name),
            "{}: no column {name}",
            panel["title"]
        );
    }
    for sort in panel["options"]["sortBy"].as_array().into_iter().flatten() {
        assert!(
            columns.contains(text(&sort["displayName"])),
            "{}",
            panel["title"]
        );
    }
    let used = panel.to_string();
    for (_, rest) in used
        .match_indices("${__field.labels.")
        .map(|(at, start)| (at, &used[at + start.len()..]))
    {
        let label = rest.split(['}', ':']).next().unwrap();
        assert!(
            columns.contains(label),
            "{}: no label {label}",
            panel["title"]
        );
    }
    for (_, rest) in used
        .match_indices("${__data.fields.")
        .map(|(at, start)| (at, &used[at + start.len()..]))
    {
        let field = rest.split(['}', ':']).next().unwrap();
        assert!(
            columns.contains(field),
            "{}: no field {field}",
            panel["title"]
        );
    }
}

#[test]
#[ignore = "needs DuckDB; tests/all sets it up"]
fn incidents_are_marked_in_time_and_none_is_no_error() {
    let house = House::new();
    let annotations = house.dashboard["annotations"]["list"].as_array().unwrap();
    let own: Vec<_> = annotations
        .iter()
        .filter(|one| one["builtIn"].is_null())
        .collect();
    let ask = |sql: &str| {
        let choice = everything();
        house.ask(sql, choice.chosen(), &choice.window, Asks::Panel)
    };
    let panels = house.dashboard["panels"].as_array().unwrap();
    let table = panels
        .iter()
        .find(|panel| panel["title"] == "Incidents")
        .unwrap();
    let table = text(&table["targets"][0]["rawSql"]);
    assert_eq!(own.len(), 1);
    let sql = text(&own[0]["target"]["rawSql"]);
    let answer = ask(sql);
    is_drawable("annotation", &answer, 1);
    // The names by which Grafana knows them.
    let names: Vec<_> = answer.types.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["time", "timeEnd", "text", "tags"]);
    let said: Vec<_> = answer.column("text").map(text).collect();
    for incident in &house.incidents {
        let (pool, class, events) = (&incident.pool, &incident.class, incident.events);
        let words = format!("{pool}: {class}, {events} events");
        assert!(said.contains(&words.as_str()), "{words}: {said:?}");
    }
    assert_eq!(said.len(), house.incidents.len());

    house.lose_the_incidents();
    assert!(ask(sql).rows.is_empty());
    assert!(ask(table).rows.is_empty());
}
