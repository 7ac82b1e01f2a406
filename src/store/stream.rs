use std::collections::VecDeque;
use std::io::{self, Read};

use bytes::{Buf, Bytes};
use tokio::task::JoinHandle;

use super::Object;

/// An object that is read from its beginning to its end: while one part is looked at, the next ones come.
pub struct Ahead {
    object: Object,
    /// Where the next part begins that nobody has asked for.
    next: u64,
    coming: VecDeque<JoinHandle<io::Result<Bytes>>>,
    ready: Bytes,
}

/// Bytes of a part: so many are on their way in a tenth of a second.
const PART: u64 = 2 << 20;

/// So many parts are asked for at once.
const PARTS: usize = 3;

impl Ahead {
    pub(super) fn new(object: Object) -> Self {
        Self {
            object,
            next: 0,
            coming: VecDeque::new(),
            ready: Bytes::new(),
        }
    }

    fn ask(&mut self) {
        while self.coming.len() < PARTS && self.next < self.object.size {
            let part = self.next..(self.next + PART).min(self.object.size);
            self.next = part.end;
            let object = self.object.clone();
            let runtime = object.bucket.runtime;
            let get = async move { object.get(part).await };
            self.coming.push_back(runtime.spawn(get));
        }
    }
}

impl Read for Ahead {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.ready.is_empty() {
            self.ask();
            let Some(part) = self.coming.pop_front() else {
                return Ok(0);
            };
            self.ready = self.object.bucket.wait(part).map_err(io::Error::other)??;
            self.ask();
        }
        let length = buffer.len().min(self.ready.len());
        self.ready.copy_to_slice(&mut buffer[..length]);
        Ok(length)
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.coming.iter().for_each(JoinHandle::abort);
    }
}
