use chrono::{DateTime, Utc};

use crate::record::{Moment, Zone};

use super::CliError;
use super::time::When;

/// What --since and --until mean now, in this zone. A time that ends before it begins is a mistake, and not a quiet
/// one.
pub(super) fn period(
    since: Option<When>,
    until: Option<When>,
    zone: Zone,
    now: DateTime<Utc>,
) -> Result<(Option<Moment>, Option<Moment>), CliError> {
    let moment = |when: Option<When>| when.map(|when| when.moment(zone, now));
    match (moment(since), moment(until)) {
        (Some(since), Some(until)) if since >= until => {
            let shown = |moment| zone.local(moment).format("%Y-%m-%d %H:%M:%S").to_string();
            Err(CliError::NoTime {
                since: shown(since),
                until: shown(until),
            })
        }
        period => Ok(period),
    }
}
