use std::fs::File;
use std::io;
use std::ops::{Deref, Range};
use std::path::PathBuf;
use std::sync::Arc;

use super::decompress::Damaged;
use super::map::Map;
use super::meter::Position;
use super::open::{Content, Part, Source};
use super::stream::Stream;
use super::{Fingerprint, Trouble};

/// Knows where bytes may be cut so that no record is torn.
pub trait Cut: Sync {
    /// How many bytes behind `target` a decision may need to look at, as a rule.
    const LOOK_AHEAD: usize;

    /// A place to cut, greater than 0. `bytes` begins at a record (or in the middle of one that
    /// was too long to keep whole). The place is at or behind `target`, as close to it as records
    /// allow; the length of `bytes` when `at_end` and no other place is left; `None` when more
    /// bytes are needed to tell.
    fn cut(&self, bytes: &[u8], target: usize, at_end: bool) -> Option<usize>;

    /// How many of these bytes are whole lines and records, if what they end may still be written to.
    /// They begin as `start` says.
    fn settled(&self, bytes: &[u8], start: Start) -> usize;
}

/// Where a chunk's first byte stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// At the beginning of the input.
    Input,
    /// At the beginning of a record.
    Record,
    /// In the middle of a line of a record that began in an earlier chunk.
    MidLine,
}

/// A piece of an input that can be worked on by itself.
pub struct Chunk {
    bytes: ChunkBytes,
    /// Where the first byte stands in the (decompressed) input.
    pub offset: u64,
    /// How many bytes at its beginning an earlier run has counted. They are here to be looked at.
    pub counted: usize,
    /// What the first byte is.
    pub start: Start,
    /// Whether the input ends here.
    pub last: bool,
}

enum ChunkBytes {
    Mapped(Arc<Map>, Range<usize>),
    Owned(Vec<u8>),
}

impl Deref for Chunk {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.bytes {
            ChunkBytes::Mapped(map, range) => &map[range.clone()],
            ChunkBytes::Owned(bytes) => bytes,
        }
    }
}

impl Chunk {
    /// The byte of the input from which on a mapped file was no longer there when this chunk was
    /// worked on: what was read from there are zeros. To be asked when the work is done.
    pub fn fault(&self) -> Option<u64> {
        let ChunkBytes::Mapped(map, range) = &self.bytes else {
            return None;
        };
        map.fault()
            .filter(|&fault| fault < range.end)
            .map(|fault| fault as u64)
    }
}

/// The chunks of one input, in order. A trouble is its last item.
pub struct Chunks<'c, C> {
    path: PathBuf,
    file: Option<(Arc<File>, u64)>,
    reader: Reader,
    cut: &'c C,
    size: usize,
    part: Part,
    offset: u64,
    start: Start,
    passed: Option<Fingerprint>,
    /// Told of a file that is not compressed; of anything else its stream tells it.
    position: Position,
    /// Whether what a failure tore apart was left out.
    is_mended: bool,
}

enum Reader {
    Mapped(Arc<Map>),
    Stream(Stream),
    Done,
}

/// A record that does not end within this many bytes is handed out in pieces, so that a stream
/// without a single newline needs no more memory than this.
const LONGEST_WHOLE: usize = 2 << 20;

impl<'c, C: Cut> Chunks<'c, C> {
    /// Cuts `source` into chunks of about `size` bytes.
    pub fn new(source: Source, cut: &'c C, size: usize) -> Self {
        let is_empty = source.part.end == Some(source.part.new);
        let (reader, offset) = match source.bytes {
            _ if is_empty => (Reader::Done, source.part.new),
            Content::Mapped(map) => (Reader::Mapped(map), source.part.from),
            Content::Stream(stream) => {
                let offset = stream.offset();
                (Reader::Stream(stream), offset)
            }
        };
        let position = match source.file {
            Some(_) => source.position,
            None => Position::default(),
        };
        position.skip_to(offset);
        Self {
            path: source.path,
            file: source.file,
            reader,
            cut,
            size: size.max(1),
            part: source.part,
            offset,
            start: match offset {
                0 => Start::Input,
                _ => Start::MidLine,
            },
            passed: None,
            position,
            is_mended: false,
        }
    }

    /// Whether chunks that are handed out take no memory.
    pub fn are_mapped(&self) -> bool {
        matches!(self.reader, Reader::Mapped(_))
    }

    /// The fingerprint of all that was handed out or passed over, of an input that is a stream and has
    /// come to its end.
    pub fn passed(&self) -> Option<&Fingerprint> {
        self.passed.as_ref()
    }

    /// Where what was handed out ends in the input.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Asked once, when everything was handed out: whether the file lasted that long.
    fn shrank(&mut self) -> Option<Trouble> {
        let (file, length) = self.file.take()?;
        let now = file.metadata().ok()?.len();
        (now < length).then(|| Trouble::Shrank {
            path: self.path.clone(),
            offset: now,
            length,
        })
    }

    fn chunk(&mut self, bytes: ChunkBytes, length: usize, next: Start, last: bool) -> Chunk {
        let counted = self.part.new.saturating_sub(self.offset);
        let chunk = Chunk {
            bytes,
            offset: self.offset,
            counted: usize::try_from(counted).map_or(length, |counted| counted.min(length)),
            start: self.start,
            last,
        };
        self.offset += length as u64;
        self.position.reach(self.offset);
        self.start = next;
        chunk
    }

    fn next_mapped(&mut self, map: Arc<Map>) -> Option<Result<Chunk, Trouble>> {
        let from = self.offset as usize;
        let end = self.part.end.map_or(map.len(), |end| end as usize);
        let rest = &map[from..end];
        let window = rest.len().min(self.size.saturating_add(C::LOOK_AHEAD));
        let length = self
            .cut
            .cut(&rest[..window], self.size, window == rest.len())
            .or_else(|| self.cut.cut(rest, self.size, true))
            .unwrap_or(rest.len());
        let bytes = ChunkBytes::Mapped(Arc::clone(&map), from..from + length);
        let last = length == rest.len();
        let chunk = self.chunk(bytes, length, Start::Record, last);
        if !last {
            self.reader = Reader::Mapped(map);
        }
        Some(Ok(chunk))
    }

    fn next_streamed(&mut self, mut stream: Stream) -> Option<Result<Chunk, Trouble>> {
        let mut wanted = self.size.saturating_add(C::LOOK_AHEAD);
        let most = LONGEST_WHOLE.max(wanted);
        loop {
            stream.fill(wanted);
            if stream.has_failed() && !self.is_mended {
                let whole = self.cut.settled(stream.ready(), self.start);
                stream.leave_out_behind(whole);
                self.is_mended = true;
            }
            let ready = stream.ready();
            if ready.is_empty() {
                self.passed = Some(stream.fingerprint());
                return match stream.take_failure() {
                    Some(failure) => Some(Err(self.failed(failure))),
                    None => self.shrank().map(Err),
                };
            }
            let (length, next) = match self.cut.cut(ready, self.size, stream.is_at_end()) {
                Some(length) => (length, Start::Record),
                None if ready.len() < most => {
                    wanted = ready.len().saturating_mul(2).min(most);
                    continue;
                }
                // Never behind a newline: the next chunk begins in the middle of a line.
                None if ready.ends_with(b"\n") => (ready.len() - 1, Start::MidLine),
                None => (ready.len(), Start::MidLine),
            };
            let last = stream.is_at_end() && length == ready.len();
            let bytes = stream.take(length);
            let chunk = self.chunk(ChunkBytes::Owned(bytes), length, next, last);
            self.reader = Reader::Stream(stream);
            return Some(Ok(chunk));
        }
    }

    fn failed(&self, failure: io::Error) -> Trouble {
        let path = self.path.clone();
        match failure.downcast::<Damaged>() {
            Ok(damaged) => Trouble::Damaged {
                path,
                compression: damaged.compression,
                at: damaged.at,
                offset: self.offset,
                damage: damaged.damage,
            },
            Err(source) => Trouble::Read {
                path,
                offset: self.offset,
                source,
            },
        }
    }
}

impl<C: Cut> Iterator for Chunks<'_, C> {
    type Item = Result<Chunk, Trouble>;

    fn next(&mut self) -> Option<Self::Item> {
        match std::mem::replace(&mut self.reader, Reader::Done) {
            Reader::Mapped(map) => self.next_mapped(map),
            Reader::Stream(stream) => self.next_streamed(stream),
            Reader::Done => self.shrank().map(Err),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Access, Input, open};
    use std::io::{Read, Write};

    /// Every line is a record.
    struct Lines;

    impl Cut for Lines {
        const LOOK_AHEAD: usize = 8;

        fn cut(&self, bytes: &[u8], target: usize, at_end: bool) -> Option<usize> {
            let from = target.saturating_sub(1).min(bytes.len());
            match memchr::memchr(b'\n', &bytes[from..]) {
                Some(at) => Some(from + at + 1),
                None => at_end.then_some(bytes.len()),
            }
        }

        fn settled(&self, bytes: &[u8], _: Start) -> usize {
            memchr::memrchr(b'\n', bytes).map_or(0, |at| at + 1)
        }
    }

    fn pieces(text: &[u8], access: Access, size: usize) -> Vec<(u64, Vec<u8>)> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text).unwrap();
        let source = open(
            &Input::File(file.path().to_path_buf()),
            access,
            Position::default(),
        )
        .unwrap();
        assert_eq!(
            source.is_mapped(),
            access == Access::Map && !text.is_empty()
        );
        let chunks = Chunks::new(source, &Lines, size);
        chunks
            .map(|chunk| chunk.unwrap())
            .map(|chunk| (chunk.offset, chunk.to_vec()))
            .collect()
    }

    #[test]
    fn every_line_is_in_one_chunk_whole() {
        let text = b"one\ntwo\n\nthree, which is longer\nfour";
        for access in [Access::Map, Access::Read] {
            for size in 1..text.len() + 2 {
                let pieces = pieces(text, access, size);
                assert_eq!(
                    pieces.iter().flat_map(|p| p.1.clone()).collect::<Vec<_>>(),
                    text
                );
                let mut offset = 0;
                for (at, bytes) in &pieces {
                    assert_eq!(*at, offset);
                    offset += bytes.len() as u64;
                    assert!(bytes.ends_with(b"\n") || offset == text.len() as u64);
                }
            }
        }
        assert!(pieces(b"", Access::Map, 4).is_empty());
        assert!(pieces(b"", Access::Read, 4).is_empty());
    }

    #[test]
    fn a_line_without_end_is_handed_out_in_pieces() {
        let text = vec![b'x'; LONGEST_WHOLE * 2 + 100];
        let source = Source::from_stream(io::Cursor::new(text.clone()));
        let chunks: Vec<_> = Chunks::new(source, &Lines, 1024)
            .map(Result::unwrap)
            .collect();
        assert!(chunks.iter().all(|chunk| chunk.len() <= LONGEST_WHOLE));
        assert_eq!(
            chunks.iter().map(|chunk| chunk.len()).sum::<usize>(),
            text.len()
        );
        assert_eq!(chunks[0].start, Start::Input);
        assert!(
            chunks[1..]
                .iter()
                .all(|chunk| chunk.start == Start::MidLine)
        );
    }

    #[test]
    fn what_came_before_a_failed_read_is_used() {
        struct Fails;
        impl Read for Fails {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("the disk is gone"))
            }
        }
        let source = Source::from_stream(io::Cursor::new(b"one\ntwo\n".to_vec()).chain(Fails));
        let mut chunks = Chunks::new(source, &Lines, 1024);
        assert_eq!(&*chunks.next().unwrap().unwrap(), b"one\ntwo\n");
        let failure = chunks.next().unwrap().err().unwrap();
        assert!(matches!(failure, Trouble::Read { offset: 8, .. }));
        assert!(chunks.next().is_none());
    }
}
