//! A report for a chat or an issue. What a stranger wrote stands in code, where it cannot link, mention or be a mark.

mod escape;

use std::fmt::{self, Write};

use crate::render::{Safe, count, plural};

use super::clock::{Clock, duration};
use super::document::{Document, Incident, Named};
use super::headline::{headline, is_all_along, percent, period, rounded};
use super::steps::alike;
use super::strip::Strips;
use escape::{block, cell, code, prose};

/// A report in Markdown, as GitHub and GitLab know it. Times are those of the logs' zone.
#[derive(Debug, Clone, Copy)]
pub struct Markdown<'a>(pub &'a Document);

/// Of more than this only the worst are shown: who reads a chat begins with these, and an issue takes 64 KiB.
const FEW: usize = 20;

const FEW_STEPS: usize = 5;

const FEW_NAMES: usize = 5;

/// Longer names end with `…`.
const NAME: usize = 200;

const CELLS: usize = 48;

struct Page<'a> {
    document: &'a Document,
    clock: Clock,
}

impl fmt::Display for Markdown<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let page = Page {
            document: self.0,
            clock: Clock::new(self.0),
        };
        page.headline(out)?;
        page.strip(out)?;
        page.incidents(out)?;
        page.pools(out)?;
        page.steps(out)?;
        page.details(out)?;
        page.foot(out)
    }
}

impl Page<'_> {
    fn headline(&self, out: &mut impl Write) -> fmt::Result {
        let mark = |name: &str| code(short(name));
        let sentences = headline(self.document, self.clock, &mark);
        let (first, rest) = sentences
            .split_first()
            .map_or(("", &[][..]), |(first, rest)| (first, rest));
        writeln!(out, "**{first}**\n")?;
        for sentence in rest {
            writeln!(out, "- {sentence}")?;
        }
        Ok(())
    }

    fn strip(&self, out: &mut impl Write) -> fmt::Result {
        let document = self.document;
        if document.timeline.len() < 2 || document.totals.failures == 0 {
            return Ok(());
        }
        let strips = Strips::new(document, CELLS, true);
        let (strip, most) = strips.draw(document.timeline.iter().map(|bucket| bucket.failures));
        let axis = strips.axis(document, self.clock);
        writeln!(
            out,
            "\n{}",
            block("text", format!("{strip}\n{axis}").trim_end())
        )?;
        let width = duration(document.timeline_seconds * strips.per_cell as i64);
        writeln!(out, "{width} a character, the highest is {}.", count(most))
    }

    fn incidents(&self, out: &mut impl Write) -> fmt::Result {
        let mut incidents: Vec<&Incident> = self.document.incidents.iter().collect();
        if incidents.is_empty() {
            return Ok(());
        }
        incidents.sort_by_key(|incident| std::cmp::Reverse(incident.failures));
        let left_out = incidents.len().saturating_sub(FEW);
        incidents.truncate(FEW);
        incidents.sort_by_key(|incident| (incident.group, incident.started.0));
        table(
            out,
            "Incidents",
            &[
                ":from",
                ":to",
                ":length",
                ":pool",
                ":class",
                "failed",
                "peak a minute",
            ],
        )?;
        for incident in &incidents {
            let started = match (incident.is_from_before, is_all_along(incident)) {
                (_, true) => "all along".to_owned(),
                (true, _) => "earlier".to_owned(),
                _ => self.clock.minute(incident.started),
            };
            let ended = if incident.is_going_on {
                "the end".to_owned()
            } else {
                self.clock.end(incident.started, incident.ended)
            };
            writeln!(
                out,
                "| {started} | {ended} | {} | {} | {} | {} | {} |",
                duration(incident.seconds),
                cell(short(&incident.pool)),
                cell(incident.class.name()),
                count(incident.failures),
                count(incident.peak_per_minute),
            )?;
        }
        more(out, left_out, "smaller incident")?;
        self.together(out, &incidents)
    }

    /// Pools that began to fail together may have one cause.
    fn together(&self, out: &mut impl Write, incidents: &[&Incident]) -> fmt::Result {
        for group in incidents.chunk_by(|one, other| one.group == other.group) {
            if let [first, _, ..] = group {
                let names: Vec<String> = group
                    .iter()
                    .map(|incident| code(short(&incident.pool)))
                    .collect();
                let when = self.clock.minute(first.started);
                writeln!(out, "\nStarted together at {when}: {}.", names.join(", "))?;
            }
        }
        Ok(())
    }

    fn pools(&self, out: &mut impl Write) -> fmt::Result {
        let document = self.document;
        if document.pools.is_empty() {
            return Ok(());
        }
        let columns = [
            ":pool",
            "failed",
            "share",
            "502",
            "504",
            "other events",
            ":worst class",
            ":worst time",
        ];
        table(out, "Pools", &columns)?;
        for pool in document.pools.iter().take(FEW) {
            writeln!(
                out,
                "| {} | {} | {} | {} | {} | {} | {} | {} |",
                cell(short(&pool.pool)),
                count(pool.failures),
                percent(pool.share),
                count(pool.statuses.bad_gateway),
                count(pool.statuses.gateway_timeout),
                count(pool.degraded + pool.client),
                cell(pool.worst_class.name()),
                self.clock
                    .bucket(pool.worst_bucket.bucket, document.period.bucket_seconds),
            )?;
        }
        let shown = document.pools.len().min(FEW);
        more(
            out,
            (document.totals.pools as usize).saturating_sub(shown),
            "more pool",
        )
    }

    fn steps(&self, out: &mut impl Write) -> fmt::Result {
        let alike = alike(self.document);
        if alike.is_empty() {
            return Ok(());
        }
        writeln!(out, "\n### What to do")?;
        for pools in alike.iter().take(FEW_STEPS) {
            let first = pools[0];
            let names = pools.iter().take(FEW_NAMES);
            let mut names = names
                .map(|pool| code(short(&pool.pool)))
                .collect::<Vec<_>>()
                .join(", ");
            if pools.len() > FEW_NAMES {
                names += &format!(" and {} more", pools.len() - FEW_NAMES);
            }
            let class = code(first.worst_class.name());
            writeln!(out, "\n**{names}**: {class}, {}.", prose(first.meaning))?;
            if let Some(likely) = &first.likely {
                writeln!(out, "Most often: {}", prose(likely))?;
            }
            if let Some(step) = &first.first_step {
                write!(out, "\n{}", block("sh", step))?;
            }
        }
        Ok(())
    }

    /// What not everybody needs, folded.
    fn details(&self, out: &mut impl Write) -> fmt::Result {
        let document = self.document;
        if let Some(change) = document
            .change
            .as_ref()
            .filter(|change| !change.pools.is_empty())
        {
            let title = format!("Changed against the {} before", period(change.seconds));
            let rows = change.pools.iter().map(|pool| {
                let delta = &pool.delta;
                let (now, before) = (count(delta.failures), count(delta.before));
                format!(
                    "| {} | {now} | {before} | {} |",
                    cell(short(&pool.pool)),
                    rounded(delta.usual)
                )
            });
            folded(out, &title, &[":pool", "failed", "before", "usually"], rows)?;
        }
        let named = |named: &Named| {
            format!(
                "| {} | {} |",
                count(named.failures),
                cell(short(&named.name))
            )
        };
        let sites = document.servers.iter().map(named);
        folded(out, "Sites", &["failed", ":site"], sites)?;
        let requests = document.requests.iter().flatten().map(|request| {
            let (text, pool) = (cell(short(&request.request)), cell(short(&request.pool)));
            format!("| {} | {text} | {pool} |", count(request.failures))
        });
        folded(out, "Requests", &["failed", ":request", ":pool"], requests)?;
        let clients = document.clients.iter().flatten().map(named);
        folded(out, "Clients", &["failed", ":client"], clients)
    }

    fn foot(&self, out: &mut impl Write) -> fmt::Result {
        let document = self.document;
        let not_understood = document.not_understood.sentences();
        if !not_understood.is_empty() {
            writeln!(
                out,
                "\nNot understood: {}.",
                prose(&not_understood.join("; "))
            )?;
        }
        let troubles = document.read.troubles();
        for trouble in troubles.iter().take(FEW_NAMES) {
            writeln!(out, "\nNot read: {}", code(short(trouble)))?;
        }
        more(
            out,
            troubles.len().saturating_sub(FEW_NAMES),
            "more that could not be read",
        )?;
        let mark = |name: &str| code(short(name));
        writeln!(out, "\nRead: {}.", document.read.sentence(&mark))
    }
}

/// The head of a table. Columns of text begin with a colon.
fn table(out: &mut impl Write, title: &str, columns: &[&str]) -> fmt::Result {
    writeln!(out, "\n### {title}\n")?;
    head(out, columns)
}

fn head(out: &mut impl Write, columns: &[&str]) -> fmt::Result {
    let names: Vec<&str> = columns
        .iter()
        .map(|name| name.trim_start_matches(':'))
        .collect();
    let sides: Vec<&str> = columns
        .iter()
        .map(|name| if name.starts_with(':') { "---" } else { "---:" })
        .collect();
    writeln!(out, "| {} |\n|{}|", names.join(" | "), sides.join("|"))
}

fn folded(
    out: &mut impl Write,
    title: &str,
    columns: &[&str],
    rows: impl Iterator<Item = String>,
) -> fmt::Result {
    let mut rows = rows.take(FEW_NAMES).peekable();
    if rows.peek().is_none() {
        return Ok(());
    }
    writeln!(out, "\n<details><summary>{title}</summary>\n")?;
    head(out, columns)?;
    for row in rows {
        writeln!(out, "{row}")?;
    }
    writeln!(out, "\n</details>")
}

fn more(out: &mut impl Write, left_out: usize, noun: &str) -> fmt::Result {
    match left_out as u64 {
        0 => Ok(()),
        left_out => writeln!(out, "\n… and {}.", plural(left_out, noun)),
    }
}

fn short(name: &str) -> String {
    let name = Safe(name).to_string();
    match name.char_indices().nth(NAME) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name,
    }
}

#[cfg(test)]
mod tests;
