use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::{KeyValue, SortingColumn};
use parquet::file::properties::{EnabledStatistics, WriterProperties};

use crate::rollup::Row;

use super::hourly::{self, HOURLY};

/// A folder that holds a dataset.
#[derive(Debug, Clone)]
pub struct Dataset {
    folder: PathBuf,
}

/// What the footer of a file says about the run that wrote it.
#[derive(Debug, Clone)]
pub struct Provenance {
    /// The zone in which the logs were written.
    pub zone: String,
    /// The buckets' width in seconds.
    pub bucket_seconds: i64,
    /// When the run began.
    pub run: DateTime<Utc>,
}

/// A dataset that could not be written. Nothing of the run is in it then.
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    /// The folder or a file in it could not be made.
    #[error("{}: cannot be written: {source}", path.display())]
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
    /// The Parquet writer failed, most often because the disk is full.
    #[error("{}: cannot be written: {source}", path.display())]
    Parquet {
        /// The folder into which it was writing.
        path: PathBuf,
        /// What it said.
        source: ParquetError,
    },
}

impl Dataset {
    /// The dataset in `folder`, which need not exist yet.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    /// Makes the dataset's folders, so that a folder that cannot be written is known before the work
    /// begins, not after.
    pub fn prepare(&self) -> Result<(), DatasetError> {
        if fs::metadata(&self.folder).is_ok_and(|meta| !meta.is_dir()) {
            let path = self.folder.clone();
            return Err(DatasetError::NotAFolder { path });
        }
        let table = self.folder.join(HOURLY);
        let failed = |source| DatasetError::Io {
            path: table.clone(),
            source,
        };
        fs::create_dir_all(&table).map_err(failed)?;
        tempfile::tempfile_in(&table).map_err(failed)?;
        Ok(())
    }

    /// Adds one file of rows to the `hourly` table and returns its path. The rows must be sorted.
    ///
    /// The bytes are on the disk before the file gets its name, and the name is on the disk before
    /// this returns.
    pub fn append(&self, rows: &[Row], provenance: &Provenance) -> Result<PathBuf, DatasetError> {
        let table = self.folder.join(HOURLY);
        let failed = |source| DatasetError::Io {
            path: table.clone(),
            source,
        };
        let unwritten = |source| DatasetError::Parquet {
            path: table.clone(),
            source,
        };
        // Readers glob `*.parquet`; a name that begins with a dot and ends otherwise is none. The
        // umask decides who may read the file.
        let temporary = tempfile::Builder::new()
            .prefix(TEMPORARY.0)
            .suffix(TEMPORARY.1)
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(&table)
            .map_err(failed)?;
        let batch = hourly::batch(rows).map_err(|error| unwritten(error.into()))?;
        let mut writer = ArrowWriter::try_new(
            temporary.as_file(),
            hourly::schema(),
            Some(properties(provenance).map_err(unwritten)?),
        )
        .map_err(unwritten)?;
        writer.write(&batch).map_err(unwritten)?;
        writer.close().map_err(unwritten)?;
        temporary.as_file().sync_all().map_err(failed)?;

        let stamp = provenance.run.format("%Y%m%dT%H%M%SZ");
        let unique = unique_part(temporary.path());
        let path = table.join(format!("{stamp}-{unique}.parquet"));
        temporary
            .persist_noclobber(&path)
            .map_err(|error| failed(error.error))?;
        File::open(&table)
            .and_then(|folder| folder.sync_all())
            .map_err(failed)?;
        Ok(path)
    }
}

/// How the names of unfinished files begin and end.
const TEMPORARY: (&str, &str) = (".writing-", ".tmp");

/// The random part of a temporary name keeps two runs in one second apart.
fn unique_part(temporary: &Path) -> &str {
    let name = temporary.file_name().and_then(|name| name.to_str());
    name.and_then(|name| name.strip_prefix(TEMPORARY.0)?.strip_suffix(TEMPORARY.1))
        .unwrap_or_default()
}

fn properties(provenance: &Provenance) -> Result<WriterProperties, ParquetError> {
    let metadata = [
        ("badgateway.version", env!("CARGO_PKG_VERSION").to_owned()),
        ("badgateway.timezone", provenance.zone.clone()),
        (
            "badgateway.bucket_seconds",
            provenance.bucket_seconds.to_string(),
        ),
        ("badgateway.run", provenance.run.to_rfc3339()),
    ];
    let ascending = |name| {
        Ok::<_, ParquetError>(SortingColumn {
            column_idx: hourly::schema().index_of(name)? as i32,
            descending: false,
            nulls_first: false,
        })
    };
    Ok(WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_sorting_columns(Some(vec![ascending("bucket")?, ascending("pool")?]))
        .set_created_by(concat!("badgateway ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_key_value_metadata(Some(
            metadata
                .into_iter()
                .map(|(key, value)| KeyValue::new(key.to_owned(), value))
                .collect(),
        ))
        .build())
}
