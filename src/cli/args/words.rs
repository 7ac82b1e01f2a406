//! What commands say: data on standard output, words on standard error.

use std::io::{self, Write};

use crate::cli::CliError;
use crate::render::{Safe, brief, plural};
use crate::rollup::Intake;
use crate::source::Trouble;

use super::Common;

impl Common {
    /// Says what was left out, and with `-v` what was not understood.
    pub(in crate::cli) fn tell(&self, intake: &Intake, troubles: &[Trouble]) {
        for trouble in troubles {
            say(trouble);
        }
        if self.verbose {
            for sample in intake.samples.iter().chain(&intake.unclassified_samples) {
                let place = format!("{}: byte {}: {}", sample.source, sample.offset, sample.what);
                say(format_args!("{place}: {}", sample.text));
            }
        }
    }

    /// Says one line, unless told to be quiet.
    pub(in crate::cli) fn remark(&self, line: impl std::fmt::Display) {
        if !self.quiet {
            say(line);
        }
    }

    /// Says what was read, unless told to be quiet.
    pub(in crate::cli) fn remark_intake(&self, intake: &Intake) {
        self.remark(format_args!("read {}", brief(intake)));
        if let Some(sample) = intake.unclassified_samples.first() {
            let events = plural(intake.unclassified, "event");
            let place = format!("{}: byte {}", sample.source, sample.offset);
            self.remark(format_args!(
                "{events} of class upstream_other, the first at {place}: {}",
                sample.text
            ));
        }
    }
}

/// Text on standard output.
pub(in crate::cli) fn print(text: &str) -> Result<(), CliError> {
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
