//! What is whole is read whole; of what was cut, the beginning; what was changed is found out or has changed nothing.

use std::io::Write;

use badgateway::record::Boundaries;
use badgateway::source::{Access, Chunks, Input, Position, Trouble, open};

/// How a program compresses.
type Pack = fn(&[u8]) -> Vec<u8>;

const PACKERS: [Pack; 4] = [
    |text| {
        let level = flate2::Compression::fast();
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), level);
        packer.write_all(text).unwrap();
        packer.finish().unwrap()
    },
    |text| {
        let mut packer = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
        packer.include_checksum(true).unwrap();
        packer.write_all(text).unwrap();
        packer.finish().unwrap()
    },
    |text| {
        let mut packer = liblzma::write::XzEncoder::new(Vec::new(), 1);
        packer.write_all(text).unwrap();
        packer.finish().unwrap()
    },
    |text| {
        let level = bzip2::Compression::fast();
        let mut packer = bzip2::write::BzEncoder::new(Vec::new(), level);
        packer.write_all(text).unwrap();
        packer.finish().unwrap()
    },
];

/// What a file was read as.
struct Read {
    text: Vec<u8>,
    is_packed: bool,
    troubles: Vec<Trouble>,
}

fn read(file: &[u8]) -> Read {
    let mut on_disk = tempfile::NamedTempFile::new().unwrap();
    on_disk.write_all(file).unwrap();
    let input = Input::File(on_disk.path().to_path_buf());
    let mut read = Read {
        text: Vec::new(),
        is_packed: false,
        troubles: Vec::new(),
    };
    match open(&input, Access::Read, Position::default()) {
        Ok(source) => {
            read.is_packed = source.compression.is_some();
            for chunk in Chunks::new(source, &Boundaries, 4_096) {
                match chunk {
                    Ok(chunk) => read.text.extend_from_slice(&chunk),
                    Err(trouble) => read.troubles.push(trouble),
                }
            }
        }
        Err(trouble) => read.troubles.push(trouble),
    }
    read
}

/// The first byte says how the text is compressed, the second what happens to the file, the next four where.
pub fn check(bytes: &[u8]) {
    let Some((&[packer, fate, a, b, c, d], text)) = bytes.split_first_chunk() else {
        return;
    };
    let mut file = PACKERS[usize::from(packer) % PACKERS.len()](text);
    let at = u32::from_le_bytes([a, b, c, d]) as usize % file.len();
    let is_text = |read: &Read| read.text == text && read.troubles.is_empty();
    match fate % 5 {
        0 => {
            let read = read(&file);
            assert!(read.is_packed && is_text(&read), "{:?}", read.troubles);
        }
        1 => {
            file.truncate(at);
            let read = read(&file);
            if read.is_packed {
                assert!(text.starts_with(&read.text));
                assert!(!read.troubles.is_empty());
            }
        }
        2 => {
            file[at] ^= fate | 1;
            let read = read(&file);
            if read.is_packed && read.troubles.is_empty() {
                assert!(is_text(&read));
            }
        }
        3 => {
            // Two behind each other are one.
            let twice = [&file[..], &file].concat();
            let read = read(&twice);
            assert!(read.troubles.is_empty(), "{:?}", read.troubles);
            assert_eq!(read.text, text.repeat(2));
        }
        // None of the programs has written it.
        _ => {
            let magic = file.len().min(10);
            read(&[&file[..magic], text].concat());
        }
    }
}
