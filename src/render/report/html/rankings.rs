use askama::Template;

use crate::render::count;

use super::super::{Document, Read};
use super::ticks::percent;

/// Of more names than this only the first are shown.
const ROWS: usize = 10;

/// Which virtual hosts, requests and clients saw most failures.
#[derive(Template)]
#[template(path = "rankings.html")]
pub(super) struct Rankings<'a> {
    servers: Ranking<'a>,
    /// Nothing where they are not known.
    requests: Option<Ranking<'a>>,
    clients: Option<Ranking<'a>>,
    is_dataset: bool,
}

struct Ranking<'a> {
    rows: Vec<Row<'a>>,
    has_more: bool,
}

struct Row<'a> {
    name: &'a str,
    /// Where that went.
    pool: Option<&'a str>,
    failures: String,
    width: String,
}

impl<'a> Rankings<'a> {
    pub(super) fn of(document: &'a Document) -> Self {
        let named = |named: &'a [super::super::Named]| {
            ranking(
                named
                    .iter()
                    .map(|named| (named.name.as_str(), None, named.failures)),
            )
        };
        let requests = document.requests.as_deref().map(|requests| {
            ranking(requests.iter().map(|request| {
                (
                    request.request.as_str(),
                    Some(request.pool.as_str()),
                    request.failures,
                )
            }))
        });
        Self {
            servers: named(&document.servers),
            requests,
            clients: document.clients.as_deref().map(named),
            is_dataset: matches!(document.read, Read::Dataset { .. }),
        }
    }
}

fn ranking<'a>(
    counts: impl ExactSizeIterator<Item = (&'a str, Option<&'a str>, u64)> + Clone,
) -> Ranking<'a> {
    let most = counts
        .clone()
        .map(|(_, _, failures)| failures)
        .max()
        .unwrap_or(0)
        .max(1);
    let has_more = counts.len() > ROWS;
    let row = |(name, pool, failures): (&'a str, Option<&'a str>, u64)| Row {
        name,
        pool,
        failures: count(failures),
        width: percent(failures as f64 / most as f64),
    };
    Ranking {
        rows: counts.take(ROWS).map(row).collect(),
        has_more,
    }
}
