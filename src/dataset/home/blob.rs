use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use parquet::errors::Result as ParquetResult;
use parquet::file::reader::{ChunkReader, Length};

use crate::source::Privacy;
use crate::store::{BlockReader, Blocks, Object};

/// A file of a table that was found, and is read when it is needed.
#[derive(Debug, Clone)]
pub(in crate::dataset) struct Listed {
    path: PathBuf,
    place: Place,
}

#[derive(Debug, Clone)]
enum Place {
    Disk,
    Bucket {
        object: Object,
        /// All of it, if it is small and was fetched.
        whole: Arc<OnceLock<Bytes>>,
    },
}

/// Objects up to this size are fetched once, as wholes: to ask takes longer than so many bytes.
const SMALL: u64 = 512 << 10;

impl Listed {
    pub(in crate::dataset) fn file(path: PathBuf) -> Self {
        Self {
            path,
            place: Place::Disk,
        }
    }

    pub(in crate::dataset) fn object(object: Object) -> Self {
        Self {
            path: object.url(),
            place: Place::Bucket {
                object,
                whole: Arc::default(),
            },
        }
    }

    /// Whether it is this object, and no later one of that name.
    pub(in crate::dataset) fn is(&self, other: &Object) -> bool {
        match &self.place {
            Place::Disk => false,
            Place::Bucket { object, .. } => object == other,
        }
    }

    /// Its path or URL.
    pub(in crate::dataset) fn path(&self) -> &Path {
        &self.path
    }

    /// The last part of its name.
    pub(in crate::dataset) fn name(&self) -> &str {
        let name = self.path.file_name().and_then(|name| name.to_str());
        name.unwrap_or_default()
    }

    pub(in crate::dataset) fn length(&self) -> io::Result<u64> {
        match &self.place {
            Place::Disk => Ok(fs::metadata(&self.path)?.len()),
            Place::Bucket { object, .. } => Ok(object.size),
        }
    }

    pub(in crate::dataset) fn open(&self) -> io::Result<Blob> {
        match &self.place {
            Place::Disk => Ok(Blob::File(File::open(&self.path)?)),
            Place::Bucket { object, whole } => match whole.get() {
                Some(bytes) => Ok(Blob::Bytes(bytes.clone())),
                None if object.size <= SMALL => {
                    let bytes = object.read(0..object.size)?;
                    Ok(Blob::Bytes(whole.get_or_init(|| bytes).clone()))
                }
                None => Ok(Blob::Object(Arc::new(Blocks::new(object.clone())))),
            },
        }
    }

    /// Fetches those that are small and in a bucket, side by side: one after the other, each is waited for. One that cannot
    /// be had is told when it is opened.
    pub(in crate::dataset) fn fetch(files: &[Self]) {
        let mut objects = Vec::new();
        let mut wholes = Vec::new();
        for file in files {
            if let Place::Bucket { object, whole } = &file.place
                && object.size <= SMALL
                && whole.get().is_none()
            {
                objects.push(object.clone());
                wholes.push(whole);
            }
        }
        if let Some(first) = objects.first() {
            let read = first.bucket.read_all(&objects);
            for (whole, bytes) in wholes.into_iter().zip(read) {
                if let Ok(bytes) = bytes {
                    whole.get_or_init(|| bytes);
                }
            }
        }
    }
}

/// A file that is open.
pub(in crate::dataset) enum Blob {
    File(File),
    Bytes(Bytes),
    Object(Arc<Blocks>),
}

impl Blob {
    pub(in crate::dataset) fn length(&self) -> io::Result<u64> {
        match self {
            Self::File(file) => Ok(file.metadata()?.len()),
            Self::Bytes(bytes) => Ok(bytes.len() as u64),
            Self::Object(blocks) => Ok(blocks.size()),
        }
    }

    /// Its last bytes, so many or all.
    pub(in crate::dataset) fn end(&self, wanted: usize) -> io::Result<Bytes> {
        let length = self.length()?;
        let from = length.saturating_sub(wanted as u64);
        match self {
            Self::File(file) => {
                let mut bytes = vec![0; (length - from) as usize];
                file.read_exact_at(&mut bytes, from)?;
                Ok(bytes.into())
            }
            Self::Bytes(bytes) => Ok(bytes.slice(from as usize..)),
            Self::Object(blocks) => blocks.read(from..length),
        }
    }

    /// Who may read it. Of an object only its bucket knows.
    pub(in crate::dataset) fn privacy(&self) -> io::Result<Privacy> {
        match self {
            Self::File(file) => Ok(Privacy::of(&file.metadata()?)),
            Self::Bytes(_) | Self::Object(_) => Ok(Privacy::Private),
        }
    }
}

impl Length for Blob {
    fn len(&self) -> u64 {
        self.length().unwrap_or(0)
    }
}

impl ChunkReader for Blob {
    type T = Box<dyn Read>;

    fn get_read(&self, start: u64) -> ParquetResult<Self::T> {
        match self {
            Self::File(file) => Ok(Box::new(file.get_read(start)?)),
            Self::Bytes(bytes) => Ok(Box::new(bytes.get_read(start)?)),
            Self::Object(blocks) => Ok(Box::new(BlockReader::new(Arc::clone(blocks), start))),
        }
    }

    fn get_bytes(&self, start: u64, length: usize) -> ParquetResult<Bytes> {
        match self {
            Self::File(file) => file.get_bytes(start, length),
            Self::Bytes(bytes) => bytes.get_bytes(start, length),
            Self::Object(blocks) => Ok(blocks.read(start..start.saturating_add(length as u64))?),
        }
    }
}
