//! What commands must print, and how that is read.

use std::collections::BTreeMap;
use std::process::Output;

use serde_json::Value;

use super::house::House;

/// What the logs hold, from the events as the program prints them.
pub struct Truth {
    pub events: Vec<Value>,
}

impl Truth {
    pub fn of(house: &House, logs: &str) -> Self {
        let lines = house.badgateway(&format!("events -q {logs}"));
        let events = lines
            .lines()
            .map(|line| serde_json::from_str(line).unwrap());
        Self {
            events: events.collect(),
        }
    }

    pub fn failures(&self) -> impl Iterator<Item = &Value> {
        self.events.iter().filter(|event| event["kind"] == "F")
    }

    /// How many events have each value of `field`.
    pub fn per<'a>(
        events: impl IntoIterator<Item = &'a Value>,
        field: &str,
    ) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for event in events {
            *counts
                .entry(event[field].as_str().unwrap().to_owned())
                .or_default() += 1;
        }
        counts
    }
}

/// Numbers by names, out of rows.
pub fn counts(rows: &[Value], name: &str, number: &str) -> BTreeMap<String, u64> {
    rows.iter()
        .map(|row| {
            let count = row[number].as_u64().unwrap_or_else(|| panic!("{row}"));
            (row[name].as_str().unwrap().to_owned(), count)
        })
        .collect()
}

/// The same out of a table as DuckDB draws it in Python: the first column and the second.
pub fn drawn(output: &Output) -> BTreeMap<String, u64> {
    let said = String::from_utf8(output.stdout.clone()).unwrap();
    let cells = said.lines().filter_map(|line| {
        let mut cells = line.strip_prefix('│')?.split('│').map(str::trim);
        let (name, count) = (cells.next()?, cells.next()?);
        Some((name.to_owned(), count.parse().ok()?))
    });
    cells.collect()
}
