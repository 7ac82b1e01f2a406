//! Compressing as the programs do that logrotate calls.

use std::io::Write;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pack {
    Gzip,
    Zstd,
    Xz,
    Bzip2,
}

impl Pack {
    pub fn extension(self) -> &'static str {
        match self {
            Self::Gzip => ".gz",
            Self::Zstd => ".zst",
            Self::Xz => ".xz",
            Self::Bzip2 => ".bz2",
        }
    }

    pub fn pack(self, bytes: &[u8]) -> Vec<u8> {
        let packed = Vec::new();
        let done = match self {
            Self::Gzip => {
                let mut to = flate2::write::GzEncoder::new(packed, flate2::Compression::default());
                to.write_all(bytes).and_then(|()| to.finish())
            }
            Self::Zstd => zstd::stream::encode_all(bytes, 3),
            Self::Xz => {
                let mut to = liblzma::write::XzEncoder::new(packed, 1);
                to.write_all(bytes).and_then(|()| to.finish())
            }
            Self::Bzip2 => {
                let mut to = bzip2::write::BzEncoder::new(packed, bzip2::Compression::fast());
                to.write_all(bytes).and_then(|()| to.finish())
            }
        };
        done.unwrap()
    }
}
