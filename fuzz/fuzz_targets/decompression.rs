//! What is whole is read whole; of what was cut, the beginning; what was changed is found out or has changed nothing.
//! The first six bytes say how the rest is compressed, and what happens to it.

#![no_main]

#[path = "../../tests/hostile_bytes/decompression.rs"]
mod decompression;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| decompression::check(bytes));
