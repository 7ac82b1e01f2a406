use crate::record::{Moment, Zone};
use crate::render::Site;
use crate::rollup::{self, Leaders, Summary};

/// What a [`Document`](super::Document) is made of.
#[derive(Debug, Clone, Copy)]
pub struct Sources<'a> {
    /// The counts of the period.
    pub summary: &'a Summary,
    /// Its incidents.
    pub incidents: &'a [rollup::Incident],
    /// Its requests and clients, where they are known.
    pub leaders: Option<&'a Leaders>,
    /// The time before, where that is asked for.
    pub change: Option<&'a rollup::Change>,
    /// The period that was asked for.
    pub since: Option<Moment>,
    /// Its end.
    pub until: Option<Moment>,
    /// The buckets' width.
    pub bucket_seconds: i64,
    /// The zone in which the logs were written.
    pub zone: Zone,
    /// What else is known of the machine, for the steps that are proposed.
    pub site: &'a Site,
}
