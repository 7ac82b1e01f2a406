//! Flags become typed options, and a command runs. One file per command.

mod aggregate;
mod args;
mod compact;
mod completions;
mod doctor;
mod events;
mod explain;
mod export;
mod incidents;
mod look;
mod output;
mod progress;
mod report;
mod say;
mod signals;
mod status;
mod stored;
mod whole;

use std::ffi::OsString;
use std::io::{self, Write};

use clap::{CommandFactory, Parser, Subcommand};

pub use say::say;
pub use status::Status;

/// Reads NGINX error logs and answers which upstream pool failed, how, when, and what to do.
#[derive(Debug, Parser)]
#[command(name = "badgateway", version, about, long_about = LONG_ABOUT, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const LONG_ABOUT: &str = "\
Reads NGINX error logs and answers which upstream pool failed, how, when, and what to do.

Data goes to standard output, words go to standard error.

Exit status: 0 done; 1 done, but something was left out, and standard error says what; 2 no result; \
3 more failures than report --fail-over allows.";

#[derive(Debug, Subcommand)]
enum Command {
    Report(report::Report),
    Aggregate(aggregate::Aggregate),
    Events(events::Events),
    Explain(explain::Explain),
    Doctor(doctor::Doctor),
    Export(export::Export),
    Compact(compact::Compact),
    Completions(completions::Completions),
}

/// What kept a command from a result.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// Standard output, or the file of `--out`, could not be written.
    #[error("{name}: cannot be written: {source}")]
    Output {
        /// The file, or "standard output".
        name: String,
        /// What the system said.
        source: io::Error,
    },
    /// A format cannot be written to what stands behind standard output, or `--out`.
    #[error("{name} {what}; --out FILE, or > FILE, writes {format} to a file")]
    Unfit {
        /// The file, or "standard output".
        name: String,
        /// What speaks against it.
        what: &'static str,
        /// The format.
        format: &'static str,
    },
    /// The file of `--rules` gives none.
    #[error(transparent)]
    Rules(#[from] crate::scan::RulesError),
    /// A time that ends before it begins.
    #[error("--since {} is not before --until {}", .0.since, .0.until)]
    NoTime(#[from] crate::scan::NoTime),
    /// `explain` was asked for a class that there is not.
    #[error(
        "no class is called {name}{near}; badgateway explain lists them",
        near = nearest.map(|nearest| format!(" (is {nearest} meant?)")).unwrap_or_default()
    )]
    NoSuchClass {
        /// What was asked for.
        name: String,
        /// The class with the most similar name.
        nearest: Option<&'static str>,
    },
    /// `doctor` has no configuration of NGINX to look at.
    #[error(
        "no configuration of NGINX was found; --nginx-conf FILE names one, --root DIR another machine's files"
    )]
    NothingToCheck,
    /// There are more counts than are held in memory, and no room for them on a disk.
    #[error(
        "no room for what was counted ({source}): it is more than is held in memory; TMPDIR names a folder \
         with more room"
    )]
    Aside {
        /// What the system said.
        #[from]
        source: io::Error,
    },
    /// The dataset could not be written.
    #[error(transparent)]
    Dataset(#[from] crate::dataset::DatasetError),
    /// The logs, or the dataset, changed faster than they could be read.
    #[error(
        "the logs changed while they were read (truncated? replaced?), each time it was tried; nothing \
         was written"
    )]
    Unsettled,
    /// The threads could not be started.
    #[error("cannot start threads: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
}

impl CliError {
    /// Whether the reader of our output closed it: nobody waits for the rest, and all is well.
    pub fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Output { source, .. } if source.kind() == io::ErrorKind::BrokenPipe)
    }
}

/// The commands and flags as clap knows them; man pages and completions are made of it.
pub fn command() -> clap::Command {
    Cli::command()
}

/// Says what was asked for, or what is wrong with the arguments.
fn said(words: &clap::Error) -> Result<Status, CliError> {
    let is_asked_for = !words.use_stderr();
    let printed = words.print().and_then(|()| io::stdout().flush());
    match printed {
        Err(source) if is_asked_for => Err(CliError::Output {
            name: "standard output".to_owned(),
            source,
        }),
        _ if is_asked_for => Ok(Status::Done),
        _ => Ok(Status::NoResult),
    }
}

/// Runs the command that the arguments ask for. Wrong arguments are no result.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Result<Status, CliError> {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(words) => return said(&words),
    };
    match cli.command {
        Command::Report(report) => report.run(),
        Command::Aggregate(aggregate) => aggregate.run(),
        Command::Events(events) => events.run(),
        Command::Explain(explain) => explain.run(),
        Command::Doctor(doctor) => doctor.run(),
        Command::Export(export) => export.run(),
        Command::Compact(compact) => compact.run(),
        Command::Completions(completions) => completions.run(),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_flags_do_not_contradict_each_other() {
        super::command().debug_assert();
    }
}
