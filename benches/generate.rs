//! Writes a made-up NGINX error log to standard output: `cargo run --release --example generate -- --bytes 1GB`.

mod generator;

use chrono::{Datelike, NaiveDate, NaiveDateTime, Timelike};
use clap::Parser;
use generator::{Settings, Written, generate};
use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::LazyLock;

/// Write a realistic NGINX error log to standard output.
///
/// The same settings give the same bytes.
#[derive(Parser)]
#[command(name = "generate")]
struct Args {
    /// How much to write at least; ends with a whole record (kB, MB, GB: powers of ten)
    #[arg(long, value_name = "SIZE", value_parser = size)]
    bytes: u64,

    /// Seed of the random numbers
    #[arg(long, value_name = "N", default_value_t = DEFAULT.seed)]
    seed: u64,

    /// Share of records that are upstream events, 0 to 1
    #[arg(long, value_name = "X", value_parser = share, default_value_t = DEFAULT.upstream_share)]
    upstream_share: f64,

    /// Number of pools; fewer than twelve leave out some protocols
    #[arg(long, value_name = "N", value_parser = number, default_value_t = DEFAULT.pools)]
    pools: usize,

    /// Number of virtual servers
    #[arg(long, value_name = "N", value_parser = number, default_value_t = DEFAULT.servers)]
    servers: usize,

    /// Number of virtual servers that pass to a pool; 0: two, and once in a while any other
    #[arg(long, value_name = "N", default_value_t = DEFAULT.servers_per_pool)]
    servers_per_pool: usize,

    /// Kinds of events that a pool has day by day; 0: all that its protocol allows
    ///
    /// The first megabyte and outages show others as well.
    #[arg(long, value_name = "N", default_value_t = DEFAULT.troubles_per_pool)]
    troubles_per_pool: usize,

    /// Number of client addresses
    #[arg(long, value_name = "N", value_parser = number, default_value_t = DEFAULT.clients)]
    clients: usize,

    /// Number of request lines
    #[arg(long, value_name = "N", value_parser = number, default_value_t = DEFAULT.paths)]
    paths: usize,

    /// Share of records that span several lines, 0 to 1
    #[arg(long, value_name = "X", value_parser = share, default_value_t = DEFAULT.multi_line_share)]
    multi_line_share: f64,

    /// Share of records that try to mislead, 0 to 1
    #[arg(long, value_name = "X", value_parser = share, default_value_t = DEFAULT.hostile_share)]
    hostile_share: f64,

    /// Local time of the first record
    #[arg(long, value_name = "TIME", value_parser = time, default_value_t = default_start())]
    start: NaiveDateTime,

    /// Mean rate of the records' times; 0 keeps the clock still
    #[arg(long, value_name = "X", value_parser = rate, default_value_t = DEFAULT.records_per_second)]
    records_per_second: f64,

    /// Write what the log holds to this file, as JSON
    #[arg(long, value_name = "FILE")]
    counts: Option<PathBuf>,
}

static DEFAULT: LazyLock<Settings> = LazyLock::new(Settings::default);

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("generate: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<(), Box<dyn Error>> {
    let written = match write_log(args) {
        Ok(written) => written,
        // Whoever reads has seen enough. How much of the log arrived is not known, so there are no counts.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    if let Some(path) = &args.counts {
        let json = serde_json::to_string_pretty(&written)? + "\n";
        fs::write(path, json).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}

/// Needs no buffer of its own: the generator writes large blocks.
fn write_log(args: &Args) -> io::Result<Written> {
    let mut out = io::stdout().lock();
    let written = generate(&args.settings(), args.bytes, &mut out)?;
    out.flush()?;
    Ok(written)
}

impl Args {
    fn settings(&self) -> Settings {
        let (date, time) = (self.start.date(), self.start.time());
        Settings {
            seed: self.seed,
            upstream_share: self.upstream_share,
            pools: self.pools,
            servers: self.servers,
            servers_per_pool: self.servers_per_pool,
            troubles_per_pool: self.troubles_per_pool,
            clients: self.clients,
            paths: self.paths,
            multi_line_share: self.multi_line_share,
            hostile_share: self.hostile_share,
            start: (
                date.year(),
                date.month(),
                date.day(),
                time.hour(),
                time.minute(),
                time.second(),
            ),
            records_per_second: self.records_per_second,
        }
    }
}

fn default_start() -> NaiveDateTime {
    let (year, month, day, hour, minute, second) = DEFAULT.start;
    NaiveDate::from_ymd_opt(year, month, day)
        .and_then(|date| date.and_hms_opt(hour, minute, second))
        .expect("a time that exists")
}

fn size(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "" => 1,
        "kB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        other => return Err(format!("unknown unit `{other}`, use kB, MB or GB")),
    };
    let number: u64 = digits.parse().map_err(|_| "not a whole number")?;
    number
        .checked_mul(unit)
        .ok_or_else(|| "too large".to_owned())
}

fn number(text: &str) -> Result<usize, String> {
    match text.parse::<u32>() {
        Ok(number) if number > 0 => Ok(number as usize),
        _ => Err(format!("not a whole number from 1 to {}", u32::MAX)),
    }
}

fn share(text: &str) -> Result<f64, String> {
    within(text, 0.0..=1.0)
}

fn rate(text: &str) -> Result<f64, String> {
    within(text, 0.0..=1e9)
}

fn within(text: &str, range: RangeInclusive<f64>) -> Result<f64, String> {
    match text.parse() {
        Ok(number) if range.contains(&number) => Ok(number),
        _ => Err(format!(
            "not a number from {} to {}",
            range.start(),
            range.end()
        )),
    }
}

fn time(text: &str) -> Result<NaiveDateTime, String> {
    match NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S") {
        Ok(time) if (1970..=9999).contains(&time.year()) => Ok(time),
        _ => Err("not a time like 2026-11-01 00:00:00, from 1970 to 9999".to_owned()),
    }
}
