use std::io;
use std::path::PathBuf;

/// Something that could not be read. The run goes on; the exit status and a line on stderr say so.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// The path does not exist, or may not be opened.
    #[error("{}: cannot be opened: {source}", path.display())]
    Open {
        /// The path as it was asked for.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Reading failed part of the way; what came before `offset` was used.
    #[error("{}: reading stopped at byte {offset}: {source}", path.display())]
    Read {
        /// The path as it was asked for.
        path: PathBuf,
        /// The byte up to which the input was read.
        offset: u64,
        /// What the system said.
        source: io::Error,
    },
    /// The file became shorter, or its disk failed, while it was mapped.
    #[error(
        "{}: shrank while it was read (or its disk failed): {offset} of {length} bytes were read; \
         run again once it is no longer being truncated",
        path.display()
    )]
    Shrank {
        /// The path as it was asked for.
        path: PathBuf,
        /// The byte up to which the input could be used.
        offset: u64,
        /// How long the file was when it was opened.
        length: u64,
    },
    /// The content is compressed.
    #[error("{}: is compressed ({format}); pipe it in: {tool} -dc FILE | badgateway … -", path.display())]
    Compressed {
        /// The path as it was asked for.
        path: PathBuf,
        /// The format's name.
        format: &'static str,
        /// The program that decompresses it.
        tool: &'static str,
    },
    /// A folder without a file that looks like an error log.
    #[error("{}: no *error*log* file in this folder", path.display())]
    EmptyFolder {
        /// The folder.
        path: PathBuf,
    },
    /// A glob that matches nothing.
    #[error("{pattern}: no file matches")]
    NoMatch {
        /// The pattern as it was given.
        pattern: String,
    },
    /// A glob that is not one.
    #[error("{pattern}: not a valid pattern: {source}")]
    Pattern {
        /// The pattern as it was given.
        pattern: String,
        /// What is wrong with it.
        source: glob::PatternError,
    },
    /// A socket or a block device: nothing that holds a log.
    #[error("{}: is {kind}, not a log", path.display())]
    NotALog {
        /// The path as it was asked for.
        path: PathBuf,
        /// What it is instead.
        kind: &'static str,
    },
    /// Not one record in the whole input.
    #[error(
        "{}: no NGINX error log record among its {lines} lines (an access log? another program's?)",
        path.display()
    )]
    NoRecords {
        /// The path as it was asked for.
        path: PathBuf,
        /// How many lines it has.
        lines: u64,
    },
}
