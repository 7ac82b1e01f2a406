use std::io::{self, BufWriter, Write};
use std::ops::Range;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::{Args, ValueEnum};

use crate::dataset::{Dataset, Held};
use crate::record::{Moment, Zone};
use crate::render::{self, OpenMetrics, Textfile, others};
use crate::rollup::{Row, Source, some};
use crate::scan::{When, period};
use crate::source::Privacy;

use super::output::{Out, Surface, show};
use super::stored::{self, Stored};
use super::{CliError, Status, say};

/// What a dataset holds, for Prometheus and as CSV.
///
/// openmetrics is history, for `promtool tsdb create-blocks-from openmetrics`: gauges with a sample for each
/// bucket that has events. The time of a sample is the last second of its bucket, so that
/// sum_over_time(badgateway_events[1h]) at a full hour counts each hour once, in Prometheus 2 and 3. Import
/// each bucket once, when no more events of it can come.
///
/// textfile is for node_exporter's textfile collector: the sums over the last 24 hours, or over another
/// time. The collector must not see half a file, and with --out it never does.
///
/// csv has the columns of the table hourly but for clients_sketch and minutes, which it cannot hold (RFC
/// 4180). What is absent is an empty field, an empty text is "". A text that begins with = + - @ ' or with a
/// tab or carriage return has a ' in front, so that no spreadsheet takes it for a formula.
#[derive(Debug, Args)]
pub(super) struct Export {
    /// The folder of the dataset, or its URL in a bucket.
    #[arg(long, value_name = "DIR", help_heading = "Input")]
    dataset: PathBuf,

    /// The time zone in which --since and --until are meant [default: that of the logs].
    ///
    /// Named as the time zone database does: UTC, Europe/Berlin, America/New_York. Where the dataset is of
    /// logs of several zones, this machine's is the default.
    #[arg(long, value_name = "TZ", help_heading = "Filter")]
    timezone: Option<Zone>,

    /// Only buckets that begin at or after this time [default: all; with textfile, 24 hours before --until].
    ///
    /// A date (2026-11-01, today, yesterday), a time (2026-11-01 09:15, 2026-11-01T09:15:02Z), or a span that
    /// ends now (90m, 24h, 7d).
    #[arg(long, value_name = "TIME", help_heading = "Filter")]
    since: Option<When>,

    /// Only buckets that begin before this time [default: all; with textfile, now].
    #[arg(long, value_name = "TIME", help_heading = "Filter")]
    until: Option<When>,

    /// What is written.
    #[arg(long, value_enum, help_heading = "Output")]
    format: Format,

    #[command(flatten)]
    out: Out,

    /// Say nothing but errors.
    #[arg(long, short, help_heading = "Words")]
    quiet: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The history of all series, for promtool tsdb create-blocks-from openmetrics.
    Openmetrics,
    /// Sums over a time, for node_exporter's textfile collector.
    Textfile,
    /// The rows of the table hourly.
    Csv,
}

impl Export {
    pub(super) fn run(&self) -> Result<Status, CliError> {
        let held = Dataset::at(&self.dataset)?.open()?;
        let zone = self.timezone.or(held.zone()).unwrap_or_default();
        let period = self.period(zone, Utc::now())?;
        let surface = self.out.surface()?;
        let privacy = match self.format {
            Format::Csv => held.privacy(),
            // They hold no address, and node_exporter is another user.
            Format::Openmetrics | Format::Textfile => Privacy::Public,
        };
        let mut output = self.out.open(privacy)?;
        let mut buffer = BufWriter::new(&mut output);
        let written = match self.format {
            Format::Openmetrics => {
                let mut metrics = OpenMetrics::new(held.bucket_seconds);
                let written = buckets(&held, &period, |rows| metrics.add(rows))?;
                self.written(metrics.write(&mut buffer))?;
                written
            }
            Format::Textfile => {
                let mut textfile = Textfile::default();
                let written = buckets(&held, &period, |rows| textfile.add(rows))?;
                let seconds = (period.end.0.saturating_sub(period.start.0)).max(0) / 1_000_000;
                self.written(textfile.write(seconds, held.last_run, &mut buffer))?;
                written
            }
            Format::Csv => {
                self.written(render::table_head(&mut buffer))?;
                let mut rows = held.rows(&period, &[]);
                let mut written = Written::default();
                while let Some(rows) = some(&mut rows, AT_ONCE)? {
                    written.rows += rows.len() as u64;
                    self.written(match surface {
                        Surface::Terminal => {
                            let mut text = Vec::new();
                            let made = render::table(&rows, &mut text);
                            made.and_then(|()| show(&text, &mut buffer))
                        }
                        _ => render::table(&rows, &mut buffer),
                    })?;
                }
                written
            }
        };
        self.written(buffer.flush())?;
        drop(buffer);
        output.finish()?;
        if written.others > 0 && !self.quiet {
            say(others(written.others));
        }
        if written.rows == 0 && !self.quiet {
            say(nothing(&self.dataset.display().to_string(), &held, zone));
        }
        Ok(Status::Done)
    }

    fn written(&self, result: io::Result<()>) -> Result<(), CliError> {
        result.map_err(|source| self.out.failed(source))
    }

    /// The time that was asked for, if days are meant in this zone.
    fn period(&self, zone: Zone, now: DateTime<Utc>) -> Result<Range<Moment>, CliError> {
        let (since, until) = period(self.since, self.until, zone, now)?;
        Ok(match self.format {
            Format::Textfile => {
                let until = until.unwrap_or(Moment(now.timestamp_micros()));
                since.unwrap_or(Moment(until.0.saturating_sub(DAY)))..until
            }
            Format::Openmetrics | Format::Csv => {
                since.unwrap_or(Moment(i64::MIN))..until.unwrap_or(Moment(i64::MAX))
            }
        })
    }
}

/// Microseconds.
const DAY: i64 = 86_400_000_000;

/// So many rows are written at once.
const AT_ONCE: usize = 2_048;

/// What was exported.
#[derive(Debug, Clone, Copy, Default)]
struct Written {
    rows: u64,
    /// The events that have lost a name.
    others: u64,
}

/// Hands the rows of a time on, those of each of the widest buckets at once. A series is kept for each name, so
/// there are no more of these than can be kept.
fn buckets(
    held: &Held,
    period: &Range<Moment>,
    mut add: impl FnMut(&[Row]),
) -> Result<Written, CliError> {
    let rows = Stored {
        held,
        times: vec![period.clone()],
        known: &[],
        host: None,
    };
    let width = held.bucket_seconds * 1_000_000;
    let number = |row: &Row| row.bucket.0.div_euclid(width);
    let mut written = Written::default();
    let mut bucket: Vec<Row> = Vec::new();
    for row in rows.with_few_names()?.rows().map_err(stored::failed)? {
        let row = row.map_err(stored::failed)?;
        if bucket
            .first()
            .is_some_and(|first| number(first) != number(&row))
        {
            add(&bucket);
            bucket.clear();
        }
        written.rows += 1;
        if row.has_other_name() {
            written.others += row.events;
        }
        bucket.push(row);
    }
    add(&bucket);
    Ok(written)
}

/// What is said where there was nothing to export.
fn nothing(dataset: &str, held: &Held, zone: Zone) -> String {
    let shown = |moment| zone.local(moment).format("%Y-%m-%d %H:%M");
    match held.buckets {
        None => format!("{dataset}: no events in it yet"),
        Some((first, last)) => format!(
            "{dataset}: no events in this time; its buckets begin from {} to {} ({zone})",
            shown(first),
            shown(last)
        ),
    }
}
