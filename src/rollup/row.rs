use crate::record::{Level, Moment, OsError};
use crate::taxonomy::{Class, Phase};

use super::Minutes;

/// One row of the rollup: the events of one bucket that have everything else in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    /// Where the bucket begins.
    pub bucket: Moment,
    /// The pool's name.
    pub pool: String,
    /// The machine whose log it is.
    pub host: String,
    /// The class.
    pub class: Class,
    /// Where in the exchange.
    pub phase: Option<Phase>,
    /// The system's error.
    pub os_error: Option<OsError>,
    /// NGINX's level; `None` for a message that was quoted without it.
    pub level: Option<Level>,
    /// What the client was sent.
    pub status: Option<u16>,
    /// The upstream's protocol.
    pub scheme: Option<String>,
    /// The address tried.
    pub peer: Option<String>,
    /// The `server_name`.
    pub server: Option<String>,
    /// How many events.
    pub events: u64,
    /// From how many different clients.
    pub clients: u64,
    /// The sketch behind that number.
    pub clients_sketch: Vec<u8>,
    /// In which minutes of the bucket.
    pub minutes: Minutes,
    /// The first of the events.
    pub first_seen: Moment,
    /// The last of the events.
    pub last_seen: Moment,
    /// A record of the class and pool in the bucket, cut at 512 bytes: in the row that counts it, and for failures
    /// only.
    pub example: Option<String>,
}
