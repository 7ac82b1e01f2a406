//! What a report shows, and how it is written.

mod document;
mod gather;
mod timeline;

pub use document::{
    Bucket, BucketCount, Change, ClassCount, Delta, Document, Example, Incident, Named,
    NotUnderstood, Period, Pool, PoolClass, PoolDelta, Read, Request, SCHEMA, Statuses, Timezone,
    Totals,
};
pub use gather::Sources;
