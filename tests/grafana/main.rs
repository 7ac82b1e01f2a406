//! Grafana's dashboards: held to Grafana's own schema, and every query asked of a real DuckDB as Grafana and the data source
//! would ask it.

mod choice;
#[path = "../dated/mod.rs"]
mod dated;
mod expected;
#[path = "../../benches/generator/mod.rs"]
mod generator;
mod house;
mod install;
mod interpolate;
mod macros;
mod panels;
mod schema;
mod variables;
