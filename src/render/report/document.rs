use serde::{Serialize, Serializer};

use crate::record::Zone;
use crate::taxonomy::Class;

use crate::render::Time;

pub use super::change::{Change, Delta, PoolClass, PoolDelta};
pub use super::read::{Example, NotUnderstood, Read};

/// The name and version of the JSON that a [`Document`] makes; a field that goes or changes its meaning makes a new
/// version, one that is added does not.
pub const SCHEMA: &str = "badgateway.report/1";

/// Everything that a report shows, in the order in which it is shown. As JSON it is the format `json`; the
/// others are made of it too. Times are UTC, durations seconds; `null` is what is not known.
#[derive(Debug, Clone, Serialize)]
pub struct Document {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// The program's version.
    pub version: &'static str,
    /// When the report was made.
    pub made: Time,
    /// The zone in which the logs were written, and in which people are shown times.
    pub timezone: Timezone,
    /// The time that was asked for, and the buckets' width.
    pub period: Period,
    /// What failed.
    pub totals: Totals,
    /// Pools that failed, the worst first; then those about which there is anything else. A thousand at most.
    pub pools: Vec<Pool>,
    /// When pools failed much more than usual, the first first.
    pub incidents: Vec<Incident>,
    /// All classes, failures first, the commonest first.
    pub classes: Vec<ClassCount>,
    /// How wide the parts of the timeline are: a bucket, or so many that there are not more than a thousand parts.
    pub timeline_seconds: i64,
    /// The failures of each part of the period, also of those without.
    pub timeline: Vec<Bucket>,
    /// The servers (`server_name`) for which upstreams failed, the worst first, twenty at most.
    pub servers: Vec<Named>,
    /// The requests that failed, twenty at most; `null` where they are not known, as in a dataset.
    pub requests: Option<Vec<Request>>,
    /// The clients that saw failures, twenty at most; `null` where they are not known.
    pub clients: Option<Vec<Named>>,
    /// What changed against the time before; `null` where that is not asked for or not known.
    pub change: Option<Change>,
    /// What could not be understood or counted.
    pub not_understood: NotUnderstood,
    /// What was read.
    pub read: Read,
}

/// A zone by its name.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Timezone(pub Zone);

impl Serialize for Timezone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// The time that a report is about.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Period {
    /// As asked for; of a dataset, from where its bucket begins.
    pub since: Option<Time>,
    /// As asked for; of a dataset, up to where its bucket ends.
    pub until: Option<Time>,
    /// The first event.
    pub first_seen: Option<Time>,
    /// The last event.
    pub last_seen: Option<Time>,
    /// The buckets' width.
    pub bucket_seconds: i64,
}

/// Sums over everything.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Totals {
    /// Failed attempts.
    pub failures: u64,
    /// Events that tell of something degraded.
    pub degraded: u64,
    /// Clients that went away.
    pub client: u64,
    /// Pools about which there is anything.
    pub pools: u64,
    /// Pools that failed.
    pub failed_pools: u64,
    /// Distinct clients that saw failures.
    pub clients: u64,
    /// What the failures' clients were sent.
    pub statuses: Statuses,
}

/// Failures by the status that the client is sent if no other peer takes over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Statuses {
    /// 502 Bad Gateway.
    pub bad_gateway: u64,
    /// 504 Gateway Time-out.
    pub gateway_timeout: u64,
    /// Another one.
    pub other: u64,
    /// None: a header was sent before, or it is not HTTP.
    pub none: u64,
}

/// What happened to one pool.
#[derive(Debug, Clone, Serialize)]
pub struct Pool {
    /// Its name.
    pub pool: String,
    /// Failed attempts.
    pub failures: u64,
    /// Of all failures, 0 to 1.
    pub share: f64,
    /// Events that tell of something degraded.
    pub degraded: u64,
    /// Clients that went away.
    pub client: u64,
    /// Distinct clients that saw failures.
    pub clients: u64,
    /// What they were sent.
    pub statuses: Statuses,
    /// Its classes, failures first, the commonest first.
    pub classes: Vec<ClassCount>,
    /// The class that counts most.
    pub worst_class: Class,
    /// What that class means.
    pub meaning: &'static str,
    /// Its likeliest cause.
    pub likely: Option<String>,
    /// What to type first.
    pub first_step: Option<String>,
    /// The bucket with the most failures, or events, where nothing failed.
    pub worst_bucket: BucketCount,
    /// How many of its peers failed.
    pub peer_count: u64,
    /// Those, the worst first, twenty at most.
    pub peers: Vec<Named>,
    /// For how many servers it failed.
    pub server_count: u64,
    /// Those, the worst first, twenty at most.
    pub servers: Vec<Named>,
    /// The first event.
    pub first_seen: Time,
    /// The last event.
    pub last_seen: Time,
    /// The failures of each part of the timeline; of the first hundred pools.
    pub by_bucket: Vec<u64>,
}

/// A stretch of time in which a pool failed much more than usual.
#[derive(Debug, Clone, Serialize)]
pub struct Incident {
    /// Those with one number started together, and may have one cause.
    pub group: usize,
    /// The pool.
    pub pool: String,
    /// Where its first minute begins.
    pub started: Time,
    /// Where its last minute ends.
    pub ended: Time,
    /// How long that is.
    pub seconds: i64,
    /// Whether it was there when the data begins, and may have started before.
    pub is_from_before: bool,
    /// Whether it was still there when the data ends.
    pub is_going_on: bool,
    /// Its failures.
    pub failures: u64,
    /// Those of the worst minute.
    pub peak_per_minute: u64,
    /// Where that begins.
    pub peak: Time,
    /// The commonest class: the cause.
    pub class: Class,
    /// What that means.
    pub meaning: &'static str,
    /// Why, most often.
    pub likely: Option<String>,
    /// What to type first.
    pub first_step: Option<String>,
    /// All its classes, the commonest first.
    pub classes: Vec<ClassCount>,
    /// The peers that failed, the worst first, twenty at most.
    pub peers: Vec<Named>,
    /// The servers for which it failed, the worst first, twenty at most.
    pub servers: Vec<Named>,
    /// Distinct clients that saw failures, in the buckets that it touches.
    pub clients: u64,
    /// A record of it.
    pub example: Option<String>,
}

/// How often a class.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct ClassCount {
    /// Its name.
    pub class: Class,
    /// `F`, `W` or `C`.
    pub kind: &'static str,
    /// How many events.
    pub events: u64,
}

/// A bucket of time.
#[derive(Debug, Clone, Serialize)]
pub struct Bucket {
    /// Where it begins.
    pub bucket: Time,
    /// Its failures.
    pub failures: u64,
    /// By class, the commonest of the whole report first; those without are left out.
    pub classes: Vec<ClassCount>,
}

/// A bucket and its failures.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct BucketCount {
    /// Where it begins.
    pub bucket: Time,
    /// How many.
    pub failures: u64,
}

/// A name and its failures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Named {
    /// The name.
    pub name: String,
    /// How many.
    pub failures: u64,
}

/// A request and its failures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Request {
    /// The pool that it went to.
    pub pool: String,
    /// Method and path, without query.
    pub request: String,
    /// How many.
    pub failures: u64,
}
