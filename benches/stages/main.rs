//! What each stage of the way of a byte takes, and the whole of it: `cargo bench`.
//!
//! Each checks its answer against what the generator has written before it is timed; `cargo test --bench stages` does
//! only that.

#[path = "../generator/mod.rs"]
mod generator;

mod dataset;
mod logs;
mod record;
mod rollup;
mod scan;
mod source;
mod taxonomy;
mod whole;

fn main() {
    divan::main();
}
