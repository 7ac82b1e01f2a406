//! Writes a made-up week of a site with outages in it: `cargo run --release --example week -- --rotate DIR --truth FILE`.

#[allow(dead_code, reason = "a week needs only parts of the generator")]
mod generator;

use chrono::{Datelike, NaiveDate, NaiveDateTime, Weekday};
use clap::Parser;
use flate2::Compression;
use flate2::write::GzEncoder;
use generator::week::{self, Cause, Outage, Settings, Truth};
use std::error::Error;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Write a week of NGINX error logs of a site with 40 pools, with outages planted in it.
///
/// Without --outage there are three: the socket of `shop` is missing for 47 minutes on Tuesday night; a server of `catalog`
/// refuses connections for more than three hours on Thursday, in the last 20 minutes all of them do; `account`, `checkout`
/// and `orders` time out together for 26 minutes on Friday.
///
/// Times are UTC. The same settings give the same bytes.
#[derive(Parser)]
#[command(name = "week")]
struct Args {
    /// Write error.log, error.log.1, error.log.2.gz, … to this folder instead of one log to standard output
    #[arg(long, value_name = "DIR")]
    rotate: Option<PathBuf>,

    /// Write what was planted to this file, as JSON
    #[arg(long, value_name = "FILE")]
    truth: Option<PathBuf>,

    /// Write the nginx.conf that gives the pools their names
    #[arg(long, value_name = "FILE")]
    nginx_conf: Option<PathBuf>,

    /// Seed of the random numbers
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,

    /// The first day, a Monday
    #[arg(long, value_name = "DATE", value_parser = monday, default_value_t = Settings::default().start)]
    start: NaiveDate,

    /// How busy and how noisy the site is; 1 gives some 95 MB
    #[arg(long, value_name = "X", value_parser = rate, default_value_t = 1.0)]
    rate: f64,

    /// Plant this one, and not the usual three; may be repeated
    ///
    /// CAUSE,POOL[+POOL…],START,SECONDS, as in socket_missing,shop,2026-11-17T20:41:23,2831. CAUSE is socket_missing,
    /// slow, or peer_down, which takes the seconds at the end during which all servers of the block are down as a fifth part.
    #[arg(long, value_name = "OUTAGE")]
    outage: Vec<String>,

    /// Plant none
    #[arg(long, conflicts_with = "outage")]
    calm: bool,
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("week: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<(), Box<dyn Error>> {
    let settings = args.settings()?;
    if let Some(path) = &args.nginx_conf {
        write_file(path, &week::nginx_conf())?;
    }
    let truth = match &args.rotate {
        Some(folder) => write_rotated(&settings, folder)?,
        None => match write_stdout(&settings) {
            // Whoever reads has seen enough. What of the log arrived is not known, so there is no truth.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            truth => truth?,
        },
    };
    if let Some(path) = &args.truth {
        write_file(path, &(serde_json::to_string_pretty(&truth)? + "\n"))?;
    }
    Ok(())
}

/// Needs no buffer of its own: the generator writes large blocks.
fn write_stdout(settings: &Settings) -> io::Result<Truth> {
    let mut out = io::stdout().lock();
    let truth = week::write(settings, |_, records| out.write_all(records))?;
    out.flush()?;
    Ok(truth)
}

/// As logrotate leaves them on Sunday night, before it rotates: today's, yesterday's, and older ones compressed.
fn write_rotated(settings: &Settings, folder: &Path) -> Result<Truth, Box<dyn Error>> {
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut days = Vec::new();
    for day in 0..7 {
        let name = match 6 - day {
            0 => "error.log".to_owned(),
            1 => "error.log.1".to_owned(),
            age => format!("error.log.{age}.gz"),
        };
        let path = folder.join(name);
        let file = File::create(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        days.push(if day < 5 {
            Log::Packed(Box::new(GzEncoder::new(file, Compression::default())))
        } else {
            Log::Plain(file)
        });
    }
    let truth = week::write(settings, |day, records| match &mut days[day] {
        Log::Packed(file) => file.write_all(records),
        Log::Plain(file) => file.write_all(records),
    })?;
    for day in days {
        if let Log::Packed(file) = day {
            file.finish()?;
        }
    }
    Ok(truth)
}

enum Log {
    Packed(Box<GzEncoder<File>>),
    Plain(File),
}

fn write_file(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}

impl Args {
    fn settings(&self) -> Result<Settings, String> {
        let given = self.outage.iter().map(|text| {
            outage(text, self.start).map_err(|error| format!("--outage {text}: {error}"))
        });
        Ok(Settings {
            seed: self.seed,
            start: self.start,
            rate: self.rate,
            outages: if self.outage.is_empty() && !self.calm {
                Outage::usual()
            } else {
                given.collect::<Result<_, _>>()?
            },
        })
    }
}

fn outage(text: &str, monday: NaiveDate) -> Result<Outage, String> {
    let parts: Vec<&str> = text.split(',').collect();
    let seconds = |text: &str| text.parse().map_err(|_| format!("`{text}`: no seconds"));
    let (cause, rest) = match parts[..] {
        ["socket_missing", ref rest @ ..] => (Cause::SocketMissing, rest),
        ["slow", ref rest @ ..] => (Cause::Slow, rest),
        ["peer_down", ref rest @ .., all] if rest.len() == 3 => {
            let all = seconds(all)?;
            (Cause::PeerDown { all }, rest)
        }
        ["peer_down", ref rest @ ..] => (Cause::PeerDown { all: 0 }, rest),
        _ => return Err("is none of socket_missing, peer_down, slow".to_owned()),
    };
    let [pools, start, length] = rest[..] else {
        return Err("use CAUSE,POOL[+POOL…],START,SECONDS".to_owned());
    };
    let midnight = monday.and_hms_opt(0, 0, 0).expect("midnight");
    let start = NaiveDateTime::parse_from_str(start, "%Y-%m-%dT%H:%M:%S")
        .map_err(|_| format!("`{start}`: not a time like 2026-11-17T20:41:23"))?;
    let start = u64::try_from((start - midnight).num_seconds())
        .map_err(|_| "begins before the week".to_owned())?;
    let pools: Vec<&str> = pools.split('+').collect();
    Outage::new(cause, &pools, start, seconds(length)?)
}

fn monday(text: &str) -> Result<NaiveDate, String> {
    match text.parse::<NaiveDate>() {
        Ok(day) if day.weekday() == Weekday::Mon && (1970..=9999).contains(&day.year()) => Ok(day),
        Ok(_) => Err("not a Monday".to_owned()),
        Err(_) => Err("not a date like 2026-11-16".to_owned()),
    }
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(rate) if (0.0..=1000.0).contains(&rate) => Ok(rate),
        _ => Err("not a number from 0 to 1000".to_owned()),
    }
}
