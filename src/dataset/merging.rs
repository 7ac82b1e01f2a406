//! Rows of many files as one table, row by row: memory does not depend on how many rows there are.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::ops::Range;

use parquet::arrow::ProjectionMask;

use super::DatasetError;
use super::columns::{Columns, Place};
use super::merged::{Counts, Key, Merged};
use super::read::{NONE_OF_OURS, Reader, Table};

/// The rows of some buckets, those that have everything in common added up, in the order of their keys.
///
/// Each file has its rows in the order of their places. What is held is what stands at one place, of each file what was
/// read at once, and small files as a whole.
pub(super) struct Merging {
    heads: BinaryHeap<Reverse<Head>>,
    merged: Merged,
}

/// So many rows are held of small files together.
const SMALL: u64 = 16_384;

/// So many rows are read at once, of all files together, and of each at least.
const AT_ONCE: usize = 4_096;
const AT_LEAST: usize = 32;

/// A file that is read, and its next row.
struct Head {
    reader: Reader,
    columns: Columns,
    row: usize,
    buckets: Range<i64>,
}

impl Merging {
    pub(super) fn new<'t>(
        tables: impl IntoIterator<Item = &'t Table>,
        buckets: &Range<i64>,
    ) -> Result<Self, DatasetError> {
        let rows = |table: &Table| table.rows_of(buckets);
        let tables = tables.into_iter();
        let mut tables: Vec<&Table> = tables.filter(|table| rows(table) > 0).collect();
        tables.sort_by_key(|table| rows(table));
        let mut merged = Merged::default();
        let mut held = 0;
        let is_small = |table: &&Table| {
            held += rows(table);
            held <= SMALL
        };
        let small = match tables.len() {
            // Nothing is to be added to it.
            1 => 0,
            _ => tables.iter().copied().take_while(is_small).count(),
        };
        let (small, large) = tables.split_at(small);
        for table in small {
            table.add_to(&mut merged, buckets)?;
        }
        let at_once = (AT_ONCE / large.len().max(1)).max(AT_LEAST);
        let heads = large
            .iter()
            .filter_map(|table| Head::new(table, buckets, at_once).transpose());
        let heads = heads.map(|head| head.map(Reverse));
        Ok(Self {
            heads: heads.collect::<Result<_, _>>()?,
            merged,
        })
    }

    fn try_next(&mut self) -> Result<Option<(Key, Counts)>, DatasetError> {
        loop {
            let Some(mut head) = self.heads.peek_mut() else {
                return Ok(self.merged.pop_first());
            };
            let first = self.merged.first_place();
            if first.is_some_and(|first| first < head.0.place()) {
                // Nothing can be added to it any more.
                return Ok(self.merged.pop_first());
            }
            head.0.add_to(&mut self.merged)?;
            if !head.0.step()? {
                PeekMut::pop(head);
            }
        }
    }
}

impl Iterator for Merging {
    type Item = Result<(Key, Counts), DatasetError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.try_next().transpose()
    }
}

impl Head {
    /// Nothing, if there is no such row.
    fn new(
        table: &Table,
        buckets: &Range<i64>,
        at_once: usize,
    ) -> Result<Option<Self>, DatasetError> {
        let groups = table.groups_of(buckets);
        let mut reader = table.reader(groups, ProjectionMask::all(), at_once)?;
        let Some(columns) = next_columns(&mut reader)? else {
            return Ok(None);
        };
        let mut head = Self {
            reader,
            columns,
            row: 0,
            buckets: buckets.clone(),
        };
        let is_there = head.is_wanted() || head.step()?;
        Ok(is_there.then_some(head))
    }

    fn place(&self) -> Place<'_> {
        self.columns.place(self.row)
    }

    fn is_wanted(&self) -> bool {
        self.buckets.contains(&self.columns.bucket(self.row))
    }

    fn add_to(&self, merged: &mut Merged) -> Result<(), DatasetError> {
        let counts = self.columns.counts(self.row);
        let counts = counts.ok_or_else(|| self.reader.odd(NONE_OF_OURS))?;
        merged.add_row(self.columns.key(self.row), counts);
        Ok(())
    }

    /// Goes on to the next row, and tells whether there is one.
    fn step(&mut self) -> Result<bool, DatasetError> {
        loop {
            let (row, next) = (self.row, self.row + 1);
            let is_in_order = if next < self.columns.len() {
                self.row = next;
                self.columns.place(row) <= self.columns.place(next)
            } else {
                let Some(next) = next_columns(&mut self.reader)? else {
                    return Ok(false);
                };
                let before = std::mem::replace(&mut self.columns, next);
                self.row = 0;
                before.place(row) <= self.columns.place(0)
            };
            if !is_in_order {
                return Err(self.reader.odd("its rows are not in order"));
            }
            if self.is_wanted() {
                return Ok(true);
            }
        }
    }
}

/// The rows that are read next; nothing at the end.
fn next_columns(reader: &mut Reader) -> Result<Option<Columns>, DatasetError> {
    while let Some(batch) = reader.next()? {
        if batch.num_rows() > 0 {
            let columns = Columns::of(&batch).ok_or_else(|| reader.odd(NONE_OF_OURS))?;
            return Ok(Some(columns));
        }
    }
    Ok(None)
}

impl Ord for Head {
    fn cmp(&self, other: &Self) -> Ordering {
        self.place().cmp(&other.place())
    }
}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Head {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Head {}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::path::Path;

    use rand::rngs::Xoshiro256PlusPlus;
    use rand::{RngExt, SeedableRng};

    use super::super::{HOUR, Provenance, write};
    use super::*;
    use crate::record::Moment;
    use crate::rollup::{Clients, Minutes, Row, Rows};
    use crate::taxonomy::Class;

    fn row(bucket: i64, pool: &str, host: &str, server: Option<&str>, events: u64) -> Row {
        let bucket = Moment(bucket * HOUR * 1_000_000);
        Row {
            bucket,
            pool: pool.into(),
            host: host.into(),
            class: Class::ALL[events as usize % 3],
            phase: None,
            os_error: None,
            level: None,
            status: None,
            scheme: None,
            peer: None,
            server: server.map(Into::into),
            events,
            clients: Clients::default(),
            minutes: Minutes::from_list([events as u32]),
            first_seen: bucket,
            last_seen: Moment(bucket.0 + events as i64),
            example: None,
        }
    }

    fn table(folder: &Path, name: &str, rows: Vec<Row>) -> Table {
        let path = folder.join(name);
        let provenance = Provenance {
            zone: "UTC".to_owned(),
            bucket_seconds: HOUR,
            run: chrono::Utc::now(),
        };
        let out = File::create(&path).unwrap();
        write::write(&Rows::Held(rows), provenance.key_values(&[]), out, |_| {}).unwrap();
        Table::open(&path).unwrap()
    }

    #[test]
    fn rows_of_small_and_of_large_files_are_what_adding_them_up_gives() {
        let mut dice = Xoshiro256PlusPlus::seed_from_u64(7);
        let folder = tempfile::tempdir().unwrap();
        let lengths = [SMALL + 5_000, 7_000, 3, SMALL + 1, 400];
        let mut tables = Vec::new();
        for (number, length) in lengths.into_iter().enumerate() {
            let mut rows = Vec::new();
            for _ in 0..length {
                let [bucket, pool, host] = [26, 30, 2].map(|most| dice.random_range(0..most));
                let server = dice.random_range(0..60);
                let server = (server > 0).then(|| format!("s{server}"));
                let (pool, host) = (format!("p{pool}"), format!("web{host}"));
                let events = dice.random_range(1..9);
                rows.push(row(bucket, &pool, &host, server.as_deref(), events));
            }
            rows.sort_by(Row::order);
            rows.dedup_by(|again, row| again.order(row).is_eq());
            tables.push(table(folder.path(), &format!("{number}.parquet"), rows));
        }
        // One bucket lies on the next day, one is not asked for.
        let buckets = HOUR * 1_000_000..24 * HOUR * 1_000_000;
        for tables in [&tables[..], &tables[..1], &tables[2..3], &tables[1..3]] {
            let mut added = Merged::default();
            for table in tables {
                table.add_to(&mut added, &buckets).unwrap();
            }
            let expected: Vec<_> = std::iter::from_fn(|| added.pop_first()).collect();
            let merged = Merging::new(tables, &buckets).unwrap();
            let merged: Vec<_> = merged.map(Result::unwrap).collect();
            assert!(!merged.is_empty());
            assert_eq!(merged, expected);
        }
    }

    #[test]
    fn rows_that_no_version_has_written_are_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let good = || row(7, "shop", "web1", None, 5);
        let before = Moment(good().bucket.0 - 1);
        let late = Moment(good().bucket.0 + 25 * HOUR * 1_000_000);
        let odd = [
            ("order", vec![row(7, "tree", "web1", None, 5), good()]),
            ("hosts", vec![row(7, "shop", "web2", None, 5), good()]),
            (
                "many",
                vec![Row {
                    events: 1 << 41,
                    ..good()
                }],
            ),
            (
                "less",
                vec![Row {
                    events: u64::MAX,
                    ..good()
                }],
            ),
            (
                "early",
                vec![Row {
                    first_seen: before,
                    ..good()
                }],
            ),
            (
                "late",
                vec![Row {
                    last_seen: late,
                    ..good()
                }],
            ),
        ];
        let read = |rows| {
            let table = table(folder.path(), "table.parquet", rows);
            Merging::new([&table], &(0..i64::MAX))?.collect::<Result<Vec<_>, _>>()
        };
        assert_eq!(read(vec![good()]).unwrap().len(), 1);
        for (what, rows) in odd {
            let error = read(rows).unwrap_err();
            assert!(matches!(error, DatasetError::Row { .. }), "{what}: {error}");
        }
    }
}
