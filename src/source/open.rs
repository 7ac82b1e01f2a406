use std::fs::File;
use std::io::{self, Cursor, Read};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use super::map::Map;
use super::{Input, Trouble};

/// How the bytes of a regular file are reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Access {
    /// A map for large files, reads for small ones.
    #[default]
    Auto,
    /// Always a map, where the system has one to give.
    Map,
    /// Never a map.
    Read,
}

/// Below this a read is cheaper than setting up a map.
const WORTH_A_MAP: u64 = 256 * 1024;

/// An input that is open.
pub struct Source {
    pub(super) path: PathBuf,
    pub(super) bytes: Bytes,
    /// A regular file, and how long it was when it was opened.
    pub(super) file: Option<(File, u64)>,
    /// When a file was last written to; of anything else, when it was opened.
    pub modified: SystemTime,
}

pub(super) enum Bytes {
    Mapped(Arc<Map>),
    Stream(Box<dyn Read + Send>),
}

impl Source {
    /// Whether the bytes come out of a memory map.
    pub fn is_mapped(&self) -> bool {
        matches!(self.bytes, Bytes::Mapped(_))
    }

    #[cfg(test)]
    pub(super) fn from_stream(stream: impl Read + Send + 'static) -> Self {
        Self {
            path: PathBuf::from("-"),
            bytes: Bytes::Stream(Box::new(stream)),
            file: None,
            modified: SystemTime::now(),
        }
    }
}

/// Opens an input, and refuses what cannot hold a log: a socket, a block device, compressed bytes.
pub fn open(input: &Input, access: Access) -> Result<Source, Trouble> {
    let path = input.path().to_path_buf();
    let cannot_open = |source| Trouble::Open {
        path: path.clone(),
        source,
    };
    let mut modified = SystemTime::now();
    let (bytes, file) = match input {
        Input::Stdin => (sniffed(&path, io::stdin())?, None),
        Input::File(file) => {
            let file = File::open(file).map_err(|source| why_not(&path, source))?;
            let meta = file.metadata().map_err(cannot_open)?;
            if meta.file_type().is_block_device() {
                let kind = "a block device";
                return Err(Trouble::NotALog { path, kind });
            }
            if meta.is_file() {
                modified = meta.modified().unwrap_or(modified);
            }
            // A size of 0 may be a file of /proc, which has bytes all the same.
            let wants_map = match access {
                Access::Auto => meta.len() >= WORTH_A_MAP,
                Access::Map => meta.len() > 0,
                Access::Read => false,
            };
            let map = if meta.is_file() && wants_map {
                // A file system that cannot map can still be read.
                Map::new(&file).unwrap_or(None)
            } else {
                None
            };
            let watched = match meta.is_file() {
                true => Some((file.try_clone().map_err(cannot_open)?, meta.len())),
                false => None,
            };
            let bytes = match map {
                Some(map) => {
                    refuse_compressed(&path, &map)?;
                    Bytes::Mapped(Arc::new(map))
                }
                None => sniffed(&path, file)?,
            };
            (bytes, watched)
        }
    };
    Ok(Source {
        path,
        bytes,
        file,
        modified,
    })
}

/// Opening a socket fails with an errno that says little; name the thing instead.
fn why_not(path: &Path, source: io::Error) -> Trouble {
    let path = path.to_path_buf();
    match std::fs::metadata(&path) {
        Ok(meta) if meta.file_type().is_socket() => Trouble::NotALog {
            path,
            kind: "a socket",
        },
        _ => Trouble::Open { path, source },
    }
}

/// Looks at the first bytes of a stream without losing them.
fn sniffed(path: &Path, mut stream: impl Read + Send + 'static) -> Result<Bytes, Trouble> {
    let mut head = Vec::with_capacity(LONGEST_MAGIC);
    (&mut stream)
        .take(LONGEST_MAGIC as u64)
        .read_to_end(&mut head)
        .map_err(|source| Trouble::Read {
            path: path.to_path_buf(),
            offset: 0,
            source,
        })?;
    refuse_compressed(path, &head)?;
    Ok(Bytes::Stream(Box::new(Cursor::new(head).chain(stream))))
}

const LONGEST_MAGIC: usize = 6;

/// First bytes, format, and the program that turns it back into text.
const COMPRESSED: [(&[u8], &str, &str); 4] = [
    (b"\x1f\x8b", "gzip", "gzip"),
    (b"\x28\xb5\x2f\xfd", "Zstandard", "zstd"),
    (b"\xfd7zXZ\x00", "xz", "xz"),
    (b"BZh", "bzip2", "bzip2"),
];

fn refuse_compressed(path: &Path, head: &[u8]) -> Result<(), Trouble> {
    for (magic, format, tool) in COMPRESSED {
        if head.starts_with(magic) {
            return Err(Trouble::Compressed {
                path: path.to_path_buf(),
                format,
                tool,
            });
        }
    }
    Ok(())
}
