use askama::Template;

use crate::render::count;

use super::super::headline::percent;
use super::super::{ClassCount, Document};
use super::bars::colors;

/// All classes, which is what the colours of the bars mean, too.
#[derive(Template)]
#[template(path = "classes.html")]
pub(super) struct Classes<'a> {
    rows: Vec<Row<'a>>,
}

struct Row<'a> {
    class: &'a ClassCount,
    /// Its colour, if it is a failure.
    color: Option<usize>,
    events: String,
    /// Of all failures.
    share: String,
    what: &'static str,
    sent: String,
}

impl<'a> Classes<'a> {
    pub(super) fn of(document: &'a Document) -> Self {
        let failures = document.totals.failures.max(1) as f64;
        let colors = colors(&document.classes);
        let rows = document.classes.iter().map(|class| Row {
            class,
            color: colors
                .iter()
                .find(|(name, _)| *name == class.class.name())
                .map(|found| found.1),
            events: count(class.events),
            share: match class.kind {
                "F" => percent(class.events as f64 / failures),
                _ => String::new(),
            },
            what: match class.kind {
                "F" => "failed",
                "W" => "degraded",
                _ => "client",
            },
            sent: class
                .class
                .status()
                .map_or_else(|| "–".to_owned(), |status| status.to_string()),
        });
        Self {
            rows: rows.collect(),
        }
    }
}
