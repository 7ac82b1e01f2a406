use std::fmt::{self, Write};

use crate::render::count;

use super::super::clock::duration;
use super::super::strip::Strips;
use super::View;
use super::style::{FAILED, PLAIN, QUIET};
use super::table::{Table, cell, number, painted, text, whole};

/// Of more pools than this only the worst have a strip.
const FEW: usize = 6;

const CELLS: usize = 48;

impl View<'_> {
    /// Failures over time: a strip for all pools and one for each of the worst.
    pub(super) fn strips(&self, out: &mut impl Write) -> fmt::Result {
        let document = self.document;
        if document.timeline.len() < 2 || document.totals.failures == 0 {
            return Ok(());
        }
        let strips = Strips::new(document, CELLS, self.style.unicode);
        let cell_width = document.timeline_seconds * strips.per_cell as i64;
        let about = format!(
            ", {} a character, each row to its own peak",
            duration(cell_width)
        );
        self.section(out, "FAILURES OVER TIME", &about)?;
        let mut table = Table::new(&[text("", 8), whole(""), number("PEAK")]);
        let mut row = |name: String, paint, (strip, most): (String, u64)| {
            table.row([cell(name), painted(paint, strip), cell(count(most))]);
        };
        let all = strips.draw(document.timeline.iter().map(|bucket| bucket.failures));
        let drawn = document.pools.iter();
        let drawn: Vec<_> = drawn
            .filter(|pool| pool.failures > 0 && !pool.by_bucket.is_empty())
            .collect();
        if document.totals.failed_pools > 1 {
            row("all pools".to_owned(), PLAIN, all);
        }
        for pool in self.first(&drawn, FEW) {
            let strip = strips.draw(pool.by_bucket.iter().copied());
            row(self.style.name(&pool.pool, 80), FAILED, strip);
        }
        let axis = strips.axis(document, self.clock);
        table.row([cell(""), painted(QUIET, axis), cell("")]);
        table.write(out, "  ", self.style)
    }
}
