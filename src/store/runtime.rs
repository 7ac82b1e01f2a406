use std::io;
use std::sync::OnceLock;

use tokio::runtime::{Builder, Runtime};

/// The threads that talk to services; there are none before they are needed.
pub(super) fn runtime() -> io::Result<&'static Runtime> {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime);
    }
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("objects")
        .enable_all()
        .build()?;
    // If another thread was faster, its own stays.
    Ok(RUNTIME.get_or_init(|| runtime))
}
