//! No bytes panic, and it does not matter where a log is cut.

#![no_main]

#[path = "../../tests/forge/cuts.rs"]
mod cuts;
#[path = "../../tests/forge/judge.rs"]
mod judge;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| cuts::check(bytes));
