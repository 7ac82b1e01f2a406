//! In which ways logs are rotated and compressed.

use std::io::{self, Write};
use std::path::Path;

/// How a log is rotated.
#[derive(Clone, Copy)]
pub struct Scheme {
    pub name: &'static str,
    /// `copytruncate`, or rename and create.
    pub is_copied: bool,
    /// `dateext`, or numbers.
    pub is_dated: bool,
    pub compression: Option<Compression>,
    /// `delaycompress`.
    pub is_delayed: bool,
    /// Whether the compressed file has another name until it is whole.
    pub is_renamed: bool,
}

#[derive(Clone, Copy)]
pub enum Compression {
    Gzip,
    Zstd,
    Xz,
    Bzip2,
}

pub const SCHEMES: [Scheme; 6] = [
    Scheme {
        name: "error.log",
        is_copied: false,
        is_dated: false,
        compression: Some(Compression::Gzip),
        is_delayed: true,
        is_renamed: false,
    },
    Scheme {
        name: "api.error.log",
        is_copied: true,
        is_dated: false,
        compression: None,
        is_delayed: false,
        is_renamed: false,
    },
    Scheme {
        name: "shop-error.log",
        is_copied: false,
        is_dated: true,
        compression: Some(Compression::Gzip),
        is_delayed: false,
        is_renamed: true,
    },
    Scheme {
        name: "blog_error.log",
        is_copied: false,
        is_dated: false,
        compression: Some(Compression::Zstd),
        is_delayed: true,
        is_renamed: false,
    },
    Scheme {
        name: "mail.error.log",
        is_copied: false,
        is_dated: false,
        compression: Some(Compression::Xz),
        is_delayed: false,
        is_renamed: true,
    },
    Scheme {
        name: "old.error.log",
        is_copied: true,
        is_dated: true,
        compression: Some(Compression::Bzip2),
        is_delayed: true,
        is_renamed: false,
    },
];

impl Compression {
    const ALL: [Self; 4] = [Self::Gzip, Self::Zstd, Self::Xz, Self::Bzip2];

    pub fn ending(self) -> &'static str {
        match self {
            Self::Gzip => ".gz",
            Self::Zstd => ".zst",
            Self::Xz => ".xz",
            Self::Bzip2 => ".bz2",
        }
    }

    pub fn compress(self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        let out = Vec::new();
        match self {
            Self::Gzip => {
                let mut writer = flate2::write::GzEncoder::new(out, flate2::Compression::fast());
                writer.write_all(bytes)?;
                writer.finish()
            }
            Self::Zstd => {
                let mut writer = zstd::stream::write::Encoder::new(out, 1)?;
                writer.write_all(bytes)?;
                writer.finish()
            }
            Self::Xz => {
                let mut writer = liblzma::write::XzEncoder::new(out, 0);
                writer.write_all(bytes)?;
                writer.finish()
            }
            Self::Bzip2 => {
                let mut writer = bzip2::write::BzEncoder::new(out, bzip2::Compression::fast());
                writer.write_all(bytes)?;
                writer.finish()
            }
        }
    }
}

pub fn is_compressed(path: &Path) -> bool {
    let name = path.to_str().unwrap();
    Compression::ALL
        .iter()
        .any(|compression| name.contains(compression.ending()))
}
