use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use parquet::errors::ParquetError;

thread_local! {
    /// Whether this thread reads what may be damaged.
    static IS_GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Reads what may be damaged: the library that reads Parquet says mostly, but not always, in an error what is wrong with
/// a file. Where it panics, that is an error as well, and nobody hears of it twice.
pub(super) fn guarded<T>(read: impl FnOnce() -> T) -> Result<T, ParquetError> {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if !IS_GUARDED.get() {
                before(panic);
            }
        }));
    });
    let was_guarded = IS_GUARDED.replace(true);
    let read = panic::catch_unwind(AssertUnwindSafe(read));
    IS_GUARDED.set(was_guarded);
    read.map_err(|panic| {
        let said = panic.downcast_ref::<String>().map(String::as_str);
        let said = said.or_else(|| panic.downcast_ref().copied());
        ParquetError::General(said.unwrap_or("it is damaged").to_owned())
    })
}
