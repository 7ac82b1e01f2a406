//! What can be chosen above the panels.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Duration;

use super::house::{House, MACRO, QUOTED, text};
use super::interpolate::{Asks, Chosen};
use super::macros::Window;

fn window() -> Window {
    Window {
        time: "2026-11-20T00:00:00Z".parse().unwrap().."2026-11-27T00:00:00Z".parse().unwrap(),
        step: Duration::hours(1),
    }
}

fn all() -> BTreeMap<String, Chosen> {
    let all = |name: &str| (name.to_owned(), Chosen::All(name.to_owned()));
    BTreeMap::from([all("host"), all("pool"), all("class")])
}

fn offered(house: &House, name: &str, chosen: BTreeMap<String, Chosen>) -> BTreeSet<String> {
    let variable = house.variable(name);
    assert_eq!(
        (text(&variable["allValue"]), &variable["multi"]),
        (name, &true.into())
    );
    let answer = house.ask(text(&variable["query"]), chosen, &window(), Asks::Variable);
    assert_eq!(answer.types, [(name.to_owned(), "VARCHAR".to_owned())]);
    answer
        .column(name)
        .map(|value| text(value).to_owned())
        .collect()
}

#[test]
#[ignore = "needs DuckDB; tests/all sets it up"]
fn what_failed_is_offered() {
    let house = House::new();
    let failures = || house.rows.iter().filter(|row| row.kind == "F");
    let hosts: BTreeSet<_> = failures().map(|row| row.host.clone()).collect();
    assert_eq!(offered(&house, "host", all()), hosts);
    assert_eq!(hosts.len(), 2);

    let pools: BTreeSet<_> = failures()
        .map(|row| row.pool.clone())
        .filter(|pool| pool != MACRO)
        .collect();
    let said = offered(&house, "pool", all());
    assert!(said.contains(QUOTED));
    assert_eq!(said, pools);

    let classes: BTreeSet<_> = failures().map(|row| row.class.clone()).collect();
    assert_eq!(offered(&house, "class", all()), classes);
}

#[test]
#[ignore = "needs DuckDB; tests/all sets it up"]
fn a_choice_narrows_the_next_one() {
    let house = House::new();
    let several =
        |values: &[&str]| Chosen::Several(values.iter().map(|&value| value.to_owned()).collect());
    let mut chosen = all();
    chosen.insert("host".to_owned(), several(&["web2"]));
    let pools = offered(&house, "pool", chosen.clone());
    assert!(
        pools.contains(QUOTED) && !pools.contains("mypool"),
        "{pools:?}"
    );
    chosen.insert("pool".to_owned(), several(&[QUOTED]));
    assert_eq!(
        offered(&house, "class", chosen),
        BTreeSet::from(["connect_refused".to_owned()])
    );
}

/// Why a name with a macro in it is not offered: the data source would expand it within its quotes, and end them.
#[test]
fn a_macro_in_a_name_would_end_the_quotes() {
    let expanded = window().expand(&format!("SELECT * FROM hourly WHERE pool IN ('{MACRO}')"));
    assert_eq!(
        expanded,
        "SELECT * FROM hourly WHERE pool IN ('pool >= '2026-11-20T00:00:00Z' AND pool <= '2026-11-27T00:00:00Z'')"
    );
}
