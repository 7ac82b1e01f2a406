//! Objects in buckets, named by URLs: `s3://bucket/key`, `gs://bucket/key`, `az://container/key`.
//!
//! Where the service is and who asks, the environment says, as it does to the services' own tools: `AWS_ACCESS_KEY_ID`,
//! `AWS_REGION`, `AWS_ENDPOINT_URL` and the like, `GOOGLE_APPLICATION_CREDENTIALS`, `AZURE_STORAGE_ACCOUNT_NAME`.
//!
//! That is the feature `object-store`. A build without it has no bucket: who names one is told so, and nothing of what
//! buckets need is in the program.

mod blocks;
#[cfg(feature = "object-store")]
mod bucket;
#[cfg(not(feature = "object-store"))]
#[path = "none.rs"]
mod bucket;
#[cfg(feature = "object-store")]
mod runtime;
#[cfg(feature = "object-store")]
mod stream;

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

pub use blocks::{BlockReader, Blocks};
pub use bucket::Bucket;

/// An object, as it was when it was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// The bucket in which it lies.
    pub bucket: Bucket,
    /// Its name there.
    pub key: String,
    /// Its length in bytes.
    pub size: u64,
    /// When it was written, by the clock of the service.
    pub modified: DateTime<Utc>,
    /// What the service calls this content: another one under the same name has another tag.
    pub tag: Option<String>,
    /// Which of the contents under this name it is, where the service numbers them.
    pub version: Option<String>,
}

impl Object {
    /// Its name everywhere.
    pub fn url(&self) -> PathBuf {
        self.bucket.url(&self.key)
    }
}

/// The schemes of URLs that name objects.
const SCHEMES: [&str; 3] = ["s3://", "gs://", "az://"];

/// Whether a path is the URL of an object.
pub fn is_url(path: &Path) -> bool {
    let path = path.as_os_str().as_encoded_bytes();
    SCHEMES
        .iter()
        .any(|scheme| path.starts_with(scheme.as_bytes()))
}
