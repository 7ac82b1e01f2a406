use std::sync::OnceLock;

use tokio::runtime::Runtime;

/// Waits for what a service answers.
pub(super) fn wait<T>(asked: impl Future<Output = T>) -> T {
    runtime().block_on(asked)
}

/// The threads that talk to services; there are none before they are needed.
pub(super) fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("objects")
            .enable_all()
            .build()
            .expect("a thread can be started")
    })
}
