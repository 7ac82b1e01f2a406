use chrono::{DateTime, Utc};

use crate::record::{Moment, Zone};

use super::When;

/// A time that ends before it begins, in the logs' zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("since {since} is not before until {until}")]
pub struct NoTime {
    /// When it begins.
    pub since: String,
    /// When it ends.
    pub until: String,
}

/// When a time begins and ends that people have named, in this zone. A time that ends before it begins is a mistake, and not a quiet one.
pub fn period(
    since: Option<When>,
    until: Option<When>,
    zone: Zone,
    now: DateTime<Utc>,
) -> Result<(Option<Moment>, Option<Moment>), NoTime> {
    let moment = |when: Option<When>| when.map(|when| when.moment(zone, now));
    match (moment(since), moment(until)) {
        (Some(since), Some(until)) if since >= until => {
            let shown = |moment| zone.local(moment).format("%Y-%m-%d %H:%M:%S").to_string();
            Err(NoTime {
                since: shown(since),
                until: shown(until),
            })
        }
        period => Ok(period),
    }
}
