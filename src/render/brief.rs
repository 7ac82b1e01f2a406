use crate::rollup::{Intake, OTHER};

use super::{bytes, plural};

/// What was read, in one line.
pub fn brief(intake: &Intake) -> String {
    let mut parts = vec![
        plural(intake.inputs, "file"),
        bytes(intake.bytes),
        plural(intake.lines, "line"),
        plural(intake.records, "record"),
        plural(intake.events, "event"),
    ];
    if intake.other_lines > 0 {
        let lines = plural(intake.other_lines, "line");
        parts.push(format!("{lines} of other programs"));
    }
    parts.join(", ")
}

/// What is said of so many events that have lost a name.
pub fn others(events: u64) -> String {
    format!(
        "{} under {OTHER}: there were too many pools, peers or servers to tell them apart",
        plural(events, "event")
    )
}
