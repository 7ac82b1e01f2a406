use std::io::{self, BufWriter, Write};
use std::ops::Range;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::{Args, ValueEnum};

use crate::dataset::{Dataset, Held};
use crate::record::{Moment, Zone};
use crate::render::{self, OpenMetrics, Textfile};
use crate::rollup::Row;
use crate::source::Privacy;

use super::output::{Out, Surface, show};
use super::period::period;
use super::time::When;
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
    /// The folder of the dataset.
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
        let held = Dataset::new(&self.dataset).open()?;
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
        let rows = match self.format {
            Format::Openmetrics => {
                let mut metrics = OpenMetrics::new(held.bucket_seconds);
                let rows = days(&held, &period, |rows| {
                    metrics.add(rows);
                    Ok(())
                })?;
                self.written(metrics.write(&mut buffer))?;
                rows
            }
            Format::Textfile => {
                let mut textfile = Textfile::default();
                let rows = days(&held, &period, |rows| {
                    textfile.add(rows);
                    Ok(())
                })?;
                let seconds = (period.end.0.saturating_sub(period.start.0)).max(0) / 1_000_000;
                self.written(textfile.write(seconds, held.last_run, &mut buffer))?;
                rows
            }
            Format::Csv => {
                self.written(render::table_head(&mut buffer))?;
                days(&held, &period, |rows| match surface {
                    Surface::Terminal => {
                        let mut text = Vec::new();
                        self.written(render::table(rows, &mut text))?;
                        self.written(show(&text, &mut buffer))
                    }
                    _ => self.written(render::table(rows, &mut buffer)),
                })?
            }
        };
        self.written(buffer.flush())?;
        drop(buffer);
        output.finish()?;
        if rows == 0 && !self.quiet {
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

/// Hands the rows of a time on, those of each day at once, and says how many there were.
fn days(
    held: &Held,
    period: &Range<Moment>,
    mut add: impl FnMut(&[Row]) -> Result<(), CliError>,
) -> Result<usize, CliError> {
    let mut sum = 0;
    for day in held.days(period) {
        let rows = held.rows(&day, &[])?;
        sum += rows.len();
        add(&rows)?;
    }
    Ok(sum)
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
