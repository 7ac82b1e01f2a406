//! Bytes that nobody who means well would write: what fuzzing has found, and what chance makes of it. Each law is a fuzz
//! target as well.

mod chunking;
mod decompression;
mod envelopes;
#[path = "../forge/mod.rs"]
mod forge;
#[path = "../forge/judge.rs"]
mod judge;
mod ledger;
mod tables;

use std::fs;
use std::path::Path;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// Tries what is in the corpus of a target, and some bytes more: those of its inputs with some changed.
fn try_all(target: &str, more: usize, check: fn(&[u8])) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    let entries = fs::read_dir(corpus.join(target)).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let inputs: Vec<Vec<u8>> = paths.iter().map(|path| fs::read(path).unwrap()).collect();
    assert!(inputs.len() > 3, "{target}: {} inputs only", inputs.len());
    inputs.iter().for_each(|input| check(input));
    let mut dice = StdRng::seed_from_u64(8);
    for _ in 0..more {
        let mut input = inputs[dice.random_range(0..inputs.len())].clone();
        for _ in 0..dice.random_range(1..4) {
            if input.is_empty() {
                break;
            }
            let at = dice.random_range(0..input.len());
            match dice.random_range(0..3) {
                0 => input[at] = dice.random(),
                1 => input.truncate(at),
                _ => input.insert(at, dice.random()),
            }
        }
        check(&input);
    }
}

#[test]
fn what_others_choose_changes_nothing_else() {
    try_all("forgery", 5_000, forge::check);
}

#[test]
fn an_envelope_changes_nothing() {
    try_all("envelopes", 3_000, envelopes::check);
}

#[test]
fn a_log_may_be_cut_anywhere() {
    try_all("chunking", 300, chunking::check);
}

#[test]
fn what_is_damaged_is_read_up_to_the_damage_or_is_said_to_be() {
    try_all("decompression", 1_000, decompression::check);
}

#[test]
fn a_footer_says_what_it_says_or_is_not_understood() {
    try_all("ledger", 60, ledger::check);
}

#[test]
fn a_table_that_is_damaged_is_an_error() {
    try_all("tables", 300, tables::check);
}
