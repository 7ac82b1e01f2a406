//! The files against the types that Grafana publishes of its own schema (`check.mjs`).

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::house::root;

/// What is wrong with files, a line each.
fn check<P: AsRef<Path>>(files: impl IntoIterator<Item = P>) -> Vec<String> {
    let output = Command::new("node")
        .arg(root().join("tests/grafana/check.mjs"))
        .args(files.into_iter().map(|file| file.as_ref().to_owned()))
        .env(
            "BADGATEWAY_NODE_MODULES",
            root().join("target/grafana/node_modules"),
        )
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(words.is_empty(), "{words}");
    let said = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<_> = said.lines().map(str::to_owned).collect();
    assert_eq!(output.status.success(), lines.is_empty(), "{said}");
    lines
}

fn files(pattern: &str) -> Vec<std::path::PathBuf> {
    let pattern = root().join("grafana").join(pattern);
    let paths = glob::glob(pattern.to_str().unwrap()).unwrap();
    paths.map(Result::unwrap).collect()
}

#[test]
#[ignore = "needs Node and Grafana's schema; tests/all sets it up"]
fn the_files_are_what_grafana_reads() {
    let files = [files("dashboards/*.json"), files("provisioning/*/*.yaml")].concat();
    assert!(files.len() >= 3, "{files:?}");
    assert_eq!(check(files), [""; 0]);
}

/// One fault each: where, what is put there, and a word of what must be said.
fn faults() -> Vec<(&'static str, Value, &'static str)> {
    vec![
        ("/schemaVersion", json!("41"), "schemaVersion"),
        ("/titel", json!("Bad gateways"), "titel"),
        ("/graphTooltip", json!(3), "graphTooltip"),
        ("/id", json!(7), "id"),
        ("/uid", json!(""), "uid"),
        ("/__inputs", json!([]), "__inputs"),
        ("/time", json!({"from": "now-7d"}), "to is missing"),
        ("/links/0/type", json!("dashboard"), "type"),
        ("/templating/list/2/hide", json!(9), "hide"),
        ("/templating/list/2/includAll", json!(true), "includAll"),
        ("/templating/list/2/name", json!("hosts"), "variable host"),
        ("/panels/0/id", json!(2), "ids"),
        ("/panels/0/gridPos/w", json!(5), "lies on"),
        ("/panels/0/gridPos/w", json!(25), "grid"),
        ("/panels/0/type", json!("singlestat"), "singlestat"),
        ("/panels/0/description", json!(""), "description"),
        (
            "/panels/0/datasource/uid",
            json!("P1809F7CD0C75ACF3"),
            "P1809F7CD0C75ACF3",
        ),
        ("/panels/0/targets", json!([]), "nothing"),
        ("/panels/0/targets/0/rawSql", json!("SELECT $pol"), "pol"),
        ("/panels/0/targets/0/rawsql", json!("SELECT 1"), "rawsql"),
        ("/panels/0/targets/0/format", json!("table"), "format"),
        ("/panels/0/options/graphMode", json!("lines"), "graphMode"),
        (
            "/panels/0/options/reduceOptions/calcs",
            json!("last"),
            "calcs",
        ),
        (
            "/panels/0/fieldConfig/defaults/color/mode",
            json!("continuous-YlOrRd"),
            "mode",
        ),
        ("/panels/0/fieldConfig/defaults/units", json!("s"), "units"),
        (
            "/panels/0/fieldConfig/defaults/thresholds/steps/0/value",
            json!("0"),
            "value",
        ),
        (
            "/panels/6/fieldConfig/defaults/custom/drawStyle",
            json!("bar"),
            "drawStyle",
        ),
        (
            "/panels/6/fieldConfig/defaults/custom/stacked",
            json!(true),
            "stacked",
        ),
        (
            "/panels/8/fieldConfig/overrides/0/properties/0/id",
            json!("unity"),
            "unity",
        ),
        (
            "/panels/9/fieldConfig/overrides/1/properties/5/value",
            json!({"type": "bar"}),
            "cellOptions",
        ),
    ]
}

#[test]
#[ignore = "needs Node and Grafana's schema; tests/all sets it up"]
fn each_fault_that_is_put_into_a_dashboard_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = root().join("grafana/dashboards/badgateway-duckdb.json");
    let whole: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let files = faults()
        .into_iter()
        .enumerate()
        .map(|(number, (place, value, _))| {
            let mut broken = whole.clone();
            let (parent, name) = place.rsplit_once('/').unwrap();
            let parent = broken.pointer_mut(parent).unwrap();
            parent[name] = value;
            assert_ne!(broken, whole, "{place}");
            let file = folder.path().join(format!("{number:02}.json"));
            fs::write(&file, broken.to_string()).unwrap();
            file
        });
    let said = check(files.collect::<Vec<_>>());
    for (number, (place, value, word)) in faults().into_iter().enumerate() {
        let file = format!("{number:02}.json:");
        let about: Vec<_> = said.iter().filter(|line| line.starts_with(&file)).collect();
        assert!(
            about.iter().any(|line| line.contains(word)),
            "{place} = {value}: {about:?}"
        );
    }
}

#[test]
#[ignore = "needs Node and Grafana's schema; tests/all sets it up"]
fn a_misspelt_setting_of_a_provisioning_file_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.yaml");
    let path = root().join("grafana/provisioning/datasources/badgateway-duckdb.yaml");
    let yaml = fs::read_to_string(path).unwrap();
    fs::write(&file, yaml.replace("editable", "editabel")).unwrap();
    let said = check([&file]);
    assert!(said.len() == 1 && said[0].contains("editabel"), "{said:?}");
}

/// The dashboard starts with the data source that is provisioned, by its uid.
#[test]
fn the_dashboard_begins_with_the_provisioned_data_source() {
    let path = root().join("grafana/dashboards/badgateway-duckdb.json");
    let dashboard: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let variables = dashboard["templating"]["list"].as_array().unwrap();
    let source = variables
        .iter()
        .find(|variable| variable["type"] == "datasource")
        .unwrap();
    let uid = source["current"]["value"].as_str().unwrap();
    let path = root().join("grafana/provisioning/datasources/badgateway-duckdb.yaml");
    let yaml = fs::read_to_string(path).unwrap();
    assert!(yaml.contains(&format!("uid: {uid}\n")), "{uid}");
    let kind = source["query"].as_str().unwrap();
    assert!(yaml.contains(&format!("type: {kind}\n")), "{kind}");
}
