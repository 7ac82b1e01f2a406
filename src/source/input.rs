use std::fs::{self, File};
use std::io;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use crate::store::Object;

use super::{Privacy, Signature};

/// One thing to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A path that can be opened.
    File(PathBuf),
    /// Standard input, named `-`.
    Stdin,
    /// An object in a bucket.
    Object {
        /// Its URL.
        path: PathBuf,
        /// As it was when it was found.
        object: Object,
    },
}

impl Input {
    /// The input's name in messages and in the `source` field of events: its path or URL, or `-`.
    pub fn path(&self) -> &Path {
        match self {
            Self::File(path) | Self::Object { path, .. } => path,
            Self::Stdin => Path::new("-"),
        }
    }

    /// Who may read what is made of it. Who may read a bucket, nobody knows but the bucket.
    pub fn privacy(&self) -> Privacy {
        let meta = match self {
            Self::File(path) => fs::metadata(path),
            Self::Stdin => {
                let stdin = io::stdin().as_fd().try_clone_to_owned();
                stdin.and_then(|stdin| File::from(stdin).metadata())
            }
            Self::Object { .. } => return Privacy::Private,
        };
        meta.map_or(Privacy::Private, |meta| Privacy::of(&meta))
    }

    /// What is known of it before it is opened; nothing, if it can be opened only once, as a pipe.
    pub fn signature(&self) -> io::Result<Option<Signature>> {
        match self {
            Self::Stdin => Ok(None),
            Self::File(path) => {
                let meta = fs::metadata(path)?;
                Ok(meta.is_file().then(|| Signature::of(&meta)))
            }
            Self::Object { object, .. } => Ok(Some(Signature::of_object(object))),
        }
    }

    /// How long it is where it lies, as far as that is known.
    pub fn length(&self) -> Option<u64> {
        Some(self.signature().ok()??.length)
    }

    /// The machine on which it is seen: this one, or the bucket, which is the same from everywhere.
    pub fn machine<'a>(&'a self, this: &'a str) -> &'a str {
        match self {
            Self::File(_) | Self::Stdin => this,
            Self::Object { object, .. } => object.bucket.root(),
        }
    }
}
