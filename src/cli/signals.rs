//! Signals that end the process while a bar stands on the terminal: it is to be wiped first.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use procfs::process::Process;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::{flag, low_level};

/// What handlers have to say and to be told. They stay once they are there.
struct Held {
    /// The signal that came; 0 for none.
    signal: Arc<AtomicUsize>,
    /// Whether a signal does at once what it does without handlers.
    is_released: Arc<AtomicBool>,
}

static HELD: OnceLock<Held> = OnceLock::new();

/// Has signals wait until someone asks for them with [`held`].
pub(super) fn hold() {
    let held = HELD.get_or_init(|| {
        let held = Held {
            signal: Arc::default(),
            is_released: Arc::default(),
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
    held.is_released.store(false, Ordering::SeqCst);
}

/// The signal that came meanwhile.
pub(super) fn held() -> Option<i32> {
    let signal = HELD.get()?.signal.load(Ordering::SeqCst);
    (signal != 0).then_some(signal as i32)
}

/// Ends the process as the signal would have done.
pub(super) fn pass_on(signal: i32) {
    // It can fail only for signals that are none.
    let _ = low_level::emulate_default_handler(signal);
}

/// Has signals do at once what they always do; one that came meanwhile does it now.
pub(super) fn release() {
    if let Some(held) = HELD.get() {
        held.is_released.store(true, Ordering::SeqCst);
    }
    if let Some(signal) = held() {
        pass_on(signal);
    }
}
