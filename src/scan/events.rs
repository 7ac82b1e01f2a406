use std::collections::BTreeMap;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rayon::ScopeFifo;

use crate::render::Gather;

use super::reading::Part;
use super::worker::Worker;
use super::{Outcome, Scan};

/// About how many bytes of logs are on their way to be written. As events they take twice as many.
const MOST_AT_ONCE: usize = 8 << 20;

/// A smaller part is more work to begin with than to read.
const SMALLEST_PART: usize = 64 << 10;

/// For each thread so many parts wait or are worked on, so that none waits long for another one.
const PARTS_PER_THREAD: usize = 4;

impl Scan {
    /// Writes all events, in the order of inputs and records, as `G` gathers them. An error is the
    /// writer's, and ends the scan. Parts of the logs are worked on side by side; whoever is done with the one
    /// that is to be written next writes it, and those behind it that wait. Memory grows neither with the logs
    /// nor, much, with the threads.
    pub fn events<G: Gather>(
        &self,
        write: impl FnMut(&G::Piece) -> io::Result<()> + Send,
    ) -> io::Result<Outcome<()>> {
        let at_once = rayon::current_num_threads() * PARTS_PER_THREAD;
        let part_size = (MOST_AT_ONCE / at_once).max(SMALLEST_PART);
        let line = Line {
            scan: self,
            parts: Mutex::new(self.parts(part_size.min(self.chunk_size)).enumerate()),
            workers: Mutex::default(),
            desk: Mutex::new(Desk {
                writer: Some(write),
                next: 0,
                waiting: BTreeMap::new(),
                written: Ok(()),
            }),
        };
        rayon::scope_fifo(|scope| {
            for _ in 0..at_once {
                scope.spawn_fifo(|scope| line.work(scope, G::default()));
            }
        });
        let desk = line.desk.into_inner();
        desk.unwrap_or_else(PoisonError::into_inner).written?;
        let workers = line.workers.into_inner();
        let workers = workers.unwrap_or_else(PoisonError::into_inner);
        let all = workers.into_iter().fold(Worker::new(self), |mut all, one| {
            all.merge(one);
            all
        });
        Ok(all.finish(()))
    }

    fn parts(&self, size: usize) -> impl Iterator<Item = Part> + Send {
        let inputs = (0..self.inputs.len()).flat_map(move |input| {
            let (reading, failed) = match self.read(input, size) {
                Ok(reading) => (Some(reading), None),
                Err(trouble) => (None, Some(Part::failed(input, trouble))),
            };
            reading.into_iter().flatten().chain(failed)
        });
        inputs.fuse()
    }
}

/// From the parts of the logs to the desk at which they are written.
struct Line<'a, P, G, W> {
    scan: &'a Scan,
    /// With their numbers.
    parts: Mutex<P>,
    /// Those that have nothing to do.
    workers: Mutex<Vec<Worker<'a>>>,
    desk: Mutex<Desk<G, W>>,
}

/// Where the parts come in that are to be written.
struct Desk<G, W> {
    /// Not there while it writes.
    writer: Option<W>,
    /// The number of the part that it writes next.
    next: usize,
    waiting: BTreeMap<usize, G>,
    written: io::Result<()>,
}

impl<P, G, W> Line<'_, P, G, W>
where
    P: Iterator<Item = (usize, Part)> + Send,
    G: Gather,
    W: FnMut(&G::Piece) -> io::Result<()> + Send,
{
    /// Gathers the events of the next part.
    fn work<'scope>(&'scope self, scope: &ScopeFifo<'scope>, mut events: G) {
        if lock(&self.desk).written.is_err() {
            return;
        }
        let Some((number, part)) = lock(&self.parts).next() else {
            return;
        };
        let worker = lock(&self.workers).pop();
        let mut worker = worker.unwrap_or_else(|| Worker::new(self.scan));
        worker.work(part, |event| events.add(event));
        lock(&self.workers).push(worker);
        events.finish();
        self.hand_in(scope, number, events);
    }

    /// Writes what is to be written next, unless somebody does already. With what the events were gathered in,
    /// more are gathered, so no more memory is used than at the beginning.
    fn hand_in<'scope>(&'scope self, scope: &ScopeFifo<'scope>, number: usize, events: G) {
        let mut desk = lock(&self.desk);
        desk.waiting.insert(number, events);
        let Some(mut write) = desk.writer.take() else {
            return;
        };
        while desk.written.is_ok() {
            let next = desk.next;
            let Some(mut events) = desk.waiting.remove(&next) else {
                break;
            };
            drop(desk);
            let written = write(events.piece());
            events.clear();
            scope.spawn_fifo(|scope| self.work(scope, events));
            desk = lock(&self.desk);
            desk.next += 1;
            desk.written = written;
        }
        desk.writer = Some(write);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
