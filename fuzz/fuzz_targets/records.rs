//! No bytes panic, and it does not matter where a log is cut.

#![no_main]

#[path = "../../tests/forge/cuts.rs"]
mod cuts;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| cuts::check(bytes));
