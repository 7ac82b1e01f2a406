//! Whatever stands in a footer is understood or is an error, and compacting loses nothing of what was understood.
//! A line of two dashes separates two footers.

#![no_main]

#[path = "../../tests/hostile_bytes/ledger.rs"]
mod ledger;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| ledger::check(bytes));
