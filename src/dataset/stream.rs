//! Failures read back row by row, where they are all in one file: memory does not depend on how many there are.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, RecordBatch, StringArray};

use crate::record::Moment;
use crate::rollup::{Bursts, Clients, Row, ahead, some};
use crate::taxonomy::Kind;

use super::hourly::minutes_of;
use super::read::Table;
use super::rows::Classes;
use super::{DatasetError, Held};

/// Those that tell of bursts.
const COLUMNS: [&str; 12] = [
    "bucket",
    "pool",
    "class",
    "kind",
    "peer",
    "server",
    "events",
    "clients_sketch",
    "first_seen",
    "last_seen",
    "minutes",
    "example",
];

/// So many rows are read at once.
const AT_ONCE: usize = 2_048;

impl Held {
    /// Adds what the rows of these buckets tell of bursts.
    pub(super) fn tell(
        &self,
        bursts: &mut Bursts,
        buckets: &Range<Moment>,
        classes: &Classes,
    ) -> Result<(), DatasetError> {
        let tables: Vec<&Table> = self.tables_of(buckets).collect();
        match tables.as_slice() {
            [table] => table.tell(bursts, buckets, classes),
            // What has everything in common is one row, whichever files it is in.
            _ => {
                let mut rows = self.rows(buckets, &[]);
                let read = || some(&mut rows, AT_ONCE);
                ahead(read, |rows| {
                    bursts.add(&rows);
                    Ok(())
                })
            }
        }
    }
}

impl Table {
    /// Its rows are in order.
    fn tell(
        &self,
        bursts: &mut Bursts,
        buckets: &Range<Moment>,
        classes: &Classes,
    ) -> Result<(), DatasetError> {
        let groups = self.groups_of(&(buckets.start.0..buckets.end.0));
        self.read(groups, self.columns(&COLUMNS), AT_ONCE, |batch| {
            let rows = rows(batch, buckets, bursts, classes)?;
            bursts.add(&rows);
            Some(())
        })
    }
}

/// The rows of a batch that tell of bursts, as far as they do; `None` if a sketch is none.
fn rows(
    batch: &RecordBatch,
    buckets: &Range<Moment>,
    bursts: &Bursts,
    classes: &Classes,
) -> Option<Vec<Row>> {
    let column = |name| batch.column_by_name(name);
    let time = |name| Some(column(name)?.as_primitive::<TimestampMicrosecondType>());
    let text = |name| Some(column(name)?.as_string::<i32>());
    let [bucket, first, last] = [time("bucket")?, time("first_seen")?, time("last_seen")?];
    let [pool, class, kind] = [text("pool")?, text("class")?, text("kind")?];
    let [peer, server, example] = [text("peer")?, text("server")?, text("example")?];
    let events = column("events")?.as_primitive::<Int64Type>();
    let sketch = column("clients_sketch")?.as_binary::<i32>();
    let minutes = column("minutes")?.as_list::<i32>();
    let mut rows: Vec<Row> = Vec::new();
    for at in 0..batch.num_rows() {
        let moments = [bucket, first, last].map(|time| Moment(time.value(at)));
        let [bucket, first_seen, last_seen] = moments;
        let example = example.is_valid(at).then(|| example.value(at));
        let tells = kind.value(at) == Kind::Failed.letter()
            && buckets.contains(&bucket)
            && (example.is_some() || bursts.may_be_told_by(pool.value(at), first_seen, last_seen));
        if !tells {
            continue;
        }
        let before = rows.last();
        let name = |column: &StringArray, before: Option<&Arc<str>>| {
            let name = column.is_valid(at).then(|| column.value(at))?;
            let same = before.filter(|before| ***before == *name);
            Some(same.map_or_else(|| name.into(), Arc::clone))
        };
        rows.push(Row {
            bucket,
            pool: name(pool, before.map(|row| &row.pool))?,
            host: Arc::default(),
            class: classes.of(class.value(at), kind.value(at))?,
            phase: None,
            os_error: None,
            level: None,
            status: None,
            scheme: None,
            peer: name(peer, before.and_then(|row| row.peer.as_ref())),
            server: name(server, before.and_then(|row| row.server.as_ref())),
            events: events.value(at) as u64,
            clients: Clients::from_sketch(sketch.value(at))?,
            minutes: minutes_of(&minutes.value(at)),
            first_seen,
            last_seen,
            example: example.map(str::to_owned),
        });
    }
    Some(rows)
}
