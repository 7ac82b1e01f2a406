//! What a report shows, and how it is written.

mod change;
mod clock;
mod document;
mod gather;
mod headline;
mod html;
mod json;
mod markdown;
mod read;
#[cfg(test)]
mod samples;
mod sources;
mod steps;
mod strip;
mod terminal;
mod timeline;

pub use document::{
    Bucket, BucketCount, Change, ClassCount, Delta, Document, Example, Incident, Named,
    NotUnderstood, Period, Pool, PoolClass, PoolDelta, Read, Request, SCHEMA, Statuses, Timezone,
    Totals,
};
pub(crate) use html::Inert;
pub use html::html;
pub use json::{JSON_SCHEMA, json};
pub use markdown::Markdown;
pub use sources::Sources;
pub use terminal::{Style, Terminal};
