use std::io;
use std::path::{Path, PathBuf};

use super::{Compression, Damage};

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
    /// The content is compressed, in a way that is not read.
    #[error(
        "{}: is compressed ({format}), which is not read; pipe it in: {command} FILE | badgateway … -",
        path.display()
    )]
    Compressed {
        /// The path as it was asked for.
        path: PathBuf,
        /// The format's name.
        format: &'static str,
        /// The program that decompresses it to its standard output.
        command: &'static str,
    },
    /// A compressed file is not whole; what came before the damage was used.
    #[error(
        "{}: {compression} data: at byte {at} {damage}; the {offset} decompressed bytes before that \
         were read, the rest was not",
        path.display()
    )]
    Damaged {
        /// The path as it was asked for.
        path: PathBuf,
        /// How it is compressed.
        compression: Compression,
        /// The compressed byte at which it was noticed.
        at: u64,
        /// How many decompressed bytes could be used.
        offset: u64,
        /// What is wrong.
        damage: Damage,
    },
    /// A damaged file that begins like a log that was counted before.
    #[error(
        "{}: is damaged, and begins like a log that was counted already: nothing of it was counted, \
         lest something is counted twice",
        path.display()
    )]
    DamagedCopy {
        /// The path as it was asked for.
        path: PathBuf,
    },
    /// A pipe that has to be read twice.
    #[error(
        "{}: begins like two logs that were read before, and a pipe cannot be read twice to see which \
         it is; name the file instead",
        path.display()
    )]
    Ambiguous {
        /// The pipe, or `-`.
        path: PathBuf,
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
    /// A log that was not read to its end, and is nowhere to be found.
    #[error(
        "{}: is gone: the log that was here at the last run was read up to byte {offset}, and what may \
         have been written to it after that was not (if it was rotated, name the folder or a pattern \
         such as error.log*, so that it is found under its new name)",
        path.display()
    )]
    Gone {
        /// Where it was seen last.
        path: PathBuf,
        /// How many of its (decompressed) bytes were read.
        offset: u64,
    },
    /// A file of the dataset is gone, but not those that were written after it.
    #[error(
        "{}: a part of it, up to byte {offset}, was counted in a file of the dataset that is gone, and is \
         not counted again, because later runs have read on from there; restore that file, or remove the \
         newer ones as well",
        path.display()
    )]
    Uncounted {
        /// Where the log was seen last.
        path: PathBuf,
        /// Up to which of its (decompressed) bytes the counts are gone.
        offset: u64,
    },
}

impl Trouble {
    /// The input that could not be opened or read, if it is that.
    pub fn unreadable(&self) -> Option<&Path> {
        match self {
            Self::Open { path, .. }
            | Self::Read { path, .. }
            | Self::Compressed { path, .. }
            | Self::NotALog { path, .. } => Some(path),
            _ => None,
        }
    }
}
