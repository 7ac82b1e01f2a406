//! What is exported, given to real programs: Prometheus and its promtool, node_exporter, VictoriaMetrics.

#[path = "../../benches/generator/mod.rs"]
mod generator;

mod backfill;
mod dashboard;
mod house;
mod names;
mod panels;
mod server;
mod textfile;
mod victoria;
mod view;
