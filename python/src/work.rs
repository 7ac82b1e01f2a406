//! Work on threads of its own, while Python goes on.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use badgateway::scan::{Scan, Stop};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use rayon::ThreadPoolBuilder;

/// So often whoever waits looks whether Ctrl-C was typed.
const OFTEN: Duration = Duration::from_millis(100);

/// What comes out of work, in pieces; whoever drops it ends the work.
pub(crate) struct Pieces<T> {
    /// Only taken in a forked child, where the other end of it is not.
    receiver: Option<Receiver<T>>,
    stop: Stop,
    process: u32,
}

/// Why nothing more comes.
pub(crate) enum Ended {
    /// The work has ended without a last word, which only a panic does.
    Lost,
    /// This process is a fork of the one that works.
    Forked,
    /// What a signal handler has raised, such as KeyboardInterrupt.
    Raised(PyErr),
}

impl From<Ended> for PyErr {
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::Lost => PyRuntimeError::new_err("reading has ended before its end"),
            Ended::Forked => {
                PyRuntimeError::new_err("it was begun in another process, before a fork")
            }
            Ended::Raised(error) => error,
        }
    }
}

/// Begins `work` on the scan in a pool of `threads` (0 chooses), which hands out pieces through what it is given. At most
/// `ahead` pieces wait. The pool is of this work alone: threads do not survive a fork.
pub(crate) fn begin<T: Send + 'static>(
    scan: Scan,
    threads: usize,
    ahead: usize,
    work: impl FnOnce(&Scan, &dyn Hand<T>) + Send + 'static,
) -> PyResult<Pieces<T>> {
    let cannot = |what: String| PyRuntimeError::new_err(format!("cannot start threads: {what}"));
    let pool = ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|number| format!("badgateway-{number}"))
        .build()
        .map_err(|error| cannot(error.to_string()))?;
    let (sender, receiver) = sync_channel(ahead);
    let stop = scan.stop.clone();
    let run = move || pool.install(|| work(&scan, &|piece| sender.send(piece).is_ok()));
    let thread = thread::Builder::new().name("badgateway".to_owned());
    thread
        .spawn(run)
        .map_err(|error| cannot(error.to_string()))?;
    Ok(Pieces {
        receiver: Some(receiver),
        stop,
        process: process::id(),
    })
}

/// Takes a piece, and tells whether somebody waits for more.
pub(crate) trait Hand<T>: Fn(T) -> bool + Send + Sync {}

impl<T, F: Fn(T) -> bool + Send + Sync> Hand<T> for F {}

/// What `work` gives, or what it has panicked with.
pub(crate) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| format!("panic: {}", said(&*panic)))
}

fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("without a word")
}

impl<T> Pieces<T> {
    /// Waits for the next piece, without Python; now and then it is looked whether a signal has come.
    pub(crate) fn next(&self) -> Result<T, Ended> {
        let Some(receiver) = self.receiver.as_ref().filter(|_| self.is_here()) else {
            return Err(Ended::Forked);
        };
        loop {
            match receiver.recv_timeout(OFTEN) {
                Ok(piece) => return Ok(piece),
                Err(RecvTimeoutError::Disconnected) => return Err(Ended::Lost),
                Err(RecvTimeoutError::Timeout) => {
                    #[expect(
                        clippy::redundant_closure_for_method_calls,
                        reason = "the method is not of every lifetime"
                    )]
                    let checked = Python::try_attach(|py| py.check_signals());
                    checked.unwrap_or(Ok(())).map_err(Ended::Raised)?;
                }
            }
        }
    }

    fn is_here(&self) -> bool {
        self.process == process::id()
    }
}

impl<T> Drop for Pieces<T> {
    fn drop(&mut self) {
        self.stop.set();
        if !self.is_here() {
            // A thread that is not in this process may have held a lock of it.
            std::mem::forget(self.receiver.take());
        }
    }
}
