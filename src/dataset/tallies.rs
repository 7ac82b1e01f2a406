//! What a file tells by few of its columns.

use std::ops::Range;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, RecordBatch};

use crate::record::Moment;
use crate::rollup::{Failures, Few};
use crate::taxonomy::Kind;

use super::DatasetError;
use super::hourly::minutes_of;
use super::read::{AT_ONCE, Table};

impl Table {
    /// Adds the names of the rows of these buckets, of one machine or of all.
    pub(super) fn add_names(
        &self,
        few: &mut Few,
        buckets: &Range<i64>,
        asked: Option<&str>,
    ) -> Result<(), DatasetError> {
        let columns = self.columns(&["bucket", "pool", "host", "peer", "server"]);
        self.read(self.groups_of(buckets), columns, AT_ONCE, |batch| {
            let bucket = batch.column_by_name("bucket")?;
            let bucket = bucket.as_primitive::<TimestampMicrosecondType>();
            let text = |name| Some(batch.column_by_name(name)?.as_string::<i32>());
            let (pools, hosts) = (text("pool")?, text("host")?);
            let (peers, servers) = (text("peer")?, text("server")?);
            for row in 0..batch.num_rows() {
                let host = hosts.value(row);
                let is_asked = asked.is_none_or(|asked| asked == host);
                if is_asked && buckets.contains(&bucket.value(row)) {
                    let [peer, server] = [peers, servers]
                        .map(|names| names.is_valid(row).then(|| names.value(row).as_bytes()));
                    let names = [pools.value(row), host].map(str::as_bytes);
                    few.add(names, [peer, server]);
                }
            }
            Some(())
        })
    }

    /// How many events the rows of these buckets have counted.
    pub(super) fn events_of(&self, buckets: &Range<i64>) -> Result<u64, DatasetError> {
        let mut sum: u64 = 0;
        let columns = self.columns(&["bucket", "events"]);
        self.read(self.groups_of(buckets), columns, AT_ONCE, |batch| {
            let column = |name| batch.column_by_name(name);
            let bucket = column("bucket")?.as_primitive::<TimestampMicrosecondType>();
            let events = column("events")?.as_primitive::<Int64Type>();
            for (bucket, events) in bucket.values().iter().zip(events.values()) {
                if buckets.contains(bucket) {
                    sum = sum.saturating_add(u64::try_from(*events).ok()?);
                }
            }
            Some(())
        })?;
        Ok(sum)
    }

    /// Counts the failures of each minute.
    pub(super) fn add_failures(&self, failures: &mut Failures) -> Result<(), DatasetError> {
        let columns = self.columns(&[
            "bucket",
            "pool",
            "kind",
            "first_seen",
            "last_seen",
            "minutes",
        ]);
        let groups = (0..self.groups.len()).collect();
        self.read(groups, columns, AT_ONCE, |batch| {
            count_failures(batch, failures)
        })
    }
}

fn count_failures(batch: &RecordBatch, failures: &mut Failures) -> Option<()> {
    let column = |name| batch.column_by_name(name);
    let time = |name| Some(column(name)?.as_primitive::<TimestampMicrosecondType>());
    let bucket = time("bucket")?;
    let (first, last) = (time("first_seen")?, time("last_seen")?);
    let pool = column("pool")?.as_string::<i32>();
    let kind = column("kind")?.as_string::<i32>();
    let minutes = column("minutes")?.as_list::<i32>();
    for row in 0..batch.num_rows() {
        failures.see(Moment(first.value(row)), Moment(last.value(row)));
        if kind.value(row) == Kind::Failed.letter() {
            let minutes = minutes_of(&minutes.value(row));
            failures.count(pool.value(row), Moment(bucket.value(row)), &minutes);
        }
    }
    Some(())
}
