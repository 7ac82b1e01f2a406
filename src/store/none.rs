use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::Object;

/// There is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket(Nothing);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Nothing {}

impl Bucket {
    /// Says what is missing.
    pub fn at(_url: &Path) -> io::Result<(Self, String)> {
        Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "this build has no object storage; cargo install --features object-store makes one that has",
        ))
    }

    /// Its own URL.
    pub fn root(&self) -> &str {
        match self.0 {}
    }

    /// The name of an object everywhere.
    pub fn url(&self, _key: &str) -> PathBuf {
        match self.0 {}
    }

    /// The objects directly in a folder.
    pub fn list(&self, _folder: &str) -> io::Result<Vec<Object>> {
        match self.0 {}
    }

    /// The objects in a folder and in all folders in it.
    pub fn list_all(&self, _folder: &str) -> io::Result<Vec<Object>> {
        match self.0 {}
    }

    /// One object, if it is there.
    pub fn look(&self, _key: &str) -> io::Result<Option<Object>> {
        match self.0 {}
    }

    /// One object and all its bytes, if it is there; an error if they are more than `most`.
    pub fn fetch(&self, _key: &str, _most: u64) -> io::Result<Option<(Object, Bytes)>> {
        match self.0 {}
    }

    /// Reads these objects as wholes.
    pub fn read_all(&self, _objects: &[Object]) -> Vec<io::Result<Bytes>> {
        match self.0 {}
    }

    /// Writes an object.
    pub fn put(&self, _key: &str, _bytes: Bytes) -> io::Result<()> {
        match self.0 {}
    }

    /// Writes an object if there is none of that name.
    pub fn put_new(&self, _key: &str, _bytes: Bytes) -> io::Result<bool> {
        match self.0 {}
    }

    /// Writes an object in the place of this one.
    pub fn replace(&self, _old: &Object, _bytes: Bytes) -> io::Result<bool> {
        match self.0 {}
    }

    /// Removes objects.
    pub fn delete(&self, _keys: Vec<String>) -> io::Result<()> {
        match self.0 {}
    }
}

impl Object {
    /// Reads some of its bytes.
    pub fn read(&self, _range: Range<u64>) -> io::Result<Bytes> {
        match self.bucket.0 {}
    }

    /// Reads it from its beginning to its end.
    pub fn stream(&self) -> io::Empty {
        match self.bucket.0 {}
    }
}
