//! Reading on where an earlier run has stopped.
//!
//! A log is recognised by the fingerprint of what was read of it. Its name does not matter, nor whether
//! it is compressed meanwhile.

use std::fs::File;
use std::io::{self, ErrorKind, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use super::fingerprint::FIRST_PLACE;
use super::open::Content;
use super::{Access, Cut, Fingerprint, Input, Mark, Source, Start, Trouble, open};

/// Which of the logs that are known an input is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recognised {
    /// None of them: all of it is new.
    New,
    /// It begins with what was read of this one; the rest is new.
    Rest(usize),
    /// All of it is in what was read of this one.
    Known(usize),
    /// It begins like this one, but then its bytes were damaged: what of it is new cannot be told.
    Damaged(usize),
}

/// So many bytes before the new ones are looked at again: a line that a client put into the log belongs
/// to the record before it, also where a run would begin with one.
const LOOKED_AT_AGAIN: u64 = 64 * 1024;

/// After this time without a line feed nobody is going to write one.
const FORGOTTEN: Duration = Duration::from_secs(24 * 3600);

impl Source {
    /// The mark of the first bytes, under which a log can be looked up; `None` if there are not so many.
    /// A pipe keeps them.
    pub fn key(&mut self) -> Result<Option<Mark>, Trouble> {
        let fingerprint = match &self.file {
            None => Some(self.advance(FIRST_PLACE, FIRST_PLACE)?),
            Some((file, _)) => {
                Fingerprint::of_file(file, FIRST_PLACE).map_err(|source| self.unreadable(source))?
            }
        };
        Ok(fingerprint.and_then(|fingerprint| fingerprint.marks.first().copied()))
    }

    /// Leaves out what has been counted of the input before, and a last line or record that may still be
    /// written; `cut` knows it. `known` are the fingerprints of what was counted so far, the shortest
    /// first; `is_beginning` is asked whether one of them really begins with all there is of the input,
    /// which samples cannot tell for sure.
    pub fn resume(
        mut self,
        input: &Input,
        access: Access,
        known: &[&Fingerprint],
        is_beginning: &impl Fn(usize, &Fingerprint) -> bool,
        cut: &impl Cut,
    ) -> Result<(Self, Recognised), Trouble> {
        let length = self.file.as_ref().map(|(_, length)| *length);
        let failed = |source: io::Error| {
            let path = input.path().to_path_buf();
            match (source.kind(), length) {
                // It was truncated since it was opened.
                (ErrorKind::UnexpectedEof, Some(length)) => Trouble::Shrank {
                    path,
                    offset: 0,
                    length,
                },
                _ => Trouble::Read {
                    path,
                    offset: 0,
                    source,
                },
            }
        };
        if let Some((file, length)) = &self.file {
            let recognised = recognise(file, *length, known, is_beginning).map_err(failed)?;
            let new = match recognised {
                Recognised::New => 0,
                Recognised::Rest(at) => known[at].length,
                Recognised::Known(_) | Recognised::Damaged(_) => *length,
            };
            let end = self.settled(file, *length, new, cut).map_err(failed)?;
            self.move_to(new.saturating_sub(LOOKED_AT_AGAIN))
                .map_err(failed)?;
            self.ask_for(new, Some(end.max(new)));
            return Ok((self, recognised));
        }
        let mut best = None;
        for (at, one) in known.iter().enumerate() {
            let fingerprint = self.advance(one.length, LOOKED_AT_AGAIN)?;
            // What is known to its last byte is not the beginning of what is alike as far as samples tell.
            let is_all = |best: usize| known[best].length == fingerprint.length;
            if fingerprint == **one {
                best = Some(at);
            } else if fingerprint.length < one.length
                && !best.is_some_and(is_all)
                && fingerprint.begins(one)
                && is_beginning(at, &fingerprint)
            {
                return Ok((self, Recognised::Known(at)));
            }
        }
        if best.is_none()
            && let Some(at) = self.resembles(known)
            && self.is_damaged()?
        {
            return Ok((self, Recognised::Damaged(at)));
        }
        let new = best.map_or(0, |at| known[at].length);
        if self.offset() > new.saturating_sub(LOOKED_AT_AGAIN) {
            self = self.again(input, access)?;
            self.advance(new, LOOKED_AT_AGAIN)?;
        }
        self.ask_for(new, None);
        Ok((self, best.map_or(Recognised::New, Recognised::Rest)))
    }

    /// The fingerprint of all that is asked for of a file that is not compressed, and who looks at the
    /// end whether that was true, and that of what was `recognised`; they tell `has_changed`. `None` for
    /// a stream, whose fingerprint is known when it has passed.
    pub fn watch(
        &self,
        recognised: Option<&Fingerprint>,
        has_changed: &Arc<AtomicBool>,
    ) -> Result<Option<(Fingerprint, Watch)>, Trouble> {
        let (Some((file, _)), Some(end)) = (&self.file, self.part.end) else {
            return Ok(None);
        };
        let fingerprint = Fingerprint::of_file(file, end);
        let Some(fingerprint) = fingerprint.map_err(|source| self.unreadable(source))? else {
            has_changed.store(true, Ordering::Release);
            return Ok(None);
        };
        let watch = Watch {
            file: Arc::clone(file),
            fingerprints: recognised
                .into_iter()
                .chain([&fingerprint])
                .cloned()
                .collect(),
            has_changed: Arc::clone(has_changed),
        };
        Ok(Some((fingerprint, watch)))
    }

    /// The fingerprints of the first so many bytes, the fewer first; `None` where there are not so many.
    pub fn beginnings(mut self, lengths: [u64; 2]) -> Result<[Option<Fingerprint>; 2], Trouble> {
        let mut fingerprints = [None, None];
        for (fingerprint, length) in fingerprints.iter_mut().zip(lengths) {
            *fingerprint = match &self.file {
                Some((file, _)) => {
                    Fingerprint::of_file(file, length).map_err(|source| self.unreadable(source))?
                }
                None => Some(self.advance(length, 0)?).filter(|now| now.length == length),
            };
        }
        Ok(fingerprints)
    }

    /// Whether all there is of the input was asked for.
    pub fn is_whole(&self) -> bool {
        match &self.file {
            Some((_, length)) => self.part.end == Some(*length),
            None => true,
        }
    }

    /// Whether a compressed input is cut where its new part would begin.
    pub fn is_cut_here(&mut self) -> bool {
        match &mut self.bytes {
            Content::Stream(stream) => stream.is_cut_here(),
            Content::Mapped(_) => false,
        }
    }

    /// How many bytes no earlier run has counted; unknown for a stream.
    pub fn new_bytes(&self) -> Option<u64> {
        Some(self.part.end? - self.part.new)
    }

    /// How many bytes earlier runs have counted.
    pub fn counted_bytes(&self) -> u64 {
        self.part.new
    }

    /// Opens a file once more, to read it from its beginning.
    fn again(self, input: &Input, access: Access) -> Result<Self, Trouble> {
        match self.signature {
            Some(_) => open(input, access, self.position),
            None => Err(Trouble::Ambiguous { path: self.path }),
        }
    }

    /// Passes over the first bytes of a stream.
    fn advance(&mut self, length: u64, kept: u64) -> Result<Fingerprint, Trouble> {
        let Content::Stream(stream) = &mut self.bytes else {
            unreachable!("a map is a file");
        };
        let fingerprint = stream.advance(length, kept as usize);
        let readable = stream.is_readable();
        readable.map_err(|source| self.unreadable(source))?;
        Ok(fingerprint)
    }

    fn unreadable(&self, source: io::Error) -> Trouble {
        Trouble::Read {
            path: self.path.clone(),
            offset: self.offset(),
            source,
        }
    }

    fn offset(&self) -> u64 {
        match &self.bytes {
            Content::Stream(stream) => stream.offset(),
            Content::Mapped(_) => 0,
        }
    }

    /// Which one a compressed input begins like, though it is not the same.
    fn resembles(&self, known: &[&Fingerprint]) -> Option<usize> {
        let Content::Stream(stream) = &self.bytes else {
            return None;
        };
        let passed = stream.fingerprint();
        self.compression?;
        known.iter().rposition(|known| passed.resembles(known))
    }

    /// Reads a compressed input to its end to see whether it is whole.
    fn is_damaged(&mut self) -> Result<bool, Trouble> {
        self.advance(u64::MAX, 0)?;
        match &self.bytes {
            Content::Stream(stream) => Ok(stream.has_failed()),
            Content::Mapped(_) => Ok(false),
        }
    }

    /// Has a file that is not compressed begin at `offset`.
    fn move_to(&mut self, offset: u64) -> io::Result<()> {
        self.part.from = offset;
        if let (Some((file, _)), Content::Stream(stream)) = (&self.file, &mut self.bytes) {
            (&**file).seek(SeekFrom::Start(offset))?;
            stream.start_at(offset);
        }
        Ok(())
    }

    fn ask_for(&mut self, new: u64, end: Option<u64>) {
        self.part.new = new;
        self.part.end = end;
        if let Content::Stream(stream) = &mut self.bytes {
            stream.end_at(end);
        }
    }

    /// Up to where the records of a file are whole: NGINX may still be writing to the last one.
    fn settled(&self, file: &File, length: u64, new: u64, cut: &impl Cut) -> io::Result<u64> {
        let age = SystemTime::now().duration_since(self.modified);
        if age.is_ok_and(|age| age > FORGOTTEN) {
            return Ok(length);
        }
        let mut wanted = LOOKED_AT_AGAIN;
        loop {
            let from = length.saturating_sub(wanted);
            let mut bytes = vec![0; (length - from) as usize];
            file.read_exact_at(&mut bytes, from)?;
            let start = match from {
                0 => Start::Input,
                _ => Start::MidLine,
            };
            match cut.settled(&bytes, start) as u64 {
                0 if from > new && wanted < LONGEST_LINE => wanted *= 8,
                settled => return Ok((from + settled).max(new)),
            }
        }
    }
}

/// So far back a line feed is looked for; no line of NGINX's is nearly as long.
const LONGEST_LINE: u64 = 4 << 20;

/// Looks, when it is dropped, whether a file still begins with what was recognised and with what was
/// asked for. A map shows whatever another process makes of its bytes meanwhile.
pub struct Watch {
    file: Arc<File>,
    fingerprints: Vec<Fingerprint>,
    has_changed: Arc<AtomicBool>,
}

impl Watch {
    /// The fingerprint of less than was asked for, because reading failed there.
    pub fn fingerprint(&self, length: u64) -> Option<Fingerprint> {
        Fingerprint::of_file(&self.file, length).ok()?
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let is_as_before = |before: &Fingerprint| {
            let now = Fingerprint::of_file(&self.file, before.length);
            now.is_ok_and(|now| now.as_ref() == Some(before))
        };
        if !self.fingerprints.iter().all(is_as_before) {
            self.has_changed.store(true, Ordering::Release);
        }
    }
}

fn recognise(
    file: &File,
    length: u64,
    known: &[&Fingerprint],
    is_beginning: &impl Fn(usize, &Fingerprint) -> bool,
) -> io::Result<Recognised> {
    let mut best = Recognised::New;
    for (at, one) in known.iter().enumerate() {
        let both = one.length.min(length);
        let fingerprint = Fingerprint::of_file(file, both)?;
        let Some(fingerprint) = fingerprint else {
            continue;
        };
        if fingerprint == **one {
            best = Recognised::Rest(at);
        } else if both < one.length
            && !matches!(best, Recognised::Rest(best) if known[best].length == length)
            && fingerprint.begins(one)
            && is_beginning(at, &fingerprint)
        {
            return Ok(Recognised::Known(at));
        }
    }
    Ok(best)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Boundaries;
    use crate::source::Position;

    #[test]
    fn a_file_that_is_truncated_once_it_is_open_has_changed() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let line = b"2026/11/01 09:15:02 [notice] 7#7: signal process started\n";
        std::fs::write(file.path(), line).unwrap();
        let input = Input::File(file.path().to_path_buf());
        let source = open(&input, Access::Read, Position::default()).unwrap();
        file.as_file().set_len(0).unwrap();
        let resumed = source.resume(&input, Access::Read, &[], &|_, _| true, &Boundaries);
        let trouble = resumed.err().unwrap();
        assert!(
            matches!(trouble, Trouble::Shrank { length: 57, .. }),
            "{trouble}"
        );
    }
}
