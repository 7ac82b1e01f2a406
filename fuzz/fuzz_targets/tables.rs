//! A table of which bytes were changed is read, or is an error. Three bytes each say which byte, and how.

#![no_main]

#[path = "../../tests/hostile_bytes/tables.rs"]
mod tables;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| tables::check(bytes));
