use std::fs::{self, File};
use std::io;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use bytes::Bytes;

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
    /// Bytes that are there already.
    Memory(Memory),
}

/// The bytes of a log, compressed or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Memory {
    /// What it is called in messages and in the `source` field of events.
    pub name: PathBuf,
    /// The bytes.
    pub content: Bytes,
    /// When it was last written to: records without a time of their own are not newer.
    pub modified: SystemTime,
}

impl Input {
    /// The input's name in messages and in the `source` field of events: its path or URL, or `-`.
    pub fn path(&self) -> &Path {
        match self {
            Self::File(path) | Self::Object { path, .. } => path,
            Self::Stdin => Path::new("-"),
            Self::Memory(memory) => &memory.name,
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
            Self::Object { .. } | Self::Memory(_) => return Privacy::Private,
        };
        meta.map_or(Privacy::Private, |meta| Privacy::of(&meta))
    }

    /// What is known of it before it is opened; nothing, if it can be opened only once, as a pipe, or lies in memory.
    pub fn signature(&self) -> io::Result<Option<Signature>> {
        match self {
            Self::Stdin | Self::Memory(_) => Ok(None),
            Self::File(path) => {
                let meta = fs::metadata(path)?;
                Ok(meta.is_file().then(|| Signature::of(&meta)))
            }
            Self::Object { object, .. } => Ok(Some(Signature::of_object(object))),
        }
    }

    /// How long it is where it lies, as far as that is known: of a pipe it is not. What cannot be looked at has nothing.
    pub fn length(&self) -> Option<u64> {
        match (self, self.signature()) {
            (Self::Memory(memory), _) => Some(memory.content.len() as u64),
            (_, Ok(signature)) => signature.map(|signature| signature.length),
            (_, Err(_)) => Some(0),
        }
    }

    /// The machine on which it is seen: this one, or the bucket, which is the same from everywhere.
    pub fn machine<'a>(&'a self, this: &'a str) -> &'a str {
        match self {
            Self::File(_) | Self::Stdin | Self::Memory(_) => this,
            Self::Object { object, .. } => object.bucket.root(),
        }
    }
}
