//! What was not understood, and what was read, in words.

use crate::render::{brief, count, plural};
use crate::rollup::Intake;

use super::document::{NotUnderstood, Read};

impl NotUnderstood {
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
            ]
        );
    }
}
