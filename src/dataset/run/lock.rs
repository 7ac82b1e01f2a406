use std::fs::{File, TryLockError};
use std::io::{self, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

/// A lock that its file's system holds: it ends with the process, however that ends.
#[derive(Debug)]
pub(in crate::dataset) struct Lock {
    /// `None` on a file system that knows no locks.
    _file: Option<File>,
}

/// Why there is no lock.
pub(super) enum NoLock {
    /// The process that has it did not give it up in time.
    Busy(Option<u32>),
    Failed(io::Error),
}

/// How often a lock is tried.
const PAUSE: Duration = Duration::from_millis(20);

impl Lock {
    /// Takes the lock, waiting for it as long as `patience` says; `waits` is told, once, who has it.
    pub(super) fn take(
        path: &Path,
        patience: Duration,
        waits: impl FnOnce(Option<u32>),
    ) -> Result<Self, NoLock> {
        let mut file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            // Who may write to the folder shall not have others write to a file elsewhere.
            .custom_flags(libc::O_NOFOLLOW)
            .open(path)
            .map_err(NoLock::Failed)?;
        let begin = Instant::now();
        let mut waits = Some(waits);
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) => {
                    let pid = std::fs::read_to_string(path).ok();
                    let pid = pid.and_then(|pid| pid.trim().parse().ok());
                    if begin.elapsed() >= patience {
                        return Err(NoLock::Busy(pid));
                    }
                    if let Some(waits) = waits.take() {
                        waits(pid);
                    }
                    std::thread::sleep(PAUSE);
                }
                Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
                    return Ok(Self { _file: None });
                }
                Err(TryLockError::Error(error)) => return Err(NoLock::Failed(error)),
            }
        }
        // For whoever waits; without it they still wait. A full disk is met later, and told.
        let _ = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()));
        Ok(Self { _file: Some(file) })
    }
}
