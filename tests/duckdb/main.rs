//! README's section "In DuckDB", run as it stands, with DuckDB's own program and its Python module.

#[path = "../../benches/generator/mod.rs"]
mod generator;
mod house;
mod routes;
mod truth;
mod views;
