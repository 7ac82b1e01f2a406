use askama::Template;

use super::super::clock::{Clock, duration};
use super::super::{Document, Example, Read};
use super::when::When;

/// What was read, and what of it was not understood.
#[derive(Template)]
#[template(path = "read.html")]
pub(super) struct Account<'a> {
    version: &'a str,
    made: When,
    zone: String,
    bucket: String,
    since: Option<When>,
    until: Option<When>,
    read: String,
    paths: &'a [String],
    last_run: Option<When>,
    troubles: &'a [String],
    /// What was not understood, a sentence each.
    odd: Vec<String>,
    examples: &'a [Example],
}

impl<'a> Account<'a> {
    pub(super) fn of(document: &'a Document, clock: Clock) -> Self {
        let period = &document.period;
        let (paths, last_run): (&[String], _) = match &document.read {
            Read::Logs { paths, .. } => (paths, None),
            Read::Dataset { last_run, .. } => (&[], *last_run),
        };
        let second = |time| When::second(clock, time);
        Self {
            version: document.version,
            made: second(document.made),
            zone: document.timezone.0.to_string(),
            bucket: duration(period.bucket_seconds),
            since: period.since.map(second),
            until: period.until.map(second),
            read: document.read.sentence(&str::to_owned),
            paths,
            last_run: last_run.map(second),
            troubles: document.read.troubles(),
            odd: document.not_understood.sentences(),
            examples: &document.not_understood.examples,
        }
    }
}
