use std::fmt::{self, Write};

use textwrap::core::display_width;

use crate::render::{count, plural};
use crate::taxonomy::Kind;

use super::super::document::Pool;
use super::super::headline::percent;
use super::super::steps::alike;
use super::View;
use super::style::{PLAIN, STRONG, paint_of};
use super::table::{Table, cell, number, painted, text, whole};

/// Of more pools than this only the worst are shown.
const FEW: usize = 12;

/// For more pools than this no step is proposed: who has so many begins with the worst.
const FEW_STEPS: usize = 3;

impl View<'_> {
    /// A line for each pool.
    pub(super) fn pools(&self, out: &mut impl Write) -> fmt::Result {
        let pools = &self.document.pools;
        if pools.is_empty() {
            return Ok(());
        }
        self.section(out, "POOLS", "")?;
        let mut table = Table::new(&[
            text("POOL", 14),
            number("FAILED"),
            number("SHARE"),
            number("502"),
            number("504"),
            number("OTHER"),
            text("WORST CLASS", 16),
            whole(self.worst_bucket()),
        ]);
        let shown = self.first(pools, FEW);
        for pool in shown {
            let share = match pool.failures {
                0 => String::new(),
                _ => percent(pool.share),
            };
            let kind = pool.worst_class.kind();
            let bucket = pool.worst_bucket.bucket;
            table.row([
                painted(STRONG, self.style.name(&pool.pool, 80)),
                painted(self.severity(pool), count(pool.failures)),
                cell(share),
                cell(unless_none(pool.statuses.bad_gateway)),
                cell(unless_none(pool.statuses.gateway_timeout)),
                cell(unless_none(pool.degraded + pool.client)),
                painted(paint_of(kind), self.style.name(pool.worst_class.name(), 40)),
                cell(
                    self.clock
                        .bucket(bucket, self.document.period.bucket_seconds),
                ),
            ]);
        }
        table.write(out, "  ", self.style)?;
        let all = self.document.totals.pools as usize;
        self.more(out, all.saturating_sub(shown.len()), "more pool")
    }

    fn severity(&self, pool: &Pool) -> anstyle::Style {
        if pool.failures > 0 {
            paint_of(Kind::Failed)
        } else {
            PLAIN
        }
    }

    fn worst_bucket(&self) -> &'static str {
        match self.document.period.bucket_seconds {
            3600 => "WORST HOUR",
            86_400 => "WORST DAY",
            _ => "WORST TIME",
        }
    }

    /// What the worst class of each pool means, why it is so most often, and what to type first.
    pub(super) fn steps(&self, out: &mut impl Write) -> fmt::Result {
        let alike = alike(self.document);
        if alike.is_empty() {
            return Ok(());
        }
        self.section(out, "WHAT TO DO", "")?;
        let shown = self.first(&alike, FEW_STEPS);
        for (at, pools) in shown.iter().enumerate() {
            if at > 0 {
                writeln!(out)?;
            }
            self.step(out, pools)?;
        }
        let mut classes = shown.iter().map(|pools| pools[0].worst_class);
        if let Some(class) = classes.find(|class| class.explanation().is_some()) {
            writeln!(out)?;
            let more = format!(
                "All causes and remedies: badgateway explain {class}. What is wrong on this machine now: \
                 badgateway doctor."
            );
            self.paragraph(out, PLAIN, &more)?;
        }
        Ok(())
    }

    fn step(&self, out: &mut impl Write, pools: &[&Pool]) -> fmt::Result {
        let first = pools[0];
        let class = self.style.name(first.worst_class.name(), 40);
        let which = self.which(pools);
        let used = 2 + display_width(&which) + 2 + display_width(&class);
        let name = self
            .style
            .name(&first.pool, self.style.width().saturating_sub(used));
        let events = match pools {
            [only] => of_failures(only),
            _ => String::new(),
        };
        let has_room = used + display_width(&name) + events.len() <= self.style.width();
        writeln!(
            out,
            "  {}{which}: {}{}",
            self.style.paint(STRONG, &name),
            self.style.paint(paint_of(first.worst_class.kind()), &class),
            if has_room { &events } else { "" },
        )?;
        self.hanging(out, PLAIN, "    ", &self.style.words(first.meaning))?;
        if let Some(likely) = &first.likely {
            let likely = self.style.words(likely.trim());
            self.hanging(out, PLAIN, "    most often: ", &likely)?;
        }
        match &first.first_step {
            Some(step) => self.style.wrap().command(out, "    $ ", step),
            None => Ok(()),
        }
    }

    /// The others for which the same is to be done.
    fn which(&self, pools: &[&Pool]) -> String {
        match pools {
            [] | [_] => String::new(),
            [_, second] => format!(" and {}", self.style.name(&second.pool, 24)),
            [_, second, rest @ ..] => {
                let second = self.style.name(&second.pool, 24);
                format!(", {second} and {} more", rest.len())
            }
        }
    }
}

/// `, 9 of 47 failures`
fn of_failures(pool: &Pool) -> String {
    let worst = pool
        .classes
        .iter()
        .find(|count| count.class == pool.worst_class);
    match (pool.failures, worst) {
        (0, _) | (_, None) => String::new(),
        (failures, Some(worst)) => {
            let failures = plural(failures, "failure");
            format!(", {} of {failures}", count(worst.events))
        }
    }
}

fn unless_none(number: u64) -> String {
    match number {
        0 => String::new(),
        _ => count(number),
    }
}
