use std::io;

use flate2::FlushDecompress;
use liblzma::stream::{Action, Stream};

use super::Compression;
use super::blocks::Blocks;
use super::frame::Frame;
use super::step::{End, Step};

/// What is decompressed as one: a gzip member, an xz or bzip2 stream, a zstd frame.
///
/// The libraries are driven by hand, because their readers throw away what a call has decompressed
/// before it met the damage.
pub(super) enum Member {
    Gzip(flate2::Decompress),
    Zstd(Frame),
    Xz(Stream),
    Bzip2(Blocks),
}

/// zlib's largest window, which every gzip file gets along with.
const WINDOW_BITS: u8 = 15;

impl Member {
    pub(super) fn new(compression: Compression) -> io::Result<Self> {
        Ok(match compression {
            Compression::Gzip => Self::Gzip(flate2::Decompress::new_gzip(WINDOW_BITS)),
            Compression::Zstd => Self::Zstd(Frame::new()?),
            Compression::Xz => Self::Xz(Stream::new_stream_decoder(u64::MAX, 0)?),
            Compression::Bzip2 => Self::Bzip2(Blocks::new()),
        })
    }

    /// Decompresses some of `input`. Empty input says that there is no more.
    pub(super) fn step(&mut self, input: &[u8], output: &mut [u8]) -> Step {
        match self {
            Self::Gzip(member) => {
                let before = (member.total_in(), member.total_out());
                let result = member.decompress(input, output, FlushDecompress::None);
                let end = match result {
                    Ok(flate2::Status::StreamEnd) => Some(End::Whole),
                    Ok(_) => None,
                    Err(error) => Some(End::corrupt(error.message().unwrap_or("invalid data"))),
                };
                Step::between(before, (member.total_in(), member.total_out()), end)
            }
            Self::Xz(member) => {
                let before = (member.total_in(), member.total_out());
                let end = match member.process(input, output, Action::Run) {
                    Ok(liblzma::stream::Status::StreamEnd) => Some(End::Whole),
                    Ok(_) => None,
                    Err(error) => Some(End::corrupt(error)),
                };
                Step::between(before, (member.total_in(), member.total_out()), end)
            }
            Self::Bzip2(member) => member.step(input, output),
            Self::Zstd(member) => member.step(input, output),
        }
    }
}
