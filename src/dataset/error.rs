use std::io;
use std::path::PathBuf;

use parquet::errors::ParquetError;

/// A dataset that could not be read or written. Nothing of the run is in it then, unless it was the disk
/// that failed behind the rename.
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    /// The folder or a file in it could not be made, read or renamed.
    #[error("{}: cannot be used: {source}", path.display())]
    Io {
        /// The folder or file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Something that is not a folder stands where the dataset should.
    #[error("{}: is not a folder; --out names the folder of a dataset", path.display())]
    NotAFolder {
        /// What stands there.
        path: PathBuf,
    },
    /// A table's folder is a link that leads out of the dataset.
    #[error(
        "{}: is a link that leads out of the dataset, and nothing is written there; link the dataset's folder instead",
        path.display()
    )]
    LeadsOut {
        /// The link.
        path: PathBuf,
    },
    /// The Parquet writer failed, most often because the disk is full.
    #[error("{}: cannot be written: {source}", path.display())]
    Parquet {
        /// The folder into which it was writing.
        path: PathBuf,
        /// What it said.
        source: ParquetError,
    },
    /// A file of the dataset is none of Parquet's: what was counted cannot be known without it.
    #[error(
        "{}: is not a whole Parquet file ({source}); take it from a backup, or move it and all newer files \
         away: what they held is counted again, as far as the logs are still there",
        path.display()
    )]
    NotParquet {
        /// The file.
        path: PathBuf,
        /// What the reader said.
        source: ParquetError,
    },
    /// A footer says something that no version of this program writes.
    #[error("{}: its footer is not understood: {what}", path.display())]
    Footer {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// Rows say something that no version of this program writes.
    #[error(
        "{}: {what}; it was damaged, or made by something else: take it from a backup, or move it away",
        path.display()
    )]
    Row {
        /// The file.
        path: PathBuf,
        /// What is wrong with them.
        what: String,
    },
    /// There is no dataset.
    #[error("{}: holds no dataset (there is no {missing} in it)", path.display())]
    NoDataset {
        /// Where it should be.
        path: PathBuf,
        /// What every dataset has.
        missing: &'static str,
    },
    /// The file system cannot do what makes compacting safe.
    #[error(
        "{}: cannot be compacted: the file system does not let two folders change places in one step \
         ({source}); on a network share, run this on the machine that has the disk",
        path.display()
    )]
    NoExchange {
        /// The dataset.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another run is at work on the dataset and did not end in time.
    #[error("{}: another run{} is at work on it; nothing was done", path.display(), process(pid))]
    Busy {
        /// The dataset.
        path: PathBuf,
        /// Its process, if it says so.
        pid: Option<u32>,
    },
}

fn process(pid: &Option<u32>) -> String {
    pid.map_or_else(String::new, |pid| format!(" (process {pid})"))
}
