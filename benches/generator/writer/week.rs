//! Records at the time and about the pool that a plan asks for.

use super::super::shapes::Shape;
use super::super::tables::{Path, Pool, Server};
use super::{Cast, Writer};

/// The request that a record is about; the rest is drawn.
#[derive(Clone, Copy)]
pub(in super::super) struct Request<'t> {
    pub(in super::super) pool: &'t Pool,
    pub(in super::super) server: &'t Server,
    pub(in super::super) path: &'t Path,
    /// The path of the page with the link, if there is one.
    pub(in super::super) referring: usize,
    pub(in super::super) worker: usize,
    /// Which of the pool's peers is tried first.
    pub(in super::super) peer: usize,
}

impl Cast<'_> {
    /// How many peers its pool has.
    pub(in super::super) fn peers(&self) -> usize {
        self.pool.peers.len()
    }
}

impl<'t> Writer<'t> {
    /// Sets the clock to this second after the first.
    pub(in super::super) fn show(&mut self, second: u64) {
        self.clock.show(second);
    }

    pub(in super::super) fn receive(&mut self, request: &Request<'t>) -> Cast<'t> {
        let cast = self.cast(request.pool);
        Cast {
            worker: request.worker,
            luck: (request.referring as u64) << 32 | cast.luck & 0xffff_ffff,
            peer: &request.pool.peers[request.peer],
            server: request.server,
            path: request.path,
            ..cast
        }
    }

    /// Writes one record; how many seconds it tells less than the clock.
    pub(in super::super) fn tell(&mut self, shape: &Shape, cast: &Cast) -> u64 {
        self.write(shape, cast);
        u64::from(self.behind[cast.worker])
    }

    /// The same request goes on to another of the pool's peers.
    pub(in super::super) fn try_next(cast: &Cast<'t>, peer: usize) -> Cast<'t> {
        Cast {
            peer: &cast.pool.peers[peer],
            ..*cast
        }
    }
}
