//! What was not understood, and what was read, in words.

use serde::Serialize;

use crate::render::{Time, brief, count, others, plural};
use crate::rollup::{Intake, Leaders, Summary};

/// What could not be understood or counted.
#[derive(Debug, Clone, Default, Serialize)]
pub struct NotUnderstood {
    /// Lines before the first record of their input.
    pub stray_lines: u64,
    /// Records whose time does not exist.
    pub impossible_times: u64,
    /// Events without a time, counted at that of the record before.
    pub undated: u64,
    /// Events that are of no class but `upstream_other`.
    pub unclassified: u64,
    /// By how much a count of requests or clients may be too low, where there were too many to be remembered.
    pub uncounted: u64,
    /// Events whose pool, peer or server is `(other)`, because there were too many names to be told apart.
    pub other_names: u64,
    /// The first few of those lines and records, and one of each kind of `upstream_other`.
    pub examples: Vec<Example>,
}

/// A line or record to look at.
#[derive(Debug, Clone, Serialize)]
pub struct Example {
    /// The input's path, or `-`.
    pub source: String,
    /// The byte at which it begins.
    pub offset: u64,
    /// What is odd about it.
    pub what: String,
    /// Its beginning.
    pub text: String,
}

/// What was read.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Read {
    /// Logs.
    Logs {
        /// Their paths, as they were found; not more than a hundred.
        paths: Vec<String>,
        /// Inputs of which something could be read.
        inputs: u64,
        /// Bytes, after decompression.
        bytes: u64,
        /// Lines.
        lines: u64,
        /// Records.
        records: u64,
        /// Events in the time asked for.
        events: u64,
        /// Events outside of it.
        outside: u64,
        /// Lines of other programs.
        other_lines: u64,
        /// What could not be read, and why.
        troubles: Vec<String>,
    },
    /// A dataset.
    Dataset {
        /// Its folder.
        path: String,
        /// Its rows in the time asked for.
        rows: u64,
        /// Their events.
        events: u64,
        /// When the last run added to it.
        last_run: Option<Time>,
    },
}

impl NotUnderstood {
    /// What was met while reading.
    pub(super) fn new(summary: &Summary, leaders: Option<&Leaders>) -> Self {
        let intake = &summary.intake;
        let examples = intake.samples.iter().chain(&intake.unclassified_samples);
        Self {
            stray_lines: intake.stray_lines,
            impossible_times: intake.impossible_times,
            undated: intake.undated,
            unclassified: intake.unclassified,
            uncounted: leaders.map_or(0, Leaders::given_up),
            other_names: summary.others,
            examples: examples
                .map(|sample| Example {
                    source: sample.source.clone(),
                    offset: sample.offset,
                    what: sample.what.clone(),
                    text: sample.text.clone(),
                })
                .collect(),
        }
    }

    /// A sentence for each trouble, without a full stop.
    pub(super) fn sentences(&self) -> Vec<String> {
        let of = |number: u64, noun: &str, what: &str| {
            (number > 0).then(|| format!("{} {what}", plural(number, noun)))
        };
        let sentences = [
            of(self.stray_lines, "line", "before the first record"),
            of(
                self.impossible_times,
                "record",
                "with a time that does not exist",
            ),
            of(self.unclassified, "event", "of class upstream_other"),
            of(
                self.undated,
                "event",
                "without a time, counted at the time of the record before",
            ),
            (self.uncounted > 0).then(|| {
                let most = count(self.uncounted);
                format!(
                    "to save memory, counts of requests and clients may be up to {most} too low"
                )
            }),
            (self.other_names > 0).then(|| others(self.other_names)),
        ];
        sentences.into_iter().flatten().collect()
    }
}

impl Read {
    /// A sentence, without a full stop. The path of a dataset is `mark`ed.
    pub(super) fn sentence(&self, mark: &dyn Fn(&str) -> String) -> String {
        match self {
            Self::Logs {
                inputs,
                bytes,
                lines,
                records,
                events,
                outside,
                other_lines,
                ..
            } => {
                let read = brief(&Intake {
                    inputs: *inputs,
                    bytes: *bytes,
                    lines: *lines,
                    records: *records,
                    events: *events,
                    other_lines: *other_lines,
                    ..Intake::default()
                });
                match outside {
                    0 => read,
                    _ => format!(
                        "{read}, {} more outside of the time asked for",
                        count(*outside)
                    ),
                }
            }
            Self::Dataset {
                path, rows, events, ..
            } => {
                let (rows, events) = (plural(*rows, "row"), plural(*events, "event"));
                format!("the dataset {}, {rows}, {events}", mark(path))
            }
        }
    }

    /// What could not be read, and why.
    pub(super) fn troubles(&self) -> &[String] {
        match self {
            Self::Logs { troubles, .. } => troubles,
            Self::Dataset { .. } => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::night;

    #[test]
    fn what_was_not_understood_is_said_in_sentences() {
        let sentences = night().not_understood.sentences();
        assert_eq!(
            sentences,
            [
                "1 line before the first record",
                "2 records with a time that does not exist",
                "4 events of class upstream_other",
                "3 events without a time, counted at the time of the record before",
                "to save memory, counts of requests and clients may be up to 5 too low",
                "6 events under (other): there were too many pools, peers or servers to tell them apart",
            ]
        );
    }
}
