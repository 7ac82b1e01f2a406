//! Whatever somebody else chooses to put into a record, the rest of it and its neighbours stay as they
//! are. The first byte says where the text stands.

#![no_main]

#[path = "../../tests/forge/mod.rs"]
mod forge;
#[path = "../../tests/forge/judge.rs"]
mod judge;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| forge::check(bytes));
