//! Where a dataset lies: in a folder, or in a bucket under a prefix.

mod blob;
mod folder;
mod manifest;
mod prefix;

use std::path::{Path, PathBuf};

use crate::store::is_url;

use super::{Dataset, DatasetError, HOURLY};

pub(super) use blob::{Blob, Listed};
pub(super) use manifest::Manifest;
pub(super) use prefix::{Listing, Prefix};

#[derive(Debug, Clone)]
pub(super) enum Home {
    Folder(PathBuf),
    Bucket(Prefix),
}

impl Dataset {
    /// The dataset in a folder, which need not exist yet.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            home: Home::Folder(folder.into()),
        }
    }

    /// The dataset in a folder, or under a URL such as `s3://bucket/prefix`.
    pub fn at(place: &Path) -> Result<Self, DatasetError> {
        match is_url(place) {
            true => Ok(Self {
                home: Home::Bucket(Prefix::at(place)?),
            }),
            false => Ok(Self::new(place)),
        }
    }

    /// Its name in messages.
    pub(super) fn place(&self) -> PathBuf {
        match &self.home {
            Home::Folder(folder) => folder.clone(),
            Home::Bucket(prefix) => prefix.url(""),
        }
    }

    /// The files of the `hourly` table, sorted by name; `None` if there is no dataset.
    pub(super) fn files(&self) -> Result<Option<Vec<Listed>>, DatasetError> {
        match &self.home {
            Home::Folder(folder) => folder::parquet_files(&folder.join(HOURLY)),
            Home::Bucket(prefix) => {
                let listing = prefix.listing()?;
                Ok(listing.map(|listing| listing.files))
            }
        }
    }

    pub(super) fn no_dataset(&self) -> DatasetError {
        DatasetError::NoDataset {
            path: self.place(),
            missing: match self.home {
                Home::Folder(_) => "folder 'hourly'",
                Home::Bucket(_) => prefix::MANIFEST,
            },
        }
    }
}
