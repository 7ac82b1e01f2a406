//! It does not matter into what chunks a file is cut. The first two bytes say how large they are.

#![no_main]

#[path = "../../tests/hostile_bytes/chunking.rs"]
mod chunking;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| chunking::check(bytes));
