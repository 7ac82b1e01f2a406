//! What is exported, given to real programs: Prometheus and its promtool, node_exporter, VictoriaMetrics.

#[path = "../../benches/generator/mod.rs"]
#[allow(dead_code, reason = "these tests need a part of it")]
mod generator;

mod backfill;
mod house;
mod names;
mod server;
mod textfile;
mod victoria;
