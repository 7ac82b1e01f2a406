use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use chrono::{DateTime, Utc};

use crate::store::{Bucket, Object};

use super::{DatasetError, Listed, Manifest};
use crate::dataset::HOURLY;

/// Where in a bucket a dataset lies.
#[derive(Debug, Clone)]
pub(in crate::dataset) struct Prefix {
    pub(in crate::dataset) bucket: Bucket,
    /// All keys begin with it; it ends with a slash, or is empty.
    begin: String,
    /// The files that were listed last, by their keys: what was fetched of them is not fetched again.
    known: Arc<Mutex<Known>>,
}

type Known = HashMap<String, Listed>;

/// What stands in the table.
pub(in crate::dataset) struct Listing {
    /// The files that count, sorted by name.
    pub(in crate::dataset) files: Vec<Listed>,
    /// The names of all, whether they count or not.
    names: Vec<String>,
    /// The highest number that a run's file has had.
    pub(in crate::dataset) highest: u64,
    pub(in crate::dataset) manifest: Manifest,
    /// The object that holds it.
    pub(in crate::dataset) object: Object,
}

/// The object that says which files count.
pub(super) const MANIFEST: &str = "manifest.json";

/// No manifest of ours has more bytes: that would be half a million files.
const LONGEST: u64 = 16 << 20;

/// How the keys begin and end of objects that runs write first.
const MARK: (&str, &str) = (".run-", ".lock");

/// So often a table is listed until its manifest and its files agree.
const ATTEMPTS: usize = 5;

impl Prefix {
    pub(super) fn at(url: &Path) -> Result<Self, DatasetError> {
        let (bucket, key) = Bucket::at(url).map_err(|source| DatasetError::Io {
            path: url.to_path_buf(),
            source,
        })?;
        let key = key.trim_end_matches('/');
        let begin = match key {
            "" => String::new(),
            key => format!("{key}/"),
        };
        Ok(Self {
            bucket,
            begin,
            known: Arc::default(),
        })
    }

    /// The whole name of what is called so.
    pub(in crate::dataset) fn url(&self, name: &str) -> PathBuf {
        let url = self.bucket.url(&self.key(name));
        match name {
            "" => PathBuf::from(url.display().to_string().trim_end_matches('/')),
            _ => url,
        }
    }

    pub(in crate::dataset) fn key(&self, name: &str) -> String {
        format!("{}{name}", self.begin)
    }

    /// The key of a file of the table.
    pub(in crate::dataset) fn file_key(&self, name: &str) -> String {
        self.key(&format!("{HOURLY}/{name}"))
    }

    pub(in crate::dataset) fn failed(
        &self,
        name: &str,
    ) -> impl Fn(io::Error) -> DatasetError + use<> {
        let path = self.url(name);
        move |source| DatasetError::Io {
            path: path.clone(),
            source,
        }
    }

    /// What stands in the table now; `None` if there is no dataset.
    pub(in crate::dataset) fn listing(&self) -> Result<Option<Listing>, DatasetError> {
        for attempt in 1.. {
            let objects = self
                .bucket
                .list(&self.key(HOURLY))
                .map_err(self.failed(HOURLY))?;
            // The manifest comes second: what it names was there before it.
            let Some((object, manifest)) = self.manifest()? else {
                return Ok(None);
            };
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            let listing = Listing::of(objects, &mut known, manifest, object);
            drop(known);
            if listing.is_whole() || attempt == ATTEMPTS {
                return Ok(Some(listing));
            }
        }
        Ok(None)
    }

    /// The manifest, and the object that holds it.
    pub(in crate::dataset) fn manifest(&self) -> Result<Option<(Object, Manifest)>, DatasetError> {
        let failed = self.failed(MANIFEST);
        let found = self.bucket.fetch(&self.key(MANIFEST), LONGEST);
        let Some((object, bytes)) = found.map_err(&failed)? else {
            return Ok(None);
        };
        let manifest = serde_json::from_slice(&bytes);
        let manifest = manifest.map_err(|error| failed(io::Error::other(error)))?;
        Ok(Some((object, manifest)))
    }

    /// What stands in the table now; the dataset is made, if it is not there.
    pub(in crate::dataset) fn listing_or_new(&self) -> Result<Option<Listing>, DatasetError> {
        if let Some(listing) = self.listing()? {
            return Ok(Some(listing));
        }
        let manifest = written(&Manifest::default());
        // If another run was faster, it has made the same.
        let made = self.bucket.put_new(&self.key(MANIFEST), manifest);
        made.map_err(self.failed(MANIFEST))?;
        self.listing()
    }

    /// Has this manifest count instead of the one that was listed; `false` if another one does by now.
    pub(in crate::dataset) fn replace(
        &self,
        listed: &Object,
        manifest: &Manifest,
    ) -> Result<bool, DatasetError> {
        let replaced = self.bucket.replace(listed, written(manifest));
        replaced.map_err(self.failed(MANIFEST))
    }

    /// Notes that a run of this machine has begun.
    pub(in crate::dataset) fn mark(&self, machine: &str) -> Result<(), DatasetError> {
        let name = format!("{}{machine}{}", MARK.0, MARK.1);
        let marked = self.bucket.put(&self.key(&name), Bytes::new());
        marked.map_err(self.failed(&name))
    }

    /// When a run has begun last, by the clock of the service.
    pub(in crate::dataset) fn last_mark(&self) -> Option<DateTime<Utc>> {
        let objects = self.bucket.list(&self.begin).ok()?;
        let marks = objects.into_iter().filter(|object| {
            let name = object.key.strip_prefix(&self.begin).unwrap_or_default();
            name.starts_with(MARK.0) && name.ends_with(MARK.1)
        });
        marks.map(|mark| mark.modified).max()
    }

    /// Removes files of the table.
    pub(in crate::dataset) fn remove(&self, names: &[String]) -> Result<(), DatasetError> {
        if names.is_empty() {
            return Ok(());
        }
        let keys = names.iter().map(|name| self.file_key(name)).collect();
        self.bucket.delete(keys).map_err(self.failed(HOURLY))
    }
}

fn written(manifest: &Manifest) -> Bytes {
    let text = serde_json::to_vec_pretty(manifest);
    text.expect("a manifest holds texts and numbers").into()
}

impl Listing {
    fn of(objects: Vec<Object>, known: &mut Known, manifest: Manifest, object: Object) -> Self {
        let mut before = std::mem::take(known);
        let mut all = Vec::new();
        for object in objects {
            let key = object.key.clone();
            let old = before.remove(&key).filter(|old| old.is(&object));
            let file = old.unwrap_or_else(|| Listed::object(object));
            if file.name().ends_with(".parquet") {
                known.insert(key, file.clone());
                all.push(file);
            }
        }
        let numbers = all.iter().filter_map(|file| Manifest::number(file.name()));
        let highest = numbers.max().unwrap_or(0).max(manifest.through);
        let names = all.iter().map(|file| file.name().to_owned()).collect();
        let files = all.into_iter().filter(|file| manifest.counts(file.name()));
        Self {
            files: files.collect(),
            names,
            highest,
            manifest,
            object,
        }
    }

    /// The names of files that do not count any more once this is the manifest.
    pub(in crate::dataset) fn dead(&self, manifest: &Manifest) -> Vec<String> {
        let dead = self.names.iter().filter(|name| manifest.is_dead(name));
        dead.cloned().collect()
    }

    /// Whether all is there that the manifest names.
    fn is_whole(&self) -> bool {
        let mut named = self.manifest.files.iter();
        named.all(|name| self.files.iter().any(|file| file.name() == name))
    }
}
