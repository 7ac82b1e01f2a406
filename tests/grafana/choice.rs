//! What is chosen above the panels, and which rows of the dataset that asks for.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};

use super::house::{House, QUOTED, Row};
use super::interpolate::Chosen;
use super::macros::Window;

/// What stands in the boxes above the panels.
pub struct Choice {
    pub hosts: Vec<&'static str>,
    pub pools: Vec<&'static str>,
    pub classes: Vec<&'static str>,
    pub window: Window,
    /// Whether the front end puts the step in, or leaves it to the data source.
    pub step_in_front: bool,
}

fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn whole_week() -> Window {
    Window {
        time: time("2026-11-20T00:00:00Z")..time("2026-11-27T00:00:00Z"),
        step: Duration::hours(1),
    }
}

pub fn everything() -> Choice {
    Choice {
        hosts: Vec::new(),
        pools: Vec::new(),
        classes: Vec::new(),
        window: whole_week(),
        step_in_front: true,
    }
}

pub fn choices() -> Vec<Choice> {
    let days = Window {
        step: Duration::days(1),
        ..whole_week()
    };
    // Begins in the middle of what the generated log holds.
    let later = Window {
        time: time("2026-11-21T12:00:00Z")..time("2026-11-23T12:00:00Z"),
        step: Duration::hours(2),
    };
    vec![
        everything(),
        Choice {
            window: days,
            step_in_front: false,
            ..everything()
        },
        Choice {
            window: later,
            ..everything()
        },
        Choice {
            pools: vec![QUOTED],
            ..everything()
        },
        Choice {
            hosts: vec!["web1"],
            pools: vec!["mypool", "app", "(unknown)"],
            classes: vec!["connect_refused", "response_timeout", "socket_missing"],
            ..everything()
        },
    ]
}

impl Choice {
    /// The variables, as Grafana holds them: "All" stands for the column's own name.
    pub fn chosen(&self) -> BTreeMap<String, Chosen> {
        let several = |name: &str, values: &[&str]| {
            let chosen = match values {
                [] => Chosen::All(name.to_owned()),
                values => Chosen::Several(values.iter().map(|&value| value.to_owned()).collect()),
            };
            (name.to_owned(), chosen)
        };
        let mut chosen = BTreeMap::from([
            several("host", &self.hosts),
            several("pool", &self.pools),
            several("class", &self.classes),
            (
                "__timezone".to_owned(),
                Chosen::One("Europe/Berlin".to_owned()),
            ),
        ]);
        if self.step_in_front {
            let step = self.window.step.num_milliseconds().to_string();
            chosen.insert("__interval_ms".to_owned(), Chosen::One(step));
        }
        chosen
    }

    /// The rows of the dataset that are asked for, of failures or of all the rest.
    pub fn rows<'a>(&'a self, house: &'a House, failures: bool) -> impl Iterator<Item = &'a Row> {
        let among = |values: &[&str], value: &str| values.is_empty() || values.contains(&value);
        let time = self.window.time.start.timestamp()..=self.window.time.end.timestamp();
        house.rows.iter().filter(move |row| {
            (row.kind == "F") == failures
                && time.contains(&row.bucket)
                && among(&self.hosts, &row.host)
                && among(&self.pools, &row.pool)
                && (!failures || among(&self.classes, &row.class))
        })
    }
}

/// Events per name.
pub fn sums<'a>(
    rows: impl Iterator<Item = &'a Row>,
    name: impl Fn(&'a Row) -> String,
) -> BTreeMap<String, u64> {
    let mut sums = BTreeMap::new();
    for row in rows {
        *sums.entry(name(row)).or_insert(0) += row.events;
    }
    sums
}

/// The `most` largest, the first by name of equals.
pub fn largest(sums: BTreeMap<String, u64>, most: usize) -> BTreeMap<String, u64> {
    let mut sums: Vec<_> = sums.into_iter().collect();
    sums.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    sums.into_iter().take(most).collect()
}
