//! Rows of several rollups, each of some of the logs, as one rollup of all of them has them.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;

use crate::record::{Level, OsError};
use crate::rollup::{choose_example, lot};
use crate::taxonomy::{Class, Phase};

use super::columns::{Counts, Key};
use super::hourly::batch_of;
use super::merged::{self, Merged};

/// Rows that were counted apart, of which those that have everything in common are added up.
#[derive(Default)]
pub struct Partials(Merged);

/// Rows that no version of this program has written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it has rows that no version of badgateway has written")]
pub struct NoneOfOurs;

impl Partials {
    /// Adds rows with the columns of the `hourly` table.
    pub fn add(&mut self, batch: &RecordBatch) -> Result<(), NoneOfOurs> {
        self.0.add(batch, &(i64::MIN..i64::MAX)).ok_or(NoneOfOurs)
    }

    /// The rows, sorted as those of one rollup.
    pub fn into_batch(mut self) -> Result<RecordBatch, ArrowError> {
        let rows = std::iter::from_fn(|| self.0.pop_first());
        let mut rows: Vec<(Key, Counts)> = rows.collect();
        // What is sorted by its text is sorted otherwise where it was counted.
        rows.sort_by(|(one, _), (other, _)| order(one, other));
        let pool = |row: &(Key, Counts)| (row.0.0, row.0.1[0].clone());
        for rows in rows.chunk_by_mut(|one, other| pool(one) == pool(other)) {
            keep_one_example_of_each_class(rows);
        }
        let bytes = rows
            .iter()
            .map(|(_, counts)| counts.clients.sketch_length());
        batch_of(bytes.sum(), |name| merged::column(&rows, name))
    }
}

/// The order of [`Row`](crate::rollup::Row).
fn order(
    (bucket, texts, status): &Key,
    (other_bucket, other_texts, other_status): &Key,
) -> Ordering {
    let [
        pool,
        host,
        class,
        _,
        phase,
        os_error,
        level,
        scheme,
        peer,
        server,
    ] = texts;
    let [
        pool2,
        host2,
        class2,
        _,
        phase2,
        os_error2,
        level2,
        scheme2,
        peer2,
        server2,
    ] = other_texts;
    let by_place = (bucket, pool, host).cmp(&(other_bucket, pool2, host2));
    by_place
        .then_with(|| class_rank(class).cmp(&class_rank(class2)))
        .then_with(|| rank(phase, Phase::from_name).cmp(&rank(phase2, Phase::from_name)))
        .then_with(|| rank(os_error, OsError::from_name).cmp(&rank(os_error2, OsError::from_name)))
        .then_with(|| rank(level, level_of).cmp(&rank(level2, level_of)))
        .then_with(|| (status, scheme, peer, server).cmp(&(other_status, scheme2, peer2, server2)))
}

/// Classes that are not built in come last, by their names.
fn class_rank(name: &Option<String>) -> (bool, Option<Class>, Option<&str>) {
    let name = name.as_deref();
    let class = name.and_then(Class::from_name);
    (class.is_none(), class, name)
}

/// What is absent comes first; what another version has written, last.
fn rank<T: Ord>(
    text: &Option<String>,
    of: impl Fn(&str) -> Option<T>,
) -> (bool, Option<T>, Option<&str>) {
    let text = text.as_deref();
    let known = text.and_then(of);
    (known.is_none() && text.is_some(), known, text)
}

fn level_of(name: &str) -> Option<Level> {
    Level::from_name(name.as_bytes())
}

/// Each part has an example of each class of a pool in a bucket, and so has the whole: the one that the lot chooses, in
/// the first row that has it.
fn keep_one_example_of_each_class(rows: &mut [(Key, Counts)]) {
    let mut kept: HashMap<Option<String>, (usize, String)> = HashMap::new();
    for (at, ((_, texts, _), counts)) in rows.iter_mut().enumerate() {
        let Some(example) = counts.example.take() else {
            continue;
        };
        match kept.entry(texts[2].clone()) {
            Entry::Vacant(place) => {
                place.insert((at, example));
            }
            Entry::Occupied(mut place) => {
                let (first, text) = place.get_mut();
                if lot(example.as_bytes()) < lot(text.as_bytes()) {
                    *first = at;
                }
                let chosen = choose_example(Some(std::mem::take(text)), Some(example));
                *text = chosen.unwrap_or_default();
            }
        }
    }
    for (at, text) in kept.into_values() {
        rows[at].1.example = Some(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::batch;
    use crate::record::Zone;
    use crate::rollup::Row;
    use crate::scan::Scan;
    use crate::source::{Input, Memory};

    const HOUR: i64 = 3_600_000_000;

    /// A log of a machine; every record is of the same second.
    fn log(host: &str, records: u64) -> Vec<u8> {
        let classes = ["refused", "reset by peer", "timed out"];
        let record = |number: u64| {
            format!(
                "Nov  1 09:15:02 {host} nginx: 2026/11/01 09:15:02 [error] 12#12: *{} connect() failed ({}: Connection {}) while \
                 connecting to upstream, client: 192.0.2.{number}, server: a, request: \"GET / HTTP/1.1\", upstream: \
                 \"http://127.0.0.1:80{}/\", host: \"a\"\n",
                number % 7,
                [111, 104, 110][number as usize % 3],
                classes[number as usize % 3],
                number % 2,
            )
        };
        (0..records)
            .flat_map(|number| record(number).into_bytes())
            .collect()
    }

    fn rows(logs: Vec<Vec<u8>>) -> Vec<Row> {
        let memory = |content: Vec<u8>| {
            Input::Memory(Memory {
                name: "error.log".into(),
                content: content.into(),
                modified: std::time::SystemTime::now(),
            })
        };
        let scan = Scan {
            zone: "UTC".parse::<Zone>().unwrap(),
            ..Scan::new(logs.into_iter().map(memory).collect())
        };
        scan.rollup(HOUR).value.into_rows()
    }

    #[test]
    fn parts_are_added_up_to_what_one_run_counts() {
        let hosts = ["web1", "web2", "web3", "web1", "web2"];
        let logs = || {
            hosts
                .iter()
                .zip(40..)
                .map(|(host, records)| log(host, records))
        };
        let whole = batch(&rows(logs().collect())).unwrap();
        let mut partials = Partials::default();
        for log in logs() {
            partials.add(&batch(&rows(vec![log])).unwrap()).unwrap();
        }
        let merged = partials.into_batch().unwrap();
        assert!(whole.num_rows() >= 3 * 3 * 2);
        assert_eq!(merged, whole);
        let examples = whole.column_by_name("example").unwrap();
        assert_eq!(examples.len() - examples.null_count(), 3 * 2);
    }
}
