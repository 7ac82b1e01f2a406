use std::fmt::{self, Write};

use crate::render::count;

use super::super::document::PoolDelta;
use super::super::headline::{is_worse, period, rounded};
use super::View;
use super::style::{CLEAN, FAILED, PLAIN, STRONG};
use super::table::{Table, cell, number, painted, text, whole};

/// Of more changes than this only the largest are shown.
const FEW: usize = 5;

impl View<'_> {
    /// Which pools failed more or less than before, and what is new.
    pub(super) fn change(&self, out: &mut impl Write) -> fmt::Result {
        let Some(change) = &self.document.change else {
            return Ok(());
        };
        let pools = change.pools.iter();
        let changed: Vec<&PoolDelta> = pools
            .filter(|pool| pool.delta.failures != pool.delta.before)
            .collect();
        if changed.is_empty() && change.new.is_empty() {
            return Ok(());
        }
        let about = format!(" against the {} before", period(change.seconds));
        self.section(out, "CHANGED", &about)?;
        let mut table = Table::new(&[
            text("POOL", 12),
            number("FAILED"),
            number("BEFORE"),
            number("USUALLY"),
            number("CHANGE"),
        ]);
        let shown = self.first(&changed, FEW);
        for pool in shown {
            let delta = &pool.delta;
            let usual = match change.periods {
                0 | 1 => String::new(),
                _ => rounded(delta.usual),
            };
            let (paint, sign) = match delta.failures.cmp(&delta.before) {
                std::cmp::Ordering::Greater if is_worse(delta) => (FAILED, "+"),
                std::cmp::Ordering::Greater => (PLAIN, "+"),
                _ => (CLEAN, "-"),
            };
            table.row([
                painted(STRONG, self.style.name(&pool.pool, 80)),
                cell(count(delta.failures)),
                cell(count(delta.before)),
                cell(usual),
                painted(
                    paint,
                    format!("{sign}{}", count(delta.failures.abs_diff(delta.before))),
                ),
            ]);
        }
        if !changed.is_empty() {
            table.write(out, "  ", self.style)?;
        }
        self.more(out, changed.len() - shown.len(), "more pool")?;
        if change.new.is_empty() {
            return Ok(());
        }
        if !changed.is_empty() {
            writeln!(out)?;
        }
        let shown = self.first(&change.new, FEW);
        let mut table = Table::new(&[text("NEW IN POOL", 12), number("FAILED"), whole("CLASS")]);
        for new in shown {
            table.row([
                painted(STRONG, self.style.name(&new.pool, 80)),
                cell(count(new.events)),
                painted(FAILED, self.style.name(new.class.name(), 40)),
            ]);
        }
        table.write(out, "  ", self.style)?;
        self.more(out, change.new.len() - shown.len(), "more kind")
    }
}
