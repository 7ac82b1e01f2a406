//! The only unsafe code of the project: a file mapped into memory, and a guard for the day it
//! shrinks.
//!
//! A page of a mapping that lies past the end of its file raises SIGBUS when it is touched. Logs
//! do shrink while they are read (logrotate's `copytruncate`), so a handler puts zero pages where
//! the file ended and notes the place: the reader sees NUL bytes, stays alive, and reports it.

#![allow(
    unsafe_code,
    reason = "a map and a signal handler cannot be had otherwise"
)]

use std::fs::File;
use std::io;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use memmap2::{Mmap, UncheckedAdvice};

/// A file's bytes, mapped.
pub struct Map {
    bytes: ManuallyDrop<Mmap>,
    guard: &'static Guard,
}

impl Map {
    /// Maps the whole of `file`; `None` when every guard is taken.
    pub fn new(file: &File) -> io::Result<Option<Self>> {
        install_handler()?;
        let Some(guard) = GUARDS.iter().find(|guard| guard.take()) else {
            return Ok(None);
        };
        // SAFETY: a mapping is sound as long as its pages can be read and do not change under a
        // `&[u8]`. Reading is secured by the guard. Change is not: another process may overwrite
        // the file while we look at it. Error logs are append-only, nothing here draws a
        // conclusion from one byte that a second look at it must not contradict, and slices are
        // bounds-checked against the mapping's length, which never changes.
        match unsafe { Mmap::map(file) } {
            Ok(bytes) => {
                let start = bytes.as_ptr() as usize;
                guard.watch(start, start + bytes.len());
                let bytes = ManuallyDrop::new(bytes);
                Ok(Some(Self { bytes, guard }))
            }
            Err(error) => {
                guard.release();
                Err(error)
            }
        }
    }

    /// Where the file had ended when a page behind its end was touched.
    pub fn fault(&self) -> Option<usize> {
        let fault = self.guard.fault.load(Ordering::Acquire);
        (fault != NONE).then_some(fault)
    }
}

impl Deref for Map {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl AsRef<[u8]> for Map {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl Drop for Map {
    fn drop(&mut self) {
        // Unmapped after this: a handler never finds a range that is gone.
        self.guard.release();
        // SAFETY: nobody takes them again.
        let bytes = unsafe { ManuallyDrop::take(&mut self.bytes) };
        if bytes.len() >= MUCH && rayon::current_num_threads() > 1 {
            // If there is no such thread, it is done at once.
            let _ = thread::Builder::new().spawn(move || unmap(bytes));
        }
    }
}

/// To give back the pages of so many bytes takes some milliseconds, in which the other threads would wait for this one.
const MUCH: usize = 64 << 20;

/// Who wants memory meanwhile waits for as long as this takes.
const AT_ONCE: usize = 4 << 20;

fn unmap(bytes: Mmap) {
    for begin in (0..bytes.len()).step_by(AT_ONCE) {
        let length = AT_ONCE.min(bytes.len() - begin);
        // SAFETY: nobody looks at them any more; if they did, they would find the file's again.
        let given_back =
            unsafe { bytes.unchecked_advise_range(UncheckedAdvice::DontNeed, begin, length) };
        if given_back.is_err() {
            return;
        }
    }
}

const FREE: usize = 0;
const TAKEN: usize = 1;
const NONE: usize = usize::MAX;

/// The address range of one live mapping, in a form that a signal handler may read.
struct Guard {
    start: AtomicUsize,
    end: AtomicUsize,
    fault: AtomicUsize,
}

/// More files than this are never mapped at once; a further one is read instead.
static GUARDS: [Guard; 64] = [const { Guard::new() }; 64];

impl Guard {
    const fn new() -> Self {
        Self {
            start: AtomicUsize::new(FREE),
            end: AtomicUsize::new(0),
            fault: AtomicUsize::new(NONE),
        }
    }

    fn take(&self) -> bool {
        self.start
            .compare_exchange(FREE, TAKEN, Ordering::AcqRel, Ordering::Relaxed)
            .is_ok()
    }

    fn watch(&self, start: usize, end: usize) {
        self.fault.store(NONE, Ordering::Relaxed);
        self.end.store(end, Ordering::Relaxed);
        self.start.store(start, Ordering::Release);
    }

    fn release(&self) {
        self.end.store(0, Ordering::Relaxed);
        self.start.store(FREE, Ordering::Release);
    }
}

struct Before {
    action: libc::sigaction,
    page: usize,
}

static BEFORE: OnceLock<Before> = OnceLock::new();

fn install_handler() -> io::Result<()> {
    if BEFORE.get().is_some() {
        return Ok(());
    }
    // SAFETY: `sigaction` and `sysconf` are called with valid pointers and constants; an all-zero
    // `sigaction` is a valid value of that plain C struct.
    unsafe {
        let mut before: libc::sigaction = std::mem::zeroed();
        if libc::sigaction(libc::SIGBUS, std::ptr::null(), &mut before) != 0 {
            return Err(io::Error::last_os_error());
        }
        let page = libc::sysconf(libc::_SC_PAGESIZE) as usize;
        if BEFORE
            .set(Before {
                action: before,
                page,
            })
            .is_err()
        {
            return Ok(());
        }
        let mut action: libc::sigaction = std::mem::zeroed();
        let handler: extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void) =
            on_sigbus;
        action.sa_sigaction = handler as usize;
        action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
        libc::sigemptyset(&mut action.sa_mask);
        if libc::sigaction(libc::SIGBUS, &action, std::ptr::null_mut()) != 0 {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(())
}

/// Puts zero pages from the faulting page to the end of its mapping. A fault that is none of ours
/// goes to whoever handled SIGBUS before: the instruction faults again and meets that handler.
extern "C" fn on_sigbus(
    _signal: libc::c_int,
    info: *mut libc::siginfo_t,
    _context: *mut libc::c_void,
) {
    let Some(before) = BEFORE.get() else { return };
    // SAFETY: the kernel passes a valid `siginfo_t` to a handler installed with SA_SIGINFO. Only
    // atomics and system calls are used here. MAP_FIXED replaces pages of a mapping that this
    // process owns and that stays reserved until its `Map` is dropped, which cannot happen while
    // a thread still reads from it.
    unsafe {
        let address = (*info).si_addr() as usize;
        for guard in &GUARDS {
            let start = guard.start.load(Ordering::Acquire);
            let end = guard.end.load(Ordering::Relaxed);
            if start <= TAKEN || address < start || address >= end {
                continue;
            }
            let page = address & !(before.page - 1);
            let errno = *libc::__errno_location();
            let zeros = libc::mmap(
                page as *mut libc::c_void,
                end - page,
                libc::PROT_READ,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED,
                -1,
                0,
            );
            *libc::__errno_location() = errno;
            if zeros != libc::MAP_FAILED {
                guard
                    .fault
                    .fetch_min(page.saturating_sub(start), Ordering::AcqRel);
                return;
            }
        }
        libc::sigaction(libc::SIGBUS, &before.action, std::ptr::null_mut());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_file_that_shrinks_reads_as_zeros_and_says_where() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&vec![b'x'; 1 << 20]).unwrap();
        let map = Map::new(&file).unwrap().unwrap();
        assert_eq!(map[5000], b'x');
        assert_eq!(map.fault(), None);
        file.set_len(4096).unwrap();
        assert_eq!(map[4095], b'x');
        assert!(map[8192..].iter().all(|&byte| byte == 0));
        assert_eq!(map.fault(), Some(8192));
        drop(map);
        let again = Map::new(&file).unwrap().unwrap();
        assert_eq!(again.fault(), None);
    }
}
