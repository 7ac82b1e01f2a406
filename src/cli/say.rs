//! What commands say: data on standard output, words on standard error.

use std::io::{self, Write};

use crate::render::Safe;

use super::CliError;

/// Text on standard output.
pub(super) fn print(text: &str) -> Result<(), CliError> {
    io::stdout()
        .write_all(text.as_bytes())
        .map_err(|source| CliError::Output {
            name: "standard output".to_owned(),
            source,
        })
}

/// One line on standard error. When that is gone there is nobody left to tell.
pub fn say(line: impl std::fmt::Display) {
    // At once, so that the lines of two programs do not mix.
    let line = format!("badgateway: {}\n", Safe(line));
    let _ = io::stderr().write_all(line.as_bytes());
}
