use std::fmt;
use std::io::{self, ErrorKind};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::path::Path as Key;
use object_store::{
    Error, GetOptions, GetRange, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, RetryConfig,
    UpdateVersion,
};
use tokio::runtime::Runtime;

use super::Object;
use super::runtime::runtime;
use super::stream::Ahead;

/// A bucket of S3 or of what speaks its language, one of Google's, or a container of Azure's.
#[derive(Clone)]
pub struct Bucket {
    store: Arc<dyn ObjectStore>,
    /// `s3://bucket`
    root: String,
    pub(super) runtime: &'static Runtime,
}

/// How often and how long it is tried again while a service is busy or not to be reached.
const RETRIES: usize = 6;
const PATIENCE: Duration = Duration::from_secs(40);

/// So many objects are asked for at once.
const AT_ONCE: usize = 32;

impl Bucket {
    /// The bucket that a URL names, and the key in it. Nothing is asked of it yet.
    pub fn at(url: &Path) -> io::Result<(Self, String)> {
        let odd = |what: &str| io::Error::new(ErrorKind::InvalidInput, what.to_owned());
        let url = url.to_str().ok_or_else(|| odd("is not UTF-8"))?;
        let (scheme, rest) = url.split_once("://").ok_or_else(|| odd("is no URL"))?;
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() {
            return Err(odd("names no bucket"));
        }
        let root = format!("{scheme}://{bucket}");
        let retry = RetryConfig {
            max_retries: RETRIES,
            retry_timeout: PATIENCE,
            ..RetryConfig::default()
        };
        let store: Result<Arc<dyn ObjectStore>, Error> = match scheme {
            "s3" => {
                let bucket = AmazonS3Builder::from_env().with_url(&root);
                bucket
                    .with_retry(retry)
                    .build()
                    .map(|store| Arc::new(store) as _)
            }
            "gs" => {
                let bucket = GoogleCloudStorageBuilder::from_env().with_url(&root);
                bucket
                    .with_retry(retry)
                    .build()
                    .map(|store| Arc::new(store) as _)
            }
            _ => {
                let container = MicrosoftAzureBuilder::from_env().with_url(&root);
                container
                    .with_retry(retry)
                    .build()
                    .map(|store| Arc::new(store) as _)
            }
        };
        let store = store.map_err(failed)?;
        let runtime = runtime()?;
        let bucket = Self {
            store,
            root,
            runtime,
        };
        Ok((bucket, key.to_owned()))
    }

    /// Its own URL.
    pub fn root(&self) -> &str {
        &self.root
    }

    /// The name of an object everywhere.
    pub fn url(&self, key: &str) -> PathBuf {
        PathBuf::from(format!("{}/{key}", self.root))
    }

    /// The objects directly in a folder, sorted by key. A folder that is not there is an empty one.
    pub fn list(&self, folder: &str) -> io::Result<Vec<Object>> {
        let folder = key(folder)?;
        let listed = self
            .wait(self.store.list_with_delimiter(Some(&folder)))
            .map_err(failed)?;
        Ok(self.objects(listed.objects))
    }

    /// The objects in a folder and in all folders in it, sorted by key.
    pub fn list_all(&self, folder: &str) -> io::Result<Vec<Object>> {
        let folder = key(folder)?;
        let listed = self
            .wait(self.store.list(Some(&folder)).try_collect())
            .map_err(failed)?;
        Ok(self.objects(listed))
    }

    /// One object, if it is there.
    pub fn look(&self, name: &str) -> io::Result<Option<Object>> {
        match self.wait(self.store.head(&key(name)?)) {
            Ok(meta) => Ok(Some(self.object(meta))),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    /// One object and all its bytes, if it is there; an error if they are more than `most`.
    pub fn fetch(&self, name: &str, most: u64) -> io::Result<Option<(Object, Bytes)>> {
        let key = key(name)?;
        let fetched = self.wait(async {
            let got = self.store.get(&key).await?;
            let meta = got.meta.clone();
            let bytes = match meta.size <= most {
                true => Some(got.bytes().await?),
                false => None,
            };
            Ok((meta, bytes))
        });
        match fetched {
            Ok((meta, Some(bytes))) => Ok(Some((self.object(meta), bytes))),
            Ok((_, None)) => Err(ErrorKind::FileTooLarge.into()),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    /// Reads these objects as wholes, some at once.
    pub fn read_all(&self, objects: &[Object]) -> Vec<io::Result<Bytes>> {
        let reads = objects.iter().map(|object| object.get(0..object.size));
        self.wait(stream::iter(reads).buffered(AT_ONCE).collect())
    }

    /// Writes an object, in the place of the one of that name if there is one.
    pub fn put(&self, name: &str, bytes: Bytes) -> io::Result<()> {
        let put = self.wait(self.store.put(&key(name)?, bytes.into()));
        put.map(|_| ()).map_err(failed)
    }

    /// Writes an object if there is none of that name, and tells whether that was so. Of several that try it at once, one
    /// is told yes.
    pub fn put_new(&self, name: &str, bytes: Bytes) -> io::Result<bool> {
        self.put_if(name, bytes, PutMode::Create)
    }

    /// Writes an object in the place of this one, and tells whether it was still there.
    pub fn replace(&self, old: &Object, bytes: Bytes) -> io::Result<bool> {
        let version = UpdateVersion {
            e_tag: old.tag.clone(),
            version: old.version.clone(),
        };
        self.put_if(&old.key, bytes, PutMode::Update(version))
    }

    fn put_if(&self, name: &str, bytes: Bytes, mode: PutMode) -> io::Result<bool> {
        let key = key(name)?;
        let put = self.store.put_opts(&key, bytes.clone().into(), mode.into());
        match self.wait(put) {
            Ok(_) => Ok(true),
            // The answer to a first attempt may have been lost, and it is this one that is there.
            Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => {
                let there = self
                    .look(name)?
                    .filter(|there| there.size == bytes.len() as u64);
                let there = there.map(|there| there.read(0..there.size)).transpose()?;
                Ok(there.is_some_and(|there| there == bytes))
            }
            Err(error) => Err(failed(error)),
        }
    }

    /// Removes objects; those that are gone already are no error.
    pub fn delete(&self, names: Vec<String>) -> io::Result<()> {
        let keys: io::Result<Vec<Key>> = names.iter().map(|name| key(name)).collect();
        let keys = stream::iter(keys?.into_iter().map(Ok)).boxed();
        let removed = self.store.delete_stream(keys).map(|removed| match removed {
            Ok(_) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(failed(error)),
        });
        self.wait(removed.try_collect::<()>())
    }

    /// Waits for what the service answers.
    pub(super) fn wait<T>(&self, asked: impl Future<Output = T>) -> T {
        self.runtime.block_on(asked)
    }

    fn objects(&self, listed: Vec<ObjectMeta>) -> Vec<Object> {
        let mut objects: Vec<Object> = listed.into_iter().map(|meta| self.object(meta)).collect();
        objects.sort_by(|one, other| one.key.cmp(&other.key));
        objects
    }

    fn object(&self, meta: ObjectMeta) -> Object {
        Object {
            bucket: self.clone(),
            key: meta.location.to_string(),
            size: meta.size,
            modified: meta.last_modified,
            tag: meta.e_tag,
            version: meta.version,
        }
    }
}

impl Object {
    /// Reads some of its bytes. That another object has its name now is an error.
    pub fn read(&self, range: Range<u64>) -> io::Result<Bytes> {
        self.bucket.wait(self.get(range))
    }

    /// Reads it from its beginning to its end, a little ahead of who looks at it.
    pub fn stream(&self) -> Ahead {
        Ahead::new(self.clone())
    }

    pub(super) async fn get(&self, range: Range<u64>) -> io::Result<Bytes> {
        if range.is_empty() {
            return Ok(Bytes::new());
        }
        let length = range.end.saturating_sub(range.start);
        let options = GetOptions {
            if_match: self.tag.clone(),
            range: Some(GetRange::Bounded(range)),
            ..GetOptions::default()
        };
        let got = self.bucket.store.get_opts(&key(&self.key)?, options).await;
        let bytes = match got {
            Ok(got) => got.bytes().await,
            Err(error) => Err(error),
        };
        let bytes = bytes.map_err(failed)?;
        // What is sliced further has to be there.
        match bytes.len() as u64 == length {
            true => Ok(bytes),
            false => Err(ErrorKind::UnexpectedEof.into()),
        }
    }
}

/// What a key is called, as the library has it.
fn key(name: &str) -> io::Result<Key> {
    Key::parse(name).map_err(|error| io::Error::new(ErrorKind::InvalidInput, error))
}

fn failed(error: Error) -> io::Error {
    let said = error.to_string();
    let (kind, usual) = match &error {
        Error::NotFound { .. } => (ErrorKind::NotFound, Some("there is no such object")),
        Error::Precondition { .. } => (
            ErrorKind::Other,
            Some("it was replaced by another object while it was read"),
        ),
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => {
            (ErrorKind::PermissionDenied, None)
        }
        _ => (ErrorKind::Other, None),
    };
    let usual = usual.map(str::to_owned);
    // The service's own word tells more, but of a condition that does not hold it is always the same.
    let told = match error {
        Error::Precondition { .. } => usual,
        _ => answer(&said).or(usual),
    };
    io::Error::new(kind, told.unwrap_or(said))
}

/// What the service itself has answered, in XML: its word for the failure, and a sentence.
fn answer(said: &str) -> Option<String> {
    let part = |name: &str| {
        let (_, rest) = said.split_once(&format!("<{name}>"))?;
        Some(rest.split_once('<')?.0)
    };
    Some(format!("{}: {}", part("Code")?, part("Message")?))
}

impl PartialEq for Bucket {
    fn eq(&self, other: &Self) -> bool {
        self.root == other.root
    }
}

impl Eq for Bucket {}

impl fmt::Debug for Bucket {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.root)
    }
}
