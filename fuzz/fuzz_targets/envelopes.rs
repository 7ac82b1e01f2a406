//! What programs put around a record changes nothing about it, whatever somebody else has put into it. The first
//! byte says which program wraps it, the second where the text stands.

#![no_main]

#[path = "../../tests/hostile_bytes/envelopes.rs"]
mod envelopes;
#[path = "../../tests/forge/mod.rs"]
mod forge;
#[path = "../../tests/forge/judge.rs"]
mod judge;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| envelopes::check(bytes));
