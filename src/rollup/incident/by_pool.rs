use foldhash::{HashMap, HashMapExt};

use crate::rollup::Row;
use crate::taxonomy::Kind;

/// The failures of each pool, in the order in which they come: what is found out about pools is found out about all
/// of them side by side.
pub(super) fn by_pool<'r>(
    rows: impl IntoIterator<Item = &'r Row>,
) -> HashMap<&'r str, Vec<&'r Row>> {
    let mut pools: HashMap<&str, Vec<&Row>> = HashMap::new();
    let failed = |row: &&Row| row.class.kind() == Kind::Failed;
    for row in rows.into_iter().filter(failed) {
        pools.entry(&row.pool).or_default().push(row);
    }
    pools
}
