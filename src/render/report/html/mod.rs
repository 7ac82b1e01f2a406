//! A report as one HTML page that needs nothing else: no network, no other file, and for all that it says no
//! script. What people see is in the templates, what it looks like in the styles; here it is computed.
//! Everything that a template shows passes [`Inert`], but for other templates, the style and the script.

mod axis;
mod bars;
mod change;
mod classes;
mod escape;
mod headline;
mod heat;
mod heat_scale;
mod incidents;
mod names;
mod policy;
mod pools;
mod rankings;
mod read;
#[cfg(test)]
mod tests;
mod ticks;
mod timeline;
mod when;

use askama::Template;

use super::Document;
use super::clock::Clock;
use axis::Axis;
pub use escape::Inert;

/// A whole page.
#[derive(Template)]
#[template(path = "page.html")]
struct Page<'a> {
    title: String,
    policy: String,
    style: &'static str,
    script: &'static str,
    /// When each column begins, for who points at one.
    columns: String,
    headline: headline::Headline<'a>,
    incidents: incidents::Incidents<'a>,
    heat: Option<heat::Heat<'a>>,
    bars: Option<bars::Bars<'a>>,
    classes: classes::Classes<'a>,
    pools: pools::Pools<'a>,
    rankings: rankings::Rankings<'a>,
    changes: Option<change::Changes<'a>>,
    account: read::Account<'a>,
    cell: String,
    failures: u64,
    has_pools: bool,
}

/// A document as a page.
pub fn html(document: &Document) -> String {
    let clock = Clock::new(document).in_words();
    let axis = Axis::new(
        &document.timeline,
        document.timeline_seconds,
        document.timezone.0,
    );
    let cell = axis.cell();
    let incidents = incidents::Incidents::of(document, &axis, clock);
    let page = Page {
        title: title(document),
        policy: policy::policy(),
        style: policy::STYLE,
        script: policy::SCRIPT,
        columns: axis.starts(clock).join("|"),
        headline: headline::Headline::of(document, &incidents, clock),
        incidents,
        heat: heat::Heat::of(document, &axis, clock, cell.clone()),
        bars: bars::Bars::of(document, &axis, &cell),
        classes: classes::Classes::of(document),
        pools: pools::Pools::of(document, &axis, clock.in_short()),
        rankings: rankings::Rankings::of(document),
        changes: change::Changes::of(document),
        account: read::Account::of(document, clock),
        cell: cell.clone(),
        failures: document.totals.failures,
        has_pools: !document.pools.is_empty(),
    };
    page.to_string()
}

fn title(document: &Document) -> String {
    let worst = document.pools.first().filter(|pool| pool.failures > 0);
    match worst {
        Some(pool) => format!(
            "{}: most in {}",
            crate::render::plural(document.totals.failures, "upstream failure"),
            pool.pool
        ),
        None => "No upstream failed".to_owned(),
    }
}
