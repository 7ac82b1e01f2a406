//! Signals that end the process while a bar stands on the terminal, or something is unfinished on a disk: the one is to be
//! wiped first, the other removed.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use procfs::process::Process;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::{flag, low_level};

use crate::dataset;

/// What handlers have to say and to be told. They stay once they are there.
struct Held {
    /// The signal that came; 0 for none.
    signal: Arc<AtomicUsize>,
    /// Whether a signal does at once what it does without handlers.
    is_released: Arc<AtomicBool>,
    /// How many ask for signals.
    holders: AtomicUsize,
}

static HELD: OnceLock<Held> = OnceLock::new();

/// Has signals wait until someone asks for them with [`held`].
pub(super) fn hold() {
    let held = HELD.get_or_init(|| {
        let held = Held {
            signal: Arc::default(),
            is_released: Arc::default(),
            holders: AtomicUsize::new(0),
        };
        // Whoever started us may not want them to do anything: nohup, a shell's `&`.
        let status = Process::myself().and_then(|process| process.status());
        let ignored = status.map_or(u64::MAX, |status| status.sigign);
        for signal in [SIGHUP, SIGINT, SIGTERM] {
            if ignored & 1 << (signal - 1) == 0 {
                let is_released = Arc::clone(&held.is_released);
                // Where it fails the signal does what it always does, and the bar stays where it was.
                let registered = flag::register_conditional_default(signal, is_released);
                let _ = registered.and_then(|_| {
                    flag::register_usize(signal, Arc::clone(&held.signal), signal as usize)
                });
            }
        }
        held
    });
    held.holders.fetch_add(1, Ordering::SeqCst);
    held.is_released.store(false, Ordering::SeqCst);
}

/// The signal that came meanwhile.
pub(super) fn held() -> Option<i32> {
    let signal = HELD.get()?.signal.load(Ordering::SeqCst);
    (signal != 0).then_some(signal as i32)
}

/// Ends the process as the signal would have done; nothing unfinished is left.
pub(super) fn pass_on(signal: i32) {
    dataset::abandon();
    // It can fail only for signals that are none.
    let _ = low_level::emulate_default_handler(signal);
}

/// Has signals do at once what they always do, unless somebody else holds them; one that came meanwhile does it now.
pub(super) fn release() {
    let Some(state) = HELD.get() else { return };
    if state.holders.fetch_sub(1, Ordering::SeqCst) > 1 {
        return;
    }
    state.is_released.store(true, Ordering::SeqCst);
    if let Some(signal) = held() {
        pass_on(signal);
    }
}

/// As long as this lives, a signal has what is unfinished removed before the process ends.
pub(super) struct Watch {
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// How often it is looked whether a signal came.
const TICK: Duration = Duration::from_millis(20);

impl Watch {
    /// Where there is no thread to be had nobody could pass signals on: they do what they always do, and
    /// what is unfinished stays, as after SIGKILL.
    pub(super) fn begin() -> Self {
        let ends = Arc::<AtomicBool>::default();
        let is_over = Arc::clone(&ends);
        let look = move || {
            loop {
                // Whoever else holds signals has a bar to wipe, and passes them on.
                let is_alone = HELD
                    .get()
                    .is_none_or(|held| held.holders.load(Ordering::SeqCst) <= 1);
                if let Some(signal) = held().filter(|_| is_alone) {
                    pass_on(signal);
                }
                if is_over.load(Ordering::SeqCst) {
                    break;
                }
                thread::park_timeout(TICK);
            }
        };
        let thread = thread::Builder::new().name("signals".to_owned());
        let thread = thread.spawn(look).ok();
        if thread.is_some() {
            hold();
        }
        Self { ends, thread }
    }
}

impl Drop for Watch {
    /// Where a signal came meanwhile this is the end: nobody is told what failed because of it.
    fn drop(&mut self) {
        let Some(thread) = self.thread.take() else {
            return;
        };
        self.ends.store(true, Ordering::SeqCst);
        thread.thread().unpark();
        // It has nothing to say.
        let _ = thread.join();
        release();
    }
}
