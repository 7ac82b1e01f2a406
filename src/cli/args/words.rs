use crate::cli::say;
use crate::render::{brief, plural};
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

    /// Whether to say nothing of what went well.
    pub(in crate::cli) fn is_quiet(&self) -> bool {
        self.quiet
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
