use std::fs::{File, Metadata};
use std::io::{self, BufReader, Cursor, Read};
use std::os::unix::fs::{FileExt, FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use sha2::{Digest, Sha256};

use crate::store::Object;

use super::decompress::{Compression, Decompressor, LONGEST_MAGIC};
use super::map::Map;
use super::meter::Position;
use super::stream::Stream;
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

/// How much of a compressed file or a pipe is read at once.
const READ_AT_ONCE: usize = 128 * 1024;

/// An input that is open.
pub struct Source {
    pub(super) path: PathBuf,
    pub(super) bytes: Content,
    /// A regular file that is not compressed, and how long it was when it was opened.
    pub(super) file: Option<(Arc<File>, u64)>,
    /// When a file was last written to; of a pipe, when it was opened.
    pub modified: SystemTime,
    /// How the input is compressed.
    pub compression: Option<Compression>,
    /// What a file system knows of a regular file.
    pub signature: Option<Signature>,
    /// The part of the input that is asked for.
    pub(super) part: Part,
    /// How far it was read.
    pub(super) position: Position,
}

/// A part of an input, in decompressed bytes.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Part {
    /// Where the bytes begin that a map hands out.
    pub(super) from: u64,
    /// Where those begin that no earlier run has counted.
    pub(super) new: u64,
    /// Where they end, if not where the input does.
    pub(super) end: Option<u64>,
}

pub(super) enum Content {
    Mapped(Arc<Map>),
    Stream(Stream),
}

/// What a file system knows of a file: as long as it stays the same, so does the content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Signature {
    /// The device that holds the file.
    pub device: u64,
    /// Its inode number there.
    pub inode: u64,
    /// Its length in bytes.
    pub length: u64,
    /// When its content changed, in nanoseconds since 1970.
    pub modified: i64,
    /// When its content, name or owner changed, in nanoseconds since 1970. Nobody can set it.
    pub changed: i64,
}

impl Signature {
    /// What the file system says now.
    pub fn of(meta: &Metadata) -> Self {
        let nanos = |seconds: i64, nanos: i64| seconds.saturating_mul(1_000_000_000) + nanos;
        Self {
            device: meta.dev(),
            inode: meta.ino(),
            length: meta.len(),
            modified: nanos(meta.mtime(), meta.mtime_nsec()),
            changed: nanos(meta.ctime(), meta.ctime_nsec()),
        }
    }

    /// What a service says of an object. Its tag stands for the inode: another content has another one.
    pub fn of_object(object: &Object) -> Self {
        let hash = Sha256::digest(object.tag.as_deref().unwrap_or(&object.key));
        let written = object.modified.timestamp_nanos_opt().unwrap_or_default();
        Self {
            device: 0,
            inode: u64::from_be_bytes(*hash.first_chunk().unwrap_or(&[0; 8])),
            length: object.size,
            modified: written,
            changed: written,
        }
    }
}

impl Source {
    /// Whether the bytes come out of a memory map.
    pub fn is_mapped(&self) -> bool {
        matches!(self.bytes, Content::Mapped(_))
    }

    #[cfg(test)]
    pub(super) fn from_stream(stream: impl Read + Send + 'static) -> Self {
        Self {
            path: PathBuf::from("-"),
            bytes: Content::Stream(Stream::new(stream)),
            file: None,
            modified: SystemTime::now(),
            compression: None,
            signature: None,
            part: Part::default(),
            position: Position::default(),
        }
    }
}

/// Opens an input, and refuses what cannot hold a log: a socket, a block device, an archive. How far it is
/// read is told `position`.
pub fn open(input: &Input, access: Access, position: Position) -> Result<Source, Trouble> {
    match input {
        Input::Stdin => {
            let now = SystemTime::now();
            open_stream(input.path(), io::stdin(), now, None, position)
        }
        Input::File(path) => open_file(path, access, position),
        Input::Memory(memory) => {
            let content = Cursor::new(memory.content.clone());
            open_stream(&memory.name, content, memory.modified, None, position)
        }
        Input::Object { path, object } => {
            let signature = Some(Signature::of_object(object));
            open_stream(
                path,
                object.stream(),
                object.modified.into(),
                signature,
                position,
            )
        }
    }
}

fn open_file(path: &Path, access: Access, position: Position) -> Result<Source, Trouble> {
    let cannot_open = |source| Trouble::Open {
        path: path.to_path_buf(),
        source,
    };
    let file = File::open(path).map_err(|source| why_not(path, source))?;
    let meta = file.metadata().map_err(cannot_open)?;
    if meta.file_type().is_block_device() {
        return Err(Trouble::NotALog {
            path: path.to_path_buf(),
            kind: "a block device",
        });
    }
    if !meta.is_file() {
        return open_stream(path, file, SystemTime::now(), None, position);
    }
    let modified = meta.modified().unwrap_or(SystemTime::now());
    let signature = Some(Signature::of(&meta));
    let mut head = [0; LONGEST_MAGIC];
    let length = file.read_at(&mut head, 0).map_err(cannot_open)?;
    let head = &head[..length];
    refuse_unknown(path, head)?;
    if Compression::of(head).is_some() {
        return open_stream(path, file, modified, signature, position);
    }
    // A size of 0 may be a file of /proc, which has bytes all the same.
    let wants_map = match access {
        Access::Auto => meta.len() >= WORTH_A_MAP,
        Access::Map => meta.len() > 0,
        Access::Read => false,
    };
    let map = match wants_map {
        // A file system that cannot map can still be read.
        true => Map::new(&file).unwrap_or(None),
        false => None,
    };
    let file = Arc::new(file);
    let bytes = match map {
        Some(map) => Content::Mapped(Arc::new(map)),
        None => Content::Stream(Stream::new(Shared(Arc::clone(&file)))),
    };
    Ok(Source {
        path: path.to_path_buf(),
        bytes,
        file: Some((file, meta.len())),
        modified,
        compression: None,
        signature,
        part: Part::default(),
        position,
    })
}

/// The bytes of a file that nobody writes to, in a map if there is one to be had: they take no memory of their own then.
pub fn mapped(file: &File) -> io::Result<Bytes> {
    let length = file.metadata()?.len();
    if length > 0
        && let Some(map) = Map::new(file)?
    {
        return Ok(Bytes::from_owner(map));
    }
    let mut bytes = vec![0; length as usize];
    file.read_exact_at(&mut bytes, 0)?;
    Ok(bytes.into())
}

/// A file that others look at as well; nobody else moves its cursor.
struct Shared(Arc<File>);

impl Read for Shared {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        (&*self.0).read(buffer)
    }
}

/// Opens what has to be read from its beginning: a pipe, a compressed file.
fn open_stream(
    path: &Path,
    stream: impl Read + Send + 'static,
    modified: SystemTime,
    signature: Option<Signature>,
    position: Position,
) -> Result<Source, Trouble> {
    let mut stream = Counted {
        stream,
        read: 0,
        position: position.clone(),
    };
    let mut head = Vec::with_capacity(LONGEST_MAGIC);
    (&mut stream)
        .take(LONGEST_MAGIC as u64)
        .read_to_end(&mut head)
        .map_err(|source| Trouble::Read {
            path: path.to_path_buf(),
            offset: 0,
            source,
        })?;
    refuse_unknown(path, &head)?;
    let compression = Compression::of(&head);
    let whole = Cursor::new(head).chain(stream);
    let stream = match compression {
        Some(compression) => {
            let whole = BufReader::with_capacity(READ_AT_ONCE, whole);
            Stream::new(Decompressor::new(whole, compression))
        }
        None => Stream::new(whole),
    };
    Ok(Source {
        path: path.to_path_buf(),
        bytes: Content::Stream(stream),
        file: None,
        modified,
        compression,
        signature,
        part: Part::default(),
        position,
    })
}

/// Counts bytes as they come, before anything decompresses them.
struct Counted<R> {
    stream: R,
    read: u64,
    position: Position,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.stream.read(buffer)?;
        self.read += read as u64;
        self.position.reach(self.read);
        Ok(read)
    }
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

/// First bytes of what is not read, its name, and what turns it into text.
const UNKNOWN: [(&[u8], &str, &str); 6] = [
    (b"\x04\x22\x4d\x18", "lz4", "lz4 -dc"),
    (b"\x1f\x9d", "compress", "uncompress -c"),
    (b"LZIP", "lzip", "lzip -dc"),
    (b"PK\x03\x04", "zip", "unzip -p"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip", "7z x -so"),
    (b"\x89LZO", "lzop", "lzop -dc"),
];

fn refuse_unknown(path: &Path, head: &[u8]) -> Result<(), Trouble> {
    for (magic, format, command) in UNKNOWN {
        if head.starts_with(magic) {
            return Err(Trouble::Compressed {
                path: path.to_path_buf(),
                format,
                command,
            });
        }
    }
    Ok(())
}
