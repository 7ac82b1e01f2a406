use std::io;

use crate::rollup::{Row, RowByRow, Rows, Source, ahead};

use super::DAY;

/// Hands all rows to `each`, in parts: none has rows of two days (UTC), nor more than `most`.
pub(super) fn parts<E: Send>(
    rows: &Rows,
    most: usize,
    failed: impl Fn(io::Error) -> E + Sync,
    mut each: impl FnMut(&[Row]) -> Result<(), E> + Send,
) -> Result<(), E> {
    let each = |parts: &[&[Row]]| parts.iter().try_for_each(|part| each(part));
    some_parts(rows, most, 1, failed, each)
}

/// The same, some parts at once: as many as `at_once`, if all rows are held, and else one.
pub(super) fn some_parts<E: Send>(
    rows: &Rows,
    most: usize,
    at_once: usize,
    failed: impl Fn(io::Error) -> E + Sync,
    mut each: impl FnMut(&[&[Row]]) -> Result<(), E> + Send,
) -> Result<(), E> {
    match rows {
        Rows::Held(rows) => {
            let days = rows.chunk_by(|one, other| day(one) == day(other));
            let parts: Vec<&[Row]> = days.flat_map(|day| day.chunks(most)).collect();
            parts.chunks(at_once).try_for_each(each)
        }
        Rows::Aside(rows) => {
            let rows = rows.rows().map_err(&failed)?;
            let mut parts = Parts {
                rows,
                most,
                next: None,
            };
            ahead(|| parts.next().map_err(&failed), |part| each(&[&part]))
        }
    }
}

/// Rows that are read.
struct Parts {
    rows: RowByRow,
    most: usize,
    /// A row that was read and is of another day.
    next: Option<Row>,
}

/// About so many bytes of rows a part has at most.
const MOST_BYTES: usize = 8 << 20;

impl Parts {
    /// Nothing, if there are no more rows.
    fn next(&mut self) -> io::Result<Option<Vec<Row>>> {
        let mut rows: Vec<Row> = self.next.take().into_iter().collect();
        let mut bytes = 0;
        while rows.len() < self.most && bytes < MOST_BYTES {
            let Some(row) = self.rows.next().transpose()? else {
                break;
            };
            if rows.first().is_some_and(|first| day(first) != day(&row)) {
                self.next = Some(row);
                break;
            }
            bytes += row.weight();
            rows.push(row);
        }
        Ok((!rows.is_empty()).then_some(rows))
    }
}

fn day(row: &Row) -> i64 {
    row.bucket.0.div_euclid(DAY)
}
