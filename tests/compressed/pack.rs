//! What the programs that compress write, made by their libraries or by hand.

use std::io::Write;

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc, GzBuilder};
use liblzma::stream::{Action, Check, Filters, LzmaOptions, Status, Stream};
use zstd::stream::raw::CParameter;

/// A way to compress, and what it makes of a log.
pub type Packed = (&'static str, Vec<u8>);

/// Compresses all of a text.
pub type Pack = fn(&[u8]) -> Vec<u8>;

/// The log in parts that end somewhere, also in the middle of a line.
fn parts(log: &[u8]) -> impl Iterator<Item = &[u8]> {
    log.chunks(log.len() / 3 + 1)
}

pub fn gzip(text: &[u8]) -> Vec<u8> {
    gzip_from(GzBuilder::new(), text)
}

fn gzip_from(builder: GzBuilder, text: &[u8]) -> Vec<u8> {
    let mut encoder = builder.write(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// A member with all there can be in its head.
fn gzip_with_all_fields(text: &[u8]) -> Vec<u8> {
    const ALL: u8 = 0x1f;
    let mut bytes = vec![0x1f, 0x8b, 8, ALL, 1, 2, 3, 4, 2, 3];
    bytes.extend(b"\x06\x00ab\x02\x00xy");
    bytes.extend(b"error.log\0rotated, not lost\0");
    let mut head = Crc::new();
    head.update(&bytes);
    bytes.extend(&head.sum().to_le_bytes()[..2]);
    let mut encoder = DeflateEncoder::new(bytes, Compression::best());
    encoder.write_all(text).unwrap();
    let mut bytes = encoder.finish().unwrap();
    let mut sum = Crc::new();
    sum.update(text);
    bytes.extend(sum.sum().to_le_bytes());
    bytes.extend((text.len() as u32).to_le_bytes());
    bytes
}

/// Members of 64 kB that tell their length, and one without text behind them.
fn bgzip(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for block in text.chunks(65_280).chain([b"".as_slice()]) {
        let member = |length: u16| {
            let mut extra = b"BC\x02\x00".to_vec();
            extra.extend(length.to_le_bytes());
            gzip_from(GzBuilder::new().extra(extra), block)
        };
        let length = member(0).len() as u16 - 1;
        bytes.extend(member(length));
    }
    bytes
}

/// One member that can be entered at many places, as with `gzip --rsyncable` and pigz.
fn gzip_with_flushes(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzBuilder::new().write(Vec::new(), Compression::fast());
    for part in text.chunks(10_000) {
        encoder.write_all(part).unwrap();
        encoder.flush().unwrap();
    }
    encoder.finish().unwrap()
}

pub fn zstd(text: &[u8]) -> Vec<u8> {
    zstd_with(text, &[CParameter::ChecksumFlag(true)], true)
}

pub fn zstd_with(text: &[u8], parameters: &[CParameter], tells_size: bool) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
    for &parameter in parameters {
        encoder.set_parameter(parameter).unwrap();
    }
    if tells_size {
        let length = Some(text.len() as u64);
        encoder.set_pledged_src_size(length).unwrap();
    }
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

const SKIPPABLE: &[u8] = b"\x5e\x2a\x4d\x18\x04\x00\x00\x00abcd";

pub fn xz(text: &[u8]) -> Vec<u8> {
    xz_in_blocks(text, Check::Crc64, 1)
}

fn xz_in_blocks(text: &[u8], check: Check, blocks: usize) -> Vec<u8> {
    let mut options = LzmaOptions::new_preset(6).unwrap();
    // As small as may be, for tests are many.
    options.dict_size(1 << 20);
    let mut filters = Filters::new();
    filters.lzma2(&options);
    let mut stream = Stream::new_stream_encoder(&filters, check).unwrap();
    let mut bytes = Vec::new();
    let mut all = |mut input: &[u8], action| {
        loop {
            let before = stream.total_in();
            bytes.reserve(64 * 1024);
            let status = stream.process_vec(input, &mut bytes, action).unwrap();
            input = &input[(stream.total_in() - before) as usize..];
            if status == Status::StreamEnd {
                return;
            }
        }
    };
    for block in text.chunks((text.len() / blocks + 1).max(1)) {
        all(block, Action::FullFlush);
    }
    all(b"", Action::Finish);
    bytes
}

pub fn bzip2(text: &[u8]) -> Vec<u8> {
    // Blocks of 100 kB.
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// The formats, and who writes them.
pub const FORMATS: [(&str, Pack); 4] =
    [("gzip", gzip), ("zstd", zstd), ("xz", xz), ("bzip2", bzip2)];

/// One of each format.
pub fn one_of_each(text: &[u8]) -> [Packed; 4] {
    FORMATS.map(|(format, pack)| (format, pack(text)))
}

/// The log in every shape.
pub fn all(log: &[u8]) -> Vec<Packed> {
    let several = |pack: Pack| parts(log).flat_map(pack).collect::<Vec<u8>>();
    let amid_empty = |pack: Pack| [pack(b""), pack(log), pack(b"")].concat();
    let padded = |mut bytes: Vec<u8>, zeros: usize| {
        bytes.resize(bytes.len() + zeros, 0);
        bytes
    };
    let named = GzBuilder::new().filename("error.log.1").mtime(7);
    let told = GzBuilder::new().comment("a comment").extra("some bytes");
    let checksum = CParameter::ChecksumFlag;
    let window = CParameter::WindowLog;
    let long = CParameter::EnableLongDistanceMatching(true);
    let frames = [SKIPPABLE, &several(zstd), SKIPPABLE, SKIPPABLE].concat();
    vec![
        ("gzip", gzip(log)),
        ("gzip, several members", several(gzip)),
        ("gzip, empty members", amid_empty(gzip)),
        ("gzip, with a name", gzip_from(named, log)),
        ("gzip, with extra field and comment", gzip_from(told, log)),
        ("gzip, with all fields", gzip_with_all_fields(log)),
        ("gzip, zeros behind", padded(several(gzip), 1_000)),
        ("gzip, flushed", gzip_with_flushes(log)),
        ("gzip, as bgzip", bgzip(log)),
        ("zstd", zstd(log)),
        ("zstd, several frames", several(zstd)),
        ("zstd, empty frames", amid_empty(zstd)),
        ("zstd, skippable frames", frames),
        ("zstd, bare", zstd_with(log, &[checksum(false)], false)),
        (
            "zstd, checksum only",
            zstd_with(log, &[checksum(true)], false),
        ),
        ("zstd, size only", zstd_with(log, &[checksum(false)], true)),
        ("zstd, --long", zstd_with(log, &[long, window(27)], false)),
        ("zstd, zeros behind", padded(zstd(log), 7)),
        ("xz", xz(log)),
        (
            "xz, CRC32, several blocks",
            xz_in_blocks(log, Check::Crc32, 5),
        ),
        ("xz, SHA-256", xz_in_blocks(log, Check::Sha256, 2)),
        ("xz, no check", xz_in_blocks(log, Check::None, 2)),
        ("xz, several streams", several(xz)),
        (
            "xz, padded streams",
            parts(log).flat_map(|part| padded(xz(part), 8)).collect(),
        ),
        ("xz, empty streams", amid_empty(xz)),
        ("bzip2", bzip2(log)),
        ("bzip2, several streams", several(bzip2)),
        ("bzip2, empty streams", amid_empty(bzip2)),
        ("bzip2, zeros behind", padded(bzip2(log), 9)),
    ]
}
